/// The first octet of a cEMI message: which service of which layer, and whether it asks, confirms or indicates (KNX standard 3/6/3).
///
/// 49, 4E, 46, 4B, 4C, A0 and A9 belong to EMI1 and EMI2 only and are no codes of cEMI.
public enum MessageCode: UInt8, CaseIterable, Sendable {
    case rawRequest = 0x10
    case rawConfirmation = 0x2F
    case rawIndication = 0x2D
    case linkDataRequest = 0x11
    case linkDataConfirmation = 0x2E
    case linkDataIndication = 0x29
    case pollDataRequest = 0x13
    case pollDataConfirmation = 0x25
    case busmonitorIndication = 0x2B
    case transportConnectedRequest = 0x41
    case transportConnectedIndication = 0x89
    case transportIndividualRequest = 0x4A
    case transportIndividualIndication = 0x94
    case propertyReadRequest = 0xFC
    case propertyReadConfirmation = 0xFB
    case propertyWriteRequest = 0xF6
    case propertyWriteConfirmation = 0xF5
    case propertyInformationIndication = 0xF7
    case functionPropertyCommandRequest = 0xF8
    case functionPropertyStateReadRequest = 0xF9
    /// One code for the confirmation of a command and of a state read.
    case functionPropertyConfirmation = 0xFA
    case resetRequest = 0xF1
    case resetIndication = 0xF0

    /// What the message's body is laid out as.
    public enum Family: Sendable {
        case raw, linkData, pollData, busmonitor, transport, property, functionProperty, reset
    }

    public var family: Family {
        switch self {
        case .rawRequest, .rawConfirmation, .rawIndication: .raw
        case .linkDataRequest, .linkDataConfirmation, .linkDataIndication: .linkData
        case .pollDataRequest, .pollDataConfirmation: .pollData
        case .busmonitorIndication: .busmonitor
        case .transportConnectedRequest, .transportConnectedIndication, .transportIndividualRequest,
            .transportIndividualIndication:
            .transport
        case .propertyReadRequest, .propertyReadConfirmation, .propertyWriteRequest, .propertyWriteConfirmation,
            .propertyInformationIndication:
            .property
        case .functionPropertyCommandRequest, .functionPropertyStateReadRequest, .functionPropertyConfirmation:
            .functionProperty
        case .resetRequest, .resetIndication: .reset
        }
    }

    /// True for the codes of the link and transport layer; local device management (F0…FC) has no block of additional information.
    public var hasAdditionalInformation: Bool { rawValue < 0xF0 }

    /// True when a client sends it to an interface; false when the interface sends it.
    public var isRequest: Bool {
        switch self {
        case .rawRequest, .linkDataRequest, .pollDataRequest, .transportConnectedRequest, .transportIndividualRequest,
            .propertyReadRequest, .propertyWriteRequest, .functionPropertyCommandRequest,
            .functionPropertyStateReadRequest, .resetRequest:
            true
        default: false
        }
    }

    /// The name in the standard, such as `L_Data.ind`.
    public var name: String {
        switch self {
        case .rawRequest: "L_Raw.req"
        case .rawConfirmation: "L_Raw.con"
        case .rawIndication: "L_Raw.ind"
        case .linkDataRequest: "L_Data.req"
        case .linkDataConfirmation: "L_Data.con"
        case .linkDataIndication: "L_Data.ind"
        case .pollDataRequest: "L_Poll_Data.req"
        case .pollDataConfirmation: "L_Poll_Data.con"
        case .busmonitorIndication: "L_Busmon.ind"
        case .transportConnectedRequest: "T_Data_Connected.req"
        case .transportConnectedIndication: "T_Data_Connected.ind"
        case .transportIndividualRequest: "T_Data_Individual.req"
        case .transportIndividualIndication: "T_Data_Individual.ind"
        case .propertyReadRequest: "M_PropRead.req"
        case .propertyReadConfirmation: "M_PropRead.con"
        case .propertyWriteRequest: "M_PropWrite.req"
        case .propertyWriteConfirmation: "M_PropWrite.con"
        case .propertyInformationIndication: "M_PropInfo.ind"
        case .functionPropertyCommandRequest: "M_FuncPropCommand.req"
        case .functionPropertyStateReadRequest: "M_FuncPropStateRead.req"
        case .functionPropertyConfirmation: "M_FuncProp.con"
        case .resetRequest: "M_Reset.req"
        case .resetIndication: "M_Reset.ind"
        }
    }
}
