import Platform
import Relays

/// A USB device as sysfs shows it.
struct USBNode: Sendable, Hashable {
    struct Interface: Sendable, Hashable {
        /// `1-1.4:1.0`
        var path: String
        /// bInterfaceClass, such as 3 for HID.
        var kind: UInt8
        /// The kernel's driver that has it; nil when none does.
        var driver: String?
        /// Nodes that the kernel's HID driver gives to programs, such as `/dev/hidraw0`.
        var hidNodes: [String]
        /// Whether it has an interrupt endpoint of 64 octets in each direction, as KNX interfaces do.
        var hasReports64: Bool
    }

    var info: DeviceInfo
    /// `/dev/bus/usb/001/005`; nil where the kernel does not say.
    var node: String?
    var isHub: Bool
    var portCount: Int
    /// Whether the kernel offers a switch for each port.
    var hasPortSwitches: Bool
    var interfaces: [Interface]

    var path: String { info.path }
    /// `16c0:05df`
    var ids: String { "\(Self.hexadecimal(info.vendor)):\(Self.hexadecimal(info.product))" }
    /// What it calls itself.
    var title: String {
        let words = [info.manufacturer, info.productName].compactMap(\.self)
        return words.isEmpty ? ids : "\(words.joined(separator: " ")) (\(ids))"
    }

    static func hexadecimal(_ number: UInt16) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}

extension Machine {
    private static var usb: String { "/sys/bus/usb/devices" }

    /// All devices on USB, by path. Only files of sysfs are read.
    var usbDevices: [USBNode] {
        let names = Files.entries(of: path(Self.usb))
        return names.filter { !$0.contains(":") }.compactMap { device($0, names) }
    }

    private func device(_ name: String, _ names: [String]) -> USBNode? {
        let directory = "\(Self.usb)/\(name)"
        func number(_ attribute: String) -> UInt16? {
            line("\(directory)/\(attribute)").flatMap { UInt16($0, radix: 16) }
        }
        guard let vendor = number("idVendor"), let product = number("idProduct") else { return nil }
        var node: String?
        if let bus = line("\(directory)/busnum").flatMap({ Int($0) }),
            let address = line("\(directory)/devnum").flatMap({ Int($0) })
        {
            func three(_ number: Int) -> String {
                String(repeating: "0", count: max(0, 3 - "\(number)".count)) + "\(number)"
            }
            node = "/dev/bus/usb/\(three(bus))/\(three(address))"
        }
        let isHub = line("\(directory)/bDeviceClass") == "09"
        let hubInterface = "\(name):1.0"
        return USBNode(
            info: DeviceInfo(
                path: name, vendor: vendor, product: product, deviceVersion: number("bcdDevice") ?? 0,
                manufacturer: line("\(directory)/manufacturer"), productName: line("\(directory)/product"),
                serialNumber: line("\(directory)/serial")),
            node: node, isHub: isHub,
            portCount: isHub ? line("\(directory)/maxchild").flatMap { Int($0) } ?? 0 : 0,
            hasPortSwitches: isHub
                && Files.exists(path("\(directory)/\(hubInterface)/\(name)-port1/disable")),
            interfaces: names.filter { $0.hasPrefix(name + ":") }.map(interface))
    }

    private func interface(_ name: String) -> USBNode.Interface {
        let directory = "\(Self.usb)/\(name)"
        let endpoints = Files.entries(of: path(directory)).filter { $0.hasPrefix("ep_") && $0 != "ep_00" }
        func isReport(_ endpoint: String) -> Bool {
            line("\(directory)/\(endpoint)/type") == "Interrupt"
                && line("\(directory)/\(endpoint)/wMaxPacketSize").flatMap { Int($0, radix: 16) } == 64
        }
        let reports = endpoints.filter(isReport)
        return USBNode.Interface(
            path: name, kind: line("\(directory)/bInterfaceClass").flatMap { UInt8($0, radix: 16) } ?? 0,
            driver: linkName("\(directory)/driver"),
            hidNodes: Files.entries(of: path(directory)).filter { $0.contains(":") }.flatMap {
                Files.entries(of: path("\(directory)/\($0)/hidraw")).map { "/dev/\($0)" }
            },
            hasReports64: reports.contains { line("\(directory)/\($0)/direction") == "in" }
                && reports.contains { line("\(directory)/\($0)/direction") == "out" })
    }
}
