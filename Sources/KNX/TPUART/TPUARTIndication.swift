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
