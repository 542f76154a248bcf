import USB

/// Driver of Gembird's and EnerGenie's strips with four switched mains outlets (04b4:fd11 SiS-PM, fd13 and fd15 EG-PM2).
///
/// | what | control transfer | octets |
/// |---|---|---|
/// | set outlet n | `21 09 0300+3n 0000 0005` | `3n`, `03` on or `00` off, NULs |
/// | get outlet n | `a1 01 0300+3n 0000 0005` | `3n`, then bit 0 the relay, bit 1 mains at the strip |
/// | serial | `a1 01 0301 0000 0005` | five octets |
///
/// The strip has a schedule of its own that switches without the host: what it did shows when it is next looked at.
struct SiSPM: USBBoardLanguage {
    static let driver = RelayBoardDriver(
        name: "sis-pm", recognises: { $0.vendor == 0x04B4 && products.contains($0.product) },
        language: { facts in products.contains(facts.device.product) ? SiSPM() : nil })

    private static let products: Set<UInt16> = [0xFD11, 0xFD13, 0xFD15]

    var channelCount: Int { 4 }
    var claim: USBBoardClaim { .perExchange(0) }

    func ownSerial(_ device: any USBDevice) throws(TransportFailure) -> String? {
        let octets = try get(report: 1, atLeast: 5, device)
        guard octets.contains(where: { $0 != 0xFF && $0 != 0 }) else { return "" }
        return octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure) {
        let report = UInt8(3 * channel)
        let setup = SetupPacket(requestType: 0x21, request: 9, value: 0x0300 | UInt16(report), index: 0, length: 5)
        _ = try device.control(
            setup, data: [report, energised ? 3 : 0, 0, 0, 0], timeoutMilliseconds: USBBoard.timeoutMilliseconds)
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) {
        for channel in 1...channelCount { try command(channel, energised: false, assumed: [], device) }
    }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? {
        var states: [Bool] = []
        for channel in 1...channelCount { states.append(try outlet(channel, device) & 1 == 1) }
        return states
    }

    func shortage(_ device: any USBDevice) throws(TransportFailure) -> String? {
        try outlet(1, device) & 2 == 0 ? "the strip has no mains" : nil
    }

    private func outlet(_ channel: Int, _ device: any USBDevice) throws(TransportFailure) -> UInt8 {
        let octets = try get(report: UInt16(3 * channel), atLeast: 2, device)
        guard octets[0] == UInt8(3 * channel) else { throw .io("it answered for another outlet") }
        return octets[1]
    }

    private func get(
        report: UInt16, atLeast least: Int, _ device: any USBDevice
    ) throws(TransportFailure) -> [UInt8] {
        let setup = SetupPacket(requestType: 0xA1, request: 1, value: 0x0300 | report, index: 0, length: 5)
        let octets = try device.control(setup, data: [], timeoutMilliseconds: USBBoard.timeoutMilliseconds)
        guard octets.count >= least else { throw .shortAnswer(got: octets.count, wanted: least) }
        return octets
    }
}
