public import Events
public import KNX

/// The numbers and habits of one KNX USB interface.
public struct USBInterfaceParameters: Hashable, Sendable {
    /// What it does with a telegram for a line without voltage. Which interface does which is not known.
    public enum WithoutBus: String, CaseIterable, Sendable {
        /// Takes it, and confirms it with the error bit.
        case refuses
        /// Takes it and never confirms it.
        case staysSilent = "silent"
    }

    /// Its individual address: put into telegrams whose source the host leaves 0.0.0, and acknowledged on the line.
    public var address: IndividualAddress
    /// idVendor and idProduct: an interface of Weinzierl's unless said otherwise (firmware-notes/knx-usb-interfaces.md).
    public var vendor: UInt16 = 0x0E77
    public var product: UInt16 = 0x0104
    /// Device descriptor type 0: 07B0, System B on TP1 (engineering assumption).
    public var mask: UInt16 = 0x07B0
    /// 0: none.
    public var manufacturer: UInt16 = 0
    /// 48 bits: manufacturer code and number.
    public var serialNumber: UInt64 = 0x0000_0000_0002
    /// Octets of APDU that it carries; 254 is all that TP1 has (KNX standard 3/2/2).
    public var longestAPDU: UInt16 = 254
    /// From the end of the check octet to the indication (engineering assumption: its chip's serial line).
    public var indicationDelay = Instant.Span.milliseconds(1)
    /// From the final result on the line to L_Data.con. Below about 20 ms knxd has not yet seen its own transfer end, takes the confirmation for a
    /// stray one, and repeats the telegram (knxd 0.14.54, measured on an emulated interface); interfaces are slower than that.
    public var confirmationDelay = Instant.Span.milliseconds(20)
    /// From a request to its bus access server or its device management to the answer; at most 1 s (KNX standard 9/3).
    public var answerDelay = Instant.Span.milliseconds(20)
    /// Telegrams that it takes before the first is off the line. With as many it takes no report (NAK) until one is (engineering assumption).
    public var sendBuffers = 8
    /// Reports that wait for the host. A transfer for which there is no room is lost as a whole, which only a busmonitor tells (engineering
    /// assumption).
    public var longestQueue = 64
    public var withoutBus = WithoutBus.refuses
    /// Whether it acknowledges frames to groups on the line: a transceiver with an address does so by itself (firmware-notes/tp-uart.md).
    public var acknowledgesGroups = true
    /// How its line side lives on the line's voltage; the rest of it lives on USB.
    public var power = BusPowerParameters.transceiver

    public init(address: IndividualAddress) {
        self.address = address
    }
}

/// What is wrong with an interface on purpose. Nothing, at first.
public struct USBInterfaceFaults: Hashable, Sendable {
    /// It takes reports and answers none, as one whose application has stopped. Its line side goes on acknowledging. Its next plugging in ends that.
    public var isSilent = false
    /// It does not even take reports (for ever NAK). Its next plugging in ends that.
    public var isHung = false
    /// Its endpoints answer STALL, and go on doing so until the host clears each (USB 2.0, 9.4.5).
    public var isStalling = false
    /// Drops off the bus with this many more reports of the host.
    public var vanishesAfterReports: Int?
    /// No telegram is confirmed.
    public var confirmsNothing = false
    /// Every confirmation says the opposite of the truth.
    public var confirmsWrongly = false
    /// So many reports to the host are lost from now on.
    public var reportsLost = 0
    /// How much later than usual each report is there for the host.
    public var reportDelay = Instant.Span.zero

    public init() {}
}
