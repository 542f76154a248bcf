import Events
import Glibc
import Platform
import Twin

@testable import Relays

/// Serial boards on pseudo-terminals, and a sysfs of our own that shows them as the kernel would.
final class SerialBench: Sendable {
    struct Plug: Sendable {
        var interface = "1-1.4:1.0"
        var vendor: UInt16
        var product: UInt16
        var productName: String?
        var serial: String?
        /// Converters have the line one directory deeper than CDC devices.
        var isConverter = false
    }

    let directory: TemporaryDirectory
    let servers: [SerialBoardServer]

    var transport: SerialTransport {
        SerialTransport(system: directory.path + "/sys", devices: directory.path + "/dev")
    }
    var server: SerialBoardServer { servers[0] }

    init(_ boards: [(plug: Plug, model: any SerialBoardModel)]) throws {
        directory = try TemporaryDirectory(prefix: "knxrig-sb-")
        try Files.makeDirectories(directory.path + "/dev")
        var servers: [SerialBoardServer] = []
        for (index, board) in boards.enumerated() {
            try Self.show(board.plug, as: "tty\(index)", in: directory.path)
            servers.append(try SerialBoardServer(board.model, at: "\(directory.path)/dev/tty\(index)"))
        }
        self.servers = servers
    }

    /// Changes a text of a device, as another device at its place would.
    func change(_ attribute: String, to text: String, of device: String = "1-1.4") throws {
        try Files.write(Array((text + "\n").utf8), to: "\(directory.path)/sys/devices/usb1/\(device)/\(attribute)")
    }

    func end() {
        for server in servers { server.stop() }
        directory.remove()
    }

    private static func show(_ plug: Plug, as tty: String, in root: String) throws {
        let device = String(plug.interface.prefix { $0 != ":" })
        let interface = "\(root)/sys/devices/usb1/\(device)/\(plug.interface)"
        let holder = plug.isConverter ? "\(interface)/\(tty)" : interface
        try Files.makeDirectories("\(holder)/tty/\(tty)")
        try Files.makeDirectories("\(root)/sys/class/tty/\(tty)")
        guard unsafe symlink(holder, "\(root)/sys/class/tty/\(tty)/device") == 0 else {
            throw SystemFailure("link", holder)
        }
        func write(_ attribute: String, _ text: String?) throws {
            guard let text else { return }
            try Files.write(Array((text + "\n").utf8), to: "\(root)/sys/devices/usb1/\(device)/\(attribute)")
        }
        func hexadecimal(_ number: UInt16) -> String {
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 4 - digits.count) + digits
        }
        try write("idVendor", hexadecimal(plug.vendor))
        try write("idProduct", hexadecimal(plug.product))
        try write("bcdDevice", "0100")
        try write("product", plug.productName)
        try write("serial", plug.serial)
    }
}
