/// What a host says to a TP-UART or NCN51xx transceiver (Siemens TP-UART 2 manual, onsemi NCN5121 data sheet). Frames go octet by octet,
/// each behind a service octet that carries its index; the chip sends only once the whole frame is in.
///
/// | octets | service |
/// |---|---|
/// | 01 | U_Reset.req |
/// | 02 | U_State.req |
/// | 03, 04 | U_SetBusy.req, U_QuitBusy.req (NCN51xx) |
/// | 05 | U_ActivateBusmon, left by U_Reset.req only |
/// | 08…0C | U_L_DataOffset.req (NCN51xx): bits 8…6 of the index in what follows, until the next |
/// | 0D | U_SystemState.req (NCN51xx) |
/// | 0E, 0F | U_StopMode.req, U_ExitStopMode.req (NCN51xx) |
/// | 10…17 | U_AckInformation: b2 not acknowledge, b1 busy, b0 addressed |
/// | 18…1F | U_Configure.req (NCN51xx): b2 auto-polling, b1 CRC-CCITT, b0 frame end marker |
/// | 20 | U_ProductID.req (TP-UART 2) |
/// | 21, 22 | U_ActivateBusyMode, U_ResetBusyMode (TP-UART 2) |
/// | 24 n | U_MxRstCnt (TP-UART 2): b7…5 busy, b2…0 not acknowledged |
/// | 25 | U_ActivateCRC (TP-UART 2) |
/// | 28 hi lo | U_SetAddress (TP-UART 2) |
/// | 28…2B n, 38…3B | U_IntRegWr.req, U_IntRegRd.req of registers 0…3 (NCN51xx) |
/// | 80, 81…BF, 40+n | U_L_DataStart, U_L_DataContinue, U_L_DataEnd with the index of the check octet |
/// | E0…EE hi lo n | U_PollingState: slot 0…14, polling group, state |
/// | F1 hi lo 00 | U_SetAddress (NCN51xx, where 28 means another thing) |
/// | F2 n 00 00 | U_SetRepetition.req (NCN51xx): b6…4 busy, b2…0 not acknowledged |
public enum TPUARTRequest: Hashable, Sendable {
    case reset
    case state
    case activateBusmonitor
    /// Owed for the frame that is being received, at the latest 1.7 ms after its address type octet, unless the chip acknowledges by
    /// itself.
    case acknowledgeInformation(isAddressed: Bool, isBusy: Bool = false, isNotAcknowledged: Bool = false)
    case productIdentification
    case setBusyMode(Bool)
    case setBusyModeNCN51xx(Bool)
    /// From then on the chip acknowledges this address and every group by itself, until its next reset.
    case setAddress(IndividualAddress)
    case setAddressNCN51xx(IndividualAddress)
    /// 0…7 repetitions each after BUSY, and after NAK or no acknowledge; 3 and 3 after a reset.
    case setRepetitions(busy: UInt8, notAcknowledged: UInt8)
    case setRepetitionsNCN51xx(busy: UInt8, notAcknowledged: UInt8)
    /// TP-UART 2: two octets of CRC follow each received frame.
    case activateCRC
    /// NCN51xx: what follows each received frame, and whether the chip answers polling by itself.
    case configure(frameEndMarker: Bool, crc: Bool, autoPolling: Bool)
    case systemState
    case stopMode
    case exitStopMode
    /// Registers 0…3.
    case writeRegister(UInt8, UInt8)
    case readRegister(UInt8)
    /// What the chip answers in a slot (0…14) of this polling group.
    case pollingState(slot: UInt8, group: UInt16, state: UInt8)
    /// A frame of 8 to 64 octets with its check octet. `isRepeated` false asks the chip for one transmission only.
    case transmit([UInt8], isRepeated: Bool = true)
    /// NCN51xx: a frame of 8 to 263 octets, with index offsets where 6 bits do not reach.
    case transmitNCN51xx([UInt8], isRepeated: Bool = true)

    /// The longest frame that a host can hand over without index offsets.
    public static let longestTransmission = 64

    /// The octets on the UART, in order. A frame of another length, or a number beyond its bits, is an error of the caller.
    public var octets: [UInt8] {
        switch self {
        case .reset: return [0x01]
        case .state: return [0x02]
        case .activateBusmonitor: return [0x05]
        case .acknowledgeInformation(let isAddressed, let isBusy, let isNotAcknowledged):
            return [0x10 | (isNotAcknowledged ? 4 : 0) | (isBusy ? 2 : 0) | (isAddressed ? 1 : 0)]
        case .productIdentification: return [0x20]
        case .setBusyMode(let isBusy): return [isBusy ? 0x21 : 0x22]
        case .setBusyModeNCN51xx(let isBusy): return [isBusy ? 0x03 : 0x04]
        case .setAddress(let address): return [0x28, UInt8(address.raw >> 8), UInt8(address.raw & 0xFF)]
        case .setAddressNCN51xx(let address): return [0xF1, UInt8(address.raw >> 8), UInt8(address.raw & 0xFF), 0x00]
        case .setRepetitions(let busy, let notAcknowledged):
            precondition(busy < 8 && notAcknowledged < 8, "repetition counts have three bits")
            return [0x24, busy << 5 | notAcknowledged]
        case .setRepetitionsNCN51xx(let busy, let notAcknowledged):
            precondition(busy < 8 && notAcknowledged < 8, "repetition counts have three bits")
            return [0xF2, busy << 4 | notAcknowledged, 0x00, 0x00]
        case .activateCRC: return [0x25]
        case .configure(let frameEndMarker, let crc, let autoPolling):
            return [0x18 | (autoPolling ? 4 : 0) | (crc ? 2 : 0) | (frameEndMarker ? 1 : 0)]
        case .systemState: return [0x0D]
        case .stopMode: return [0x0E]
        case .exitStopMode: return [0x0F]
        case .writeRegister(let register, let value):
            precondition(register < 4, "there are four registers")
            return [0x28 | register, value]
        case .readRegister(let register):
            precondition(register < 4, "there are four registers")
            return [0x38 | register]
        case .pollingState(let slot, let group, let state):
            precondition(slot < 15, "there are fifteen slots")
            return [0xE0 | slot, UInt8(group >> 8), UInt8(group & 0xFF), state]
        case .transmit(let frame, let isRepeated):
            precondition((8...Self.longestTransmission).contains(frame.count), "a transmission has 8 to 64 octets")
            return Self.transmission(frame, isRepeated)
        case .transmitNCN51xx(let frame, let isRepeated):
            precondition((8...TP1.longestFrame).contains(frame.count), "a transmission has 8 to 263 octets")
            return Self.transmission(frame, isRepeated)
        }
    }

    private static func transmission(_ frame: [UInt8], _ isRepeated: Bool) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(2 * frame.count + 4)
        for (index, octet) in frame.enumerated() {
            // The offset stays until the next one, and the next U_L_DataStart sets it to 0.
            if index > 0, index % 64 == 0 { octets.append(0x08 | UInt8(index / 64)) }
            let isLast = index == frame.count - 1
            octets.append((isLast ? 0x40 : 0x80) | UInt8(index % 64))
            // R = 0 in U_L_DataStart asks for a single transmission; the chip still puts R = 1 on the line.
            octets.append(index == 0 && !isRepeated ? octet & ~0x20 : octet)
        }
        return octets
    }
}
