public import USB

/// A device as a transport lists it, without having opened it.
public struct DeviceInfo: Hashable, Sendable {
    /// Where it is plugged in, the same after each plugging in: the port path such as `1-1.4`, or the bus id on a USB/IP server.
    public var path: String
    public var vendor: UInt16
    public var product: UInt16
    /// bcdDevice
    public var deviceVersion: UInt16
    /// Its texts, where they can be had without opening it.
    public var manufacturer: String?
    public var productName: String?
    public var serialNumber: String?
    /// Its device node, when this user may not open that.
    public var lockedNode: String?

    public init(
        path: String, vendor: UInt16, product: UInt16, deviceVersion: UInt16, manufacturer: String? = nil,
        productName: String? = nil, serialNumber: String? = nil, lockedNode: String? = nil
    ) {
        self.path = path
        self.vendor = vendor
        self.product = product
        self.deviceVersion = deviceVersion
        self.manufacturer = manufacturer
        self.productName = productName
        self.serialNumber = serialNumber
        self.lockedNode = lockedNode
    }
}

/// A way to USB devices, at the level of setup packets: high enough to have two carriers, low enough that everything a driver gets wrong shows.
public protocol USBTransport: Sendable {
    /// What a listing calls it: `libusb`, `usbip 127.0.0.1:3240`.
    var name: String { get }
    /// All devices it reaches. None is a proper answer.
    func devices() throws(TransportFailure) -> [DeviceInfo]
    /// Opens the device plugged in at `path`.
    func open(_ path: String) throws(TransportFailure) -> any USBDevice
}

/// An open device, for one thread at a time.
public protocol USBDevice: Sendable {
    /// Takes an interface for ourselves, from a kernel driver too; waits up to a second while another program has it.
    func claim(interface: UInt8) throws(TransportFailure)
    func release(interface: UInt8)
    /// One control transfer.
    ///
    /// - Parameters:
    ///   - data: what goes out; empty for IN.
    ///   - timeoutMilliseconds: more than 0; a transfer is never waited for without end.
    /// - Returns: what came in: as much as the device sent, which may be less than was asked; empty for OUT.
    func control(_ setup: SetupPacket, data: [UInt8], timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8]
    /// One transfer to an interrupt or bulk endpoint, whole or not at all.
    ///
    /// - Parameter endpoint: bEndpointAddress, such as `0x02`; its interface must have been claimed.
    func send(_ octets: [UInt8], to endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure)
    /// One transfer from an interrupt or bulk endpoint.
    ///
    /// - Parameters:
    ///   - length: at most this many octets; a multiple of the endpoint's packet size, or a device that sends more is an overflow.
    ///   - endpoint: bEndpointAddress, such as `0x81`; its interface must have been claimed.
    /// - Returns: as much as the device sent, which may be less, and nothing at all.
    func receive(_ length: Int, from endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8]
    func close()
}

extension USBDevice {
    /// The text behind a string index in US English; nil for index 0, which means that there is none.
    public func string(at index: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) -> String? {
        guard index != 0 else { return nil }
        let setup = SetupPacket.getDescriptor(
            .string, index: index, language: StringDescriptor.englishUS, length: 255)
        let octets = try control(setup, data: [], timeoutMilliseconds: timeoutMilliseconds)
        return try? StringDescriptor.text(octets)
    }

    /// The first configuration, with all its interfaces.
    public func configurationDescriptor(timeoutMilliseconds: Int) throws(TransportFailure) -> ConfigurationDescriptor {
        let setup = SetupPacket.getDescriptor(.configuration, length: 512)
        let octets = try control(setup, data: [], timeoutMilliseconds: timeoutMilliseconds)
        do {
            return try ConfigurationDescriptor(octets: octets)
        } catch {
            throw .io("\(error)")
        }
    }

    public func deviceDescriptor(timeoutMilliseconds: Int) throws(TransportFailure) -> DeviceDescriptor {
        let setup = SetupPacket.getDescriptor(.device, length: UInt16(DeviceDescriptor.length))
        let octets = try control(setup, data: [], timeoutMilliseconds: timeoutMilliseconds)
        do {
            return try DeviceDescriptor(octets: octets)
        } catch {
            throw .io("\(error)")
        }
    }
}
