import USB

/// Reports to and from a HID interface, the way the kernel sends them: to the interrupt OUT endpoint where there is one, and as SET_REPORT where there
/// is none.
struct HIDReports: Sendable {
    let interface: UInt8
    private let output: UInt8?
    private let input: UInt8?
    /// The packet size of the IN endpoint, octets.
    private let inputLength: Int

    init(_ descriptor: InterfaceDescriptor) {
        interface = descriptor.number
        output = descriptor.endpoints.first { $0.address & 0x80 == 0 }?.address
        let incoming = descriptor.endpoints.first { $0.address & 0x80 != 0 }
        input = incoming?.address
        inputLength = Int(incoming?.maximumPacketSize ?? 0)
    }

    /// Sends an output report without a report id.
    func send(_ report: [UInt8], _ device: any USBDevice) throws(TransportFailure) {
        let timeout = USBBoard.timeoutMilliseconds
        if let output { return try device.send(report, to: output, timeoutMilliseconds: timeout) }
        let setup = SetupPacket(
            requestType: 0x21, request: 9, value: 0x0200, index: UInt16(interface), length: UInt16(report.count))
        _ = try device.control(setup, data: report, timeoutMilliseconds: timeout)
    }

    /// The next input report, of at least `least` octets.
    func receive(atLeast least: Int, _ device: any USBDevice) throws(TransportFailure) -> [UInt8] {
        guard let input else { throw .io("its interface \(interface) has no endpoint to read from") }
        let report = try device.receive(inputLength, from: input, timeoutMilliseconds: USBBoard.timeoutMilliseconds)
        guard report.count >= least else { throw .shortAnswer(got: report.count, wanted: least) }
        return report
    }
}
