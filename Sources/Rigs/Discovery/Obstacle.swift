import Relays

/// Why something that was found is not usable, or not well, and what to do about it.
public struct Obstacle: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        /// This user may not open its node.
        case permission
        /// A driver of the kernel has it.
        case kernelDriver = "kernel_driver"
        /// Another process has it open.
        case busy
        /// Its serial does not tell it from another one.
        case serial
        /// ModemManager may open it and send it modem commands.
        case modemManager = "modem_manager"
        /// An FTDI chip keeps octets back for 16 ms.
        case latency
        /// No driver makes a serial line of it.
        case noLine = "no_line"
    }

    public var kind: Kind
    /// One sentence, with the line to add to a udev rules file where there is one.
    public var sentence: String
}

extension Obstacle {
    /// Where the lines go, and what makes them count.
    static let rulesFile = "/etc/udev/rules.d/99-knxrig.rules"

    static func permission(_ device: USBNode, node: String, isLine: Bool) -> Obstacle {
        Obstacle(
            kind: .permission,
            sentence:
                "\(node) is not open to this user: put this line into \(rulesFile), join the group knxrig, and plug it in again: "
                + (isLine
                    ? line(device) + ", MODE=\"0660\", GROUP=\"knxrig\", ENV{ID_MM_DEVICE_IGNORE}=\"1\"" : rule(device))
        )
    }

    static func kernelDriver(_ driver: String, line: String?) -> Obstacle {
        Obstacle(
            kind: .kernelDriver,
            sentence: "the kernel's \(driver) has it: knxrig takes it away for its commands"
                + (line.map { ", and \($0) goes with it, so nothing else may use that" } ?? ""))
    }

    static func busy(process: String, name: String, node: String) -> Obstacle {
        Obstacle(
            kind: .busy, sentence: "\(name) (process \(process)) has \(node) open: end it, or leave the device to it")
    }

    static func serial(_ what: String) -> Obstacle {
        Obstacle(kind: .serial, sentence: "\(what): bind it by its port path, and leave it in that port")
    }

    static func modemManager(_ device: USBNode, node: String) -> Obstacle {
        Obstacle(
            kind: .modemManager,
            sentence:
                "ModemManager runs and may send modem commands to \(node): put this line into \(rulesFile) and plug it in again: "
                + line(device) + ", ENV{ID_MM_DEVICE_IGNORE}=\"1\"")
    }

    static func latency(_ milliseconds: Int) -> Obstacle {
        Obstacle(
            kind: .latency,
            sentence:
                "its FTDI chip keeps octets back for \(milliseconds) ms, and a telegram's acknowledge is due after 1.7 ms: put this line into "
                + "\(rulesFile) and plug it in again: ACTION==\"add\", SUBSYSTEM==\"usb-serial\", DRIVER==\"ftdi_sio\", "
                + "ATTR{latency_timer}=\"1\"")
    }

    static func noLine(_ module: String) -> Obstacle {
        Obstacle(
            kind: .noLine, sentence: "no driver makes a serial line of it: modprobe \(module), or plug it in again")
    }

    /// The rule of a device that is reached through libusb; its texts are in it where its ids are shared.
    private static func rule(_ device: USBNode) -> String {
        let info = device.info
        var rule =
            "SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ATTR{idVendor}==\"\(USBNode.hexadecimal(info.vendor))\", "
            + "ATTR{idProduct}==\"\(USBNode.hexadecimal(info.product))\""
        if let manufacturer = info.manufacturer { rule += ", ATTR{manufacturer}==\"\(manufacturer)\"" }
        return rule + ", MODE=\"0660\", GROUP=\"knxrig\", ATTR{power/control}=\"on\""
    }

    private static func line(_ device: USBNode) -> String {
        "SUBSYSTEM==\"tty\", ATTRS{idVendor}==\"\(USBNode.hexadecimal(device.info.vendor))\", "
            + "ATTRS{idProduct}==\"\(USBNode.hexadecimal(device.info.product))\""
    }
}
