public import KNX

/// The numbers of one transceiver and of the serial line to its host, and all in which the models differ beside what their octets mean.
public struct TPUARTParameters: Hashable, Sendable {
    public var model: TransceiverModel
    public var baudRate: Int
    /// An even parity bit, which makes a character 11 bits long; without, 10. On an NCN51xx that is its 9-bit and its 8-bit mode.
    public var hasParity: Bool
    /// Idle bits that must pass on the line after a reset before Reset.ind is said: 40 (TP-UART 2 manual). The first TP-UART takes 12 more and holds
    /// its output for one (EIB-TP-UART-IC technical data, 3.2.2).
    public var resetIdleBits: Int64
    /// How long after the address-type octet was delivered U_AckInformation still counts; nil: until the acknowledge slot begins, the
    /// physical limit. The TP-UART 2 manual asks hosts for 1.7 ms.
    public var acknowledgeDeadlineNanoseconds: Int64?
    /// How long busy mode lasts: 700 ms on a TP-UART 2 (its manual, U_ActivateBusyMode); nil until the host ends it, as on an NCN51xx.
    public var busyModeNanoseconds: Int64?
    /// Busy mode answers group telegrams with BUSY too (TP-UART 2 manual); an NCN51xx only what goes to its individual address (NCN5121 data sheet, Set Busy
    /// Service).
    public var isBusyForGroups: Bool
    /// What U_ProductID.req is answered with: identification 010, revision 00001 for release a (TP-UART 2 manual).
    public var productIdentifier: UInt8
    /// Every frame with a wrong check octet is answered with NAK; false: only one that the chip or its host would have acknowledged (NCN5130 data sheet,
    /// Set Address Service).
    public var refusesEveryDamagedFrame: Bool
    /// What the state indication says of a frame from the host whose control octet or length is wrong.
    public var malformedFrameState: TransceiverState
    /// The silence on the line that ends a frame for an NCN51xx, after which come CRC and U_FrameState.ind: 2.6 ms (NCN5121 data sheet, figures 44 and
    /// 53). nil: the CRC, where there is one, follows the check octet at once.
    public var tailSilenceNanoseconds: Int64?
    public var power: BusPowerParameters

    /// - Parameters:
    ///   - model: the chip; all else is as with this one unless said otherwise.
    ///   - baudRate: another speed than is usual for it.
    public init(
        _ model: TransceiverModel = .tpuart2, baudRate: Int? = nil, hasParity: Bool? = nil,
        power: BusPowerParameters = .transceiver
    ) {
        precondition(baudRate ?? 1 > 0, "a serial line has a baud rate")
        let isNCN51xx = model.chip == .ncn51xx
        self.model = model
        self.baudRate = baudRate ?? model.baudRate
        self.hasParity = hasParity ?? model.hasParity
        self.power = power
        resetIdleBits = model == .tpuart1 ? 53 : 40
        busyModeNanoseconds = isNCN51xx ? nil : 700_000_000
        isBusyForGroups = !isNCN51xx
        productIdentifier = 0x41
        refusesEveryDamagedFrame = !isNCN51xx
        // TP-UART 2 manual, figure 31: an illegal control octet is a protocol error. NCN5121 data sheet, State Service: control octet, length and
        // check octet of a frame for transmission are receive errors.
        malformedFrameState = isNCN51xx ? .receiveError : .protocolError
        tailSilenceNanoseconds = isNCN51xx ? 2_600_000 : nil
    }

    /// One character on the serial line: 11 bits with parity, 10 without.
    public var characterNanoseconds: Int64 { (hasParity ? 11 : 10) * 1_000_000_000 / Int64(baudRate) }

    var isNCN51xx: Bool { model.chip == .ncn51xx }
}
