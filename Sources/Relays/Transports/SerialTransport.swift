import Glibc
import Platform

/// A serial line as the system lists it, without having opened it: opening one raises DTR, which resets some boards.
public struct SerialPort: Hashable, Sendable {
    /// The USB interface it belongs to, the same after each plugging in: `1-1.4:1.0`. For a line that was named by its node, the node.
    public var path: String
    /// What to open: `/dev/ttyACM0`.
    public var node: String
    /// nil for a line that was named by its node.
    public var device: DeviceInfo?

    public init(path: String, node: String, device: DeviceInfo? = nil) {
        self.path = path
        self.node = node
        self.device = device
    }
}

/// The serial lines of this machine that hang on USB, found in sysfs, and any line that is named by its node.
public struct SerialTransport: Sendable {
    private let system: String
    private let devices: String

    /// - Parameters:
    ///   - system: where sysfs is mounted.
    ///   - devices: where device nodes are.
    public init(system: String = "/sys", devices: String = "/dev") {
        self.system = system
        self.devices = devices
    }

    public var name: String { "serial" }

    /// All lines on USB, by path. None is a proper answer. Nothing is opened.
    public func ports() -> [SerialPort] {
        Files.entries(of: "\(system)/class/tty").compactMap(port).sorted { $0.path < $1.path }
    }

    /// The lines that `path` means: a USB interface (`1-1.4:1.0`), all lines of a USB device (`1-1.4`), or a node (`/dev/serial/by-path/…`).
    public func ports(at path: String) -> [SerialPort] {
        if path.hasPrefix("/") {
            guard let target = Files.resolved(path) else { return [] }
            let named = ports().first { Files.resolved($0.node) == target }
            return [SerialPort(path: path, node: path, device: named?.device)]
        }
        return ports().filter { $0.path == path || $0.path.hasPrefix(path + ":") }
    }

    /// Opens a line for us alone.
    public func open(_ port: SerialPort, baudRate: Int) throws(TransportFailure) -> SerialConnection {
        do {
            let line = try SerialLine.open(path: port.node, baudRate: baudRate, evenParity: false, isExclusive: true)
            return SerialConnection(line)
        } catch {
            switch error.code {
            case EBUSY: throw .busy
            case EACCES, EPERM: throw .access(node: port.node)
            case ENOENT, ENODEV, ENXIO: throw .notFound(path: port.path)
            case EIO: throw .gone
            default: throw .unreachable("\(error)")
            }
        }
    }

    /// `class/tty/ttyACM0/device` is the USB interface itself for CDC devices, and a port below it for converters.
    private func port(_ tty: String) -> SerialPort? {
        guard let target = Files.resolved("\(system)/class/tty/\(tty)/device") else { return nil }
        var parts = target.split(separator: "/")
        while let last = parts.last, !last.contains(":") || !last.contains("-") { parts.removeLast() }
        guard let interface = parts.last.map(String.init), parts.count > 1 else { return nil }
        let device = "/" + parts.dropLast().joined(separator: "/")
        func text(_ attribute: String) -> String? {
            guard let octets = try? Files.read("\(device)/\(attribute)", maximum: 512) else { return nil }
            let text = String(decoding: octets.prefix { $0 != 0x0A }, as: UTF8.self)
            return text.isEmpty ? nil : text
        }
        func number(_ attribute: String) -> UInt16? { text(attribute).flatMap { UInt16($0, radix: 16) } }
        guard let vendor = number("idVendor"), let product = number("idProduct") else { return nil }
        return SerialPort(
            path: interface, node: "\(devices)/\(tty)",
            device: DeviceInfo(
                path: interface, vendor: vendor, product: product, deviceVersion: number("bcdDevice") ?? 0,
                manufacturer: text("manufacturer"), productName: text("product"), serialNumber: text("serial")))
    }
}
