/// What a device says of itself when it is asked.
public struct DeviceIdentity: Hashable, Sendable {
    /// Device descriptor type 0: the high digit is the medium, 0 TP1. 07B0 is System B.
    public var mask: UInt16
    /// Manufacturer and a number of its own (DPT 221.001). 00FA is used here for no manufacturer in particular.
    public var manufacturer: UInt16
    public var serial: UInt32
    /// Ten octets at most; shorter ones are filled with zeros.
    public var order: String
    public var firmware: UInt8
    /// Application and version of the program: PID 13 after the manufacturer.
    public var application: UInt16
    public var applicationVersion: UInt8
    /// Whether it is in programming mode at the start.
    public var isProgramming: Bool
    /// Where the memory that can be read and written begins, and its octets at the start.
    public var memoryStart: UInt16
    public var memory: [UInt8]

    public init(
        mask: UInt16 = 0x07B0, manufacturer: UInt16 = 0x00FA, serial: UInt32 = 0, order: String = "TWIN",
        firmware: UInt8 = 1, application: UInt16 = 1, applicationVersion: UInt8 = 1, isProgramming: Bool = false,
        memoryStart: UInt16 = 0x4000, memory: [UInt8] = Array(repeating: 0, count: 256)
    ) {
        precondition(order.utf8.count <= 10, "the order information has ten octets")
        precondition(Int(memoryStart) + memory.count <= 65_536, "the memory lies within 16 bits of address")
        self.mask = mask
        self.manufacturer = manufacturer
        self.serial = serial
        self.order = order
        self.firmware = firmware
        self.application = application
        self.applicationVersion = applicationVersion
        self.isProgramming = isProgramming
        self.memoryStart = memoryStart
        self.memory = memory
    }

    /// The serial number as it travels: six octets.
    var serialOctets: [UInt8] {
        [UInt8(manufacturer >> 8), UInt8(manufacturer & 255)]
            + stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: serial >> UInt32($0)) }
    }
}
