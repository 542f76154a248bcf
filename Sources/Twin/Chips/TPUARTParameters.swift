/// The numbers of one TP-UART2 and of the serial line to its host.
public struct TPUARTParameters: Hashable, Sendable {
    /// 19200 by default (TP-UART2 manual); one octet is 11 bits: start, eight data, even parity, stop.
    public var baudRate: Int
    /// Idle bits that must pass on the line after a reset before Reset.ind is said: 40 (TP-UART2 manual).
    public var resetIdleBits: Int64
    /// How long after the address-type octet was delivered U_AckInformation still counts; nil: until the acknowledge slot begins, the
    /// physical limit. The TP-UART2 manual asks hosts for 1.7 ms.
    public var acknowledgeDeadlineNanoseconds: Int64?
    /// How long U_ActivateBusyMode lasts: 700 ms (TP-UART2 manual).
    public var busyModeNanoseconds: Int64
    /// What U_ProductID.req is answered with: identification 010, revision 00001 for release a (TP-UART2 manual).
    public var productIdentifier: UInt8
    public var power: BusPowerParameters

    public init(
        baudRate: Int = 19_200, resetIdleBits: Int64 = 40, acknowledgeDeadlineNanoseconds: Int64? = nil,
        busyModeNanoseconds: Int64 = 700_000_000, productIdentifier: UInt8 = 0x41,
        power: BusPowerParameters = .transceiver
    ) {
        precondition(baudRate > 0, "a serial line has a baud rate")
        self.baudRate = baudRate
        self.resetIdleBits = resetIdleBits
        self.acknowledgeDeadlineNanoseconds = acknowledgeDeadlineNanoseconds
        self.busyModeNanoseconds = busyModeNanoseconds
        self.productIdentifier = productIdentifier
        self.power = power
    }

    /// One character on the serial line: 11 bits.
    public var characterNanoseconds: Int64 { 11_000_000_000 / Int64(baudRate) }
}
