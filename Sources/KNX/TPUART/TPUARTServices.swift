/// What a host says to a TP-UART or NCN51xx transceiver (Siemens TP-UART 2 manual, onsemi NCN5120 data sheet). Frames go octet by octet,
/// each behind a service octet that carries its index; the chip sends only once the whole frame is in.
///
/// | octets | service |
/// |---|---|
/// | 01 | U_Reset.req |
/// | 02 | U_State.req |
/// | 05 | U_ActivateBusmon, left by U_Reset.req only |
/// | 10…17 | U_AckInformation: b2 not acknowledge, b1 busy, b0 addressed |
/// | 20 | U_ProductID.req (TP-UART 2) |
/// | 21, 22 | U_ActivateBusyMode, U_ResetBusyMode (TP-UART 2) |
/// | 24 n | U_MxRstCnt (TP-UART 2): b7…5 busy, b2…0 not acknowledged |
/// | 28 hi lo | U_SetAddress (TP-UART 2) |
/// | F1 hi lo 00 | U_SetAddress (NCN51xx, where 28 means another thing) |
/// | 80, 81…BF, 40+n | U_L_DataStart, U_L_DataContinue, U_L_DataEnd with the index of the check octet |
public enum TPUARTRequest: Hashable, Sendable {
    case reset
    case state
    case activateBusmonitor
    /// Owed for the frame that is being received, at the latest 1.7 ms after its address type octet, unless the chip acknowledges by itself.
    case acknowledgeInformation(isAddressed: Bool, isBusy: Bool = false, isNotAcknowledged: Bool = false)
    case productIdentification
    case setBusyMode(Bool)
    /// From then on the chip acknowledges this address and every group by itself, until its next reset.
    case setAddress(IndividualAddress)
    case setAddressNCN51xx(IndividualAddress)
    /// 0…7 repetitions each after BUSY, and after NAK or no acknowledge; 3 and 3 after a reset.
    case setRepetitions(busy: UInt8, notAcknowledged: UInt8)
    /// A frame of 8 to 64 octets with its check octet. `isRepeated` false asks the chip for one transmission only.
    case transmit([UInt8], isRepeated: Bool = true)

    /// The longest frame that a host can hand over without index offsets.
    public static let longestTransmission = 64

    /// The octets on the UART, in order. A frame of another length, or a repetition count beyond 7, is an error of the caller.
    public var octets: [UInt8] {
        switch self {
        case .reset: return [0x01]
        case .state: return [0x02]
        case .activateBusmonitor: return [0x05]
        case .acknowledgeInformation(let isAddressed, let isBusy, let isNotAcknowledged):
            return [0x10 | (isNotAcknowledged ? 4 : 0) | (isBusy ? 2 : 0) | (isAddressed ? 1 : 0)]
        case .productIdentification: return [0x20]
        case .setBusyMode(let isBusy): return [isBusy ? 0x21 : 0x22]
        case .setAddress(let address): return [0x28, UInt8(address.raw >> 8), UInt8(address.raw & 0xFF)]
        case .setAddressNCN51xx(let address): return [0xF1, UInt8(address.raw >> 8), UInt8(address.raw & 0xFF), 0x00]
        case .setRepetitions(let busy, let notAcknowledged):
            precondition(busy < 8 && notAcknowledged < 8, "repetition counts have three bits")
            return [0x24, busy << 5 | notAcknowledged]
        case .transmit(let frame, let isRepeated):
            precondition((8...Self.longestTransmission).contains(frame.count), "a transmission has 8 to 64 octets")
            var octets: [UInt8] = []
            octets.reserveCapacity(2 * frame.count)
            for (index, octet) in frame.enumerated() {
                let isLast = index == frame.count - 1
                octets.append((isLast ? 0x40 : 0x80) | UInt8(index))
                // R = 0 in U_L_DataStart asks for a single transmission; the chip still puts R = 1 on the line.
                octets.append(index == 0 && !isRepeated ? octet & ~0x20 : octet)
            }
            return octets
        }
    }
}

/// What a transceiver says in one octet between two frames. Inside a frame the same octets are data, so only a decoder that follows the
/// frames may ask.
public enum TPUARTIndication: Hashable, Sendable {
    /// Reset.ind: after U_Reset.req once the line was idle for 40 bit times, or by itself when bus power came.
    case reset
    /// State.ind or the answer to U_State.req; the octet holds b7 slave collision, b6 receive, b5 transmit, b4 protocol error, b3 hot.
    case state(UInt8)
    /// L_Data.con: whether somebody acknowledged the frame that the host had sent.
    case confirmation(isPositive: Bool)
    /// The first octet of a data frame or of a polling request.
    case frameStart
    case acknowledge(UInt8)
    /// U_Configure.ind of an NCN51xx.
    case configuration(UInt8)
    /// U_FrameState.ind of an NCN51xx, after a frame: b7 receive, b6 check octet or length, b5 timing error.
    case frameState(UInt8)
    /// U_SystemState.ind of an NCN51xx; the octet after it has b5 = bus voltage present.
    case systemStateStart

    /// Nil for an octet that means nothing between frames.
    public init?(_ octet: UInt8) {
        switch octet {
        case 0x03: self = .reset
        case 0x8B: self = .confirmation(isPositive: true)
        case 0x0B: self = .confirmation(isPositive: false)
        case 0x4B: self = .systemStateStart
        case PollData.control: self = .frameStart
        case TP1.acknowledge, TP1.notAcknowledge, TP1.busy, TP1.notAcknowledgeAndBusy: self = .acknowledge(octet)
        case _ where TP1.isDataControl(octet): self = .frameStart
        case _ where octet & 0x07 == 0x07: self = .state(octet)
        case _ where octet & 0x1F == 0x13: self = .frameState(octet)
        case _ where octet & 0x83 == 0x01: self = .configuration(octet)
        default: return nil
        }
    }
}
