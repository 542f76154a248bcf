import Relays

extension Command {
    static let relayList = Command(
        name: "relay list", summary: "List the relay boards that can be reached",
        options: [.value("--usbip", "HOST:PORT", "look at a USB/IP server too, such as a twin's")],
        examples: ["knxrig relay list", "knxrig relay list --usbip 127.0.0.1:3240"]
    ) { arguments in
        try arguments.refuseOperands()
        var transports: [any USBTransport] = [LibUSBTransport()]
        if let usbip = try arguments.usbip() { transports.append(USBIPTransport(host: usbip.host, port: usbip.port)) }
        Terminal.output(RelayListing(transports).text)
        return .pass
    }
}
