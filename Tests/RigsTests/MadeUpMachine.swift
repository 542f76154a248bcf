import Glibc
import Platform

@testable import Rigs

/// The sysfs, udev database, /proc and /dev of a machine that is not there: a directory with what a kernel would show.
final class MadeUpMachine {
    struct Device {
        var path: String
        var vendor: String
        var product: String
        var manufacturer: String?
        var name: String?
        var serial: String?
        /// Of its interface 0.
        var driver: String?
        var isHID = false
        /// Names of its serial lines, such as ttyUSB0.
        var lines: [String] = []
        /// Permissions of its nodes.
        var mode: UInt32 = 0o666
        /// Ports with a switch each, for a hub.
        var hubPorts = 0
    }

    let directory: TemporaryDirectory
    private var address = 0

    init(_ devices: [Device] = []) throws {
        directory = try TemporaryDirectory(prefix: "knxrig-machine-")
        for folder in ["sys/bus/usb/devices", "sys/class/tty", "run/udev/data", "proc", "dev/bus/usb/001"] {
            try Files.makeDirectories("\(directory.path)/\(folder)")
        }
        for device in devices { try add(device) }
    }

    deinit { directory.remove() }

    /// As an ordinary user sees it.
    var discovery: Discovery {
        Discovery(Machine(root: directory.path, user: Machine.User(id: 1000, groups: [1000])))
    }

    func write(_ text: String, _ file: String, mode: UInt32 = 0o644) throws {
        let path = "\(directory.path)/\(file)"
        try Files.makeDirectories(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        try Files.write(Array((text + "\n").utf8), to: path, atomically: false)
        unsafe chmod(path, mode)
    }

    func link(_ file: String, to target: String) throws {
        let path = "\(directory.path)/\(file)"
        try Files.makeDirectories(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        guard unsafe symlink(target, path) == 0 else { throw SystemFailure("link", path) }
    }

    func add(_ device: Device) throws {
        address += 1
        let own = "sys/bus/usb/devices/\(device.path)"
        try write(device.vendor, "\(own)/idVendor")
        try write(device.product, "\(own)/idProduct")
        try write("0600", "\(own)/bcdDevice")
        try write("1", "\(own)/busnum")
        try write("\(address)", "\(own)/devnum")
        if let text = device.manufacturer { try write(text, "\(own)/manufacturer") }
        if let text = device.name { try write(text, "\(own)/product") }
        if let text = device.serial { try write(text, "\(own)/serial") }
        let number = String(repeating: "0", count: 3 - "\(address)".count) + "\(address)"
        try write("", "dev/bus/usb/001/\(number)", mode: device.mode)
        let interface = "\(own):1.0"
        try write(device.isHID ? "03" : "ff", "\(interface)/bInterfaceClass")
        if let driver = device.driver { try link("\(interface)/driver", to: "../../../bus/usb/drivers/\(driver)") }
        if device.isHID {
            for (endpoint, direction) in [("ep_81", "in"), ("ep_02", "out")] {
                try write("Interrupt", "\(interface)/\(endpoint)/type")
                try write("0040", "\(interface)/\(endpoint)/wMaxPacketSize")
                try write(direction, "\(interface)/\(endpoint)/direction")
            }
        }
        if device.hubPorts > 0 {
            try write("09", "\(own)/bDeviceClass")
            try write("\(device.hubPorts)", "\(own)/maxchild")
            for port in 1...device.hubPorts {
                try write("0", "\(own)/\(device.path):1.0/\(device.path)-port\(port)/disable")
            }
        }
        for (index, line) in device.lines.enumerated() {
            // As the kernel lays it out: the line below its interface, the interface below its device.
            let place = "sys/devices/usb1/\(device.path)/\(device.path):1.0/\(line)"
            for (attribute, text) in [
                ("idVendor", device.vendor), ("idProduct", device.product), ("manufacturer", device.manufacturer),
                ("product", device.name), ("serial", device.serial),
            ] {
                if let text { try write(text, "sys/devices/usb1/\(device.path)/\(attribute)") }
            }
            try write("16", "\(place)/latency_timer")
            try write("188:\(address)\(index)", "sys/class/tty/\(line)/dev")
            try link("sys/class/tty/\(line)/device", to: "\(directory.path)/\(place)")
            try write("", "dev/\(line)", mode: device.mode)
        }
    }

    /// What udev keeps of a line.
    func udev(_ line: String, _ text: String) throws {
        let number = String(decoding: try Files.read("\(directory.path)/sys/class/tty/\(line)/dev"), as: UTF8.self)
            .prefix { $0 != "\n" }
        try write(text, "run/udev/data/c\(number)")
    }

    func run(_ name: String, process: Int, holding node: String? = nil) throws {
        try write(name, "proc/\(process)/comm")
        if let node { try link("proc/\(process)/fd/3", to: node) }
    }
}

extension MadeUpMachine.Device {
    static func dcttech(_ path: String = "1-2", count: Int = 8) -> Self {
        Self(
            path: path, vendor: "16c0", product: "05df", manufacturer: "www.dcttech.com", name: "USBRelay\(count)",
            driver: "usbhid")
    }

    static func yepkit(_ path: String, serial: String?) -> Self {
        Self(
            path: path, vendor: "04d8", product: "f2f7", manufacturer: "Yepkit Lda.", name: "YKUSH", serial: serial,
            driver: "usbhid")
    }

    static func ftdi(_ path: String = "1-3", _ line: String = "ttyUSB0", serial: String? = "A600ABCD") -> Self {
        Self(
            path: path, vendor: "0403", product: "6001", manufacturer: "FTDI", name: "FT232R USB UART", serial: serial,
            driver: "ftdi_sio", lines: [line])
    }

    static func busware(_ path: String = "1-5", _ line: String = "ttyACM0") -> Self {
        Self(
            path: path, vendor: "03eb", product: "204b", manufacturer: "busware.de", name: "TPUART", serial: "SUT",
            driver: "cdc_acm", lines: [line])
    }
}
