import USB

/// Driver of Yepkit's hubs with switched ports: YKUSH (04d8:f2f7), YKUSH3 (f11b) and YKUSH XS (f0cd). Energised is a port without power, so that the
/// safe state, all off, powers them all, as with any hub.
///
/// | what | OUT, 64 octets | IN |
/// |---|---|---|
/// | port n up, down | `1n`, `0n` | `01`, the same |
/// | all up | `1a` | `01`, the same |
/// | is it up? | `2n` | `01`, `1n` or `0n` |
///
/// Port 4 of a YKUSH3 is its 5 V terminal.
struct Yepkit: USBBoardLanguage {
    static let driver = RelayBoardDriver(
        name: "yepkit", recognises: { $0.vendor == 0x04D8 && portCounts[$0.product] != nil },
        language: { facts in
            guard let ports = portCounts[facts.device.product], let reports = facts.reports(of: 0) else { return nil }
            return Yepkit(reports, channelCount: ports)
        })

    private static let portCounts: [UInt16: Int] = [0xF2F7: 3, 0xF11B: 4, 0xF0CD: 1]

    private let reports: HIDReports
    let channelCount: Int

    private init(_ reports: HIDReports, channelCount: Int) {
        self.reports = reports
        self.channelCount = channelCount
    }

    var claim: USBBoardClaim { .perExchange(reports.interface) }

    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure) {
        let command = (energised ? 0x00 : 0x10) + UInt8(channel)
        _ = try ask(command, device) { $0 == command }
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) {
        // An XS has no command for all, and the terminal of a YKUSH3 may not be meant by it.
        if channelCount > 1 { _ = try ask(0x1A, device) { $0 == 0x1A } }
        if channelCount != 3 { try command(channelCount, energised: false, assumed: [], device) }
    }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? {
        var states: [Bool] = []
        for port in 1...UInt8(channelCount) {
            let answer = try ask(0x20 + port, device) { $0 & 0x0F == port && $0 >> 4 <= 1 }
            states.append(answer >> 4 == 0)
        }
        return states
    }

    /// Sends a command and returns the second octet of the answer that fits it; one that was late for an earlier command does not.
    private func ask(
        _ command: UInt8, _ device: any USBDevice, _ fits: (UInt8) -> Bool
    ) throws(TransportFailure) -> UInt8 {
        try reports.send([command] + [UInt8](repeating: 0, count: 63), device)
        for _ in 1...3 {
            let answer = try reports.receive(atLeast: 2, device)
            if answer[0] == 0x01, fits(answer[1]) { return answer[1] }
        }
        throw .io("no answer of its fits the command")
    }
}
