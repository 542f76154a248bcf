import USB

/// Driver of Denkovi's boards on an MCP2200 (04d8:00df), whose HID is interface 2 behind a serial line's two.
///
/// | what | report, 16 octets | |
/// |---|---|---|
/// | set | OUT `08`, octet 11 what to set, octet 12 what to clear | bit k−1 = relay k |
/// | get | OUT `80`, then IN `80`, octet 10 the port | |
///
/// The ids are those of every MCP2200, a common serial converter, so a board is bound by serial or path. Directions and the state at power-up are the
/// chip's stored configuration, which the maker wrote and nothing here changes.
struct MCP2200: USBBoardLanguage {
    static let driver = RelayBoardDriver(
        name: "mcp2200", binding: .serialOrPath, recognises: { $0.vendor == 0x04D8 && $0.product == 0x00DF },
        language: { facts in facts.reports(of: 2).map(MCP2200.init) })

    private let reports: HIDReports

    private init(_ reports: HIDReports) { self.reports = reports }

    /// All pins of the port: how many have a relay can't be read.
    var channelCount: Int { 8 }
    var claim: USBBoardClaim { .perExchange(reports.interface) }

    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure) {
        let bit = UInt8(1) << UInt8(channel - 1)
        try change(set: energised ? bit : 0, clear: energised ? 0 : bit, device)
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) { try change(set: 0, clear: 0xFF, device) }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? {
        try reports.send([0x80] + [UInt8](repeating: 0, count: 15), device)
        let report = try reports.receive(atLeast: 16, device)
        guard report[0] == 0x80 else { throw .io("it answered another question") }
        return (0..<8).map { report[10] >> $0 & 1 == 1 }
    }

    private func change(set: UInt8, clear: UInt8, _ device: any USBDevice) throws(TransportFailure) {
        var report = [UInt8](repeating: 0, count: 16)
        report[0] = 0x08
        report[11] = set
        report[12] = clear
        try reports.send(report, device)
    }
}
