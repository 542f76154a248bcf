import USB

/// Driver of Cleware's USB-Switch with one to four switches (0d50:0008) and of its 8-port (0d50:0030).
///
/// | what | octets |
/// |---|---|
/// | set | OUT `00`, `10+n`, 1 on or 0 off, n from 0; before version 4 the other way round |
/// | set, 8-port | OUT `03`, states (2), which (2), high octet first |
/// | get | IN, again and again, 6 octets: from version 10 on bit 7 of octet 0 says valid, bit 2n the switch, bit 2n+1 that switch n+1 exists; before that octet 2 |
/// | get, 8-port | IN, octets 4 and 5: the states, high octet first |
///
/// The device takes its time: reports go on telling the old state for a while, so of ten the last is believed, and a command is now and then not followed
/// at all, so it is sent up to five times. A USB-Cutter answers to
/// the same ids with its sense turned round and is left alone.
struct Cleware: USBBoardLanguage {
    static let driver = RelayBoardDriver(
        name: "cleware", recognises: { $0.vendor == 0x0D50 && ($0.product == 0x0008 || $0.product == 0x0030) },
        language: { facts in
            guard facts.productName?.contains("Cutter") != true, let reports = facts.reports(of: 0) else { return nil }
            switch (facts.device.product, facts.device.deviceVersion) {
            case (0x0008, let version): return Cleware(reports, channelCount: 1, kind: .switches(version: version))
            // Before version 7 it speaks otherwise.
            case (0x0030, 7...): return Cleware(reports, channelCount: 8, kind: .eightPort)
            default: return nil
            }
        })

    private enum Kind {
        case switches(version: UInt16)
        case eightPort
    }

    private static let sends = 5
    private static let reportsForEach = 10

    private let reports: HIDReports
    private(set) var channelCount: Int
    private let kind: Kind

    private init(_ reports: HIDReports, channelCount: Int, kind: Kind) {
        self.reports = reports
        self.channelCount = channelCount
        self.kind = kind
    }

    var claim: USBBoardClaim { .perExchange(reports.interface) }

    func prepared(_ device: any USBDevice) throws(TransportFailure) -> any USBBoardLanguage {
        guard case .switches(10...) = kind else { return self }
        let first = try report(device)[0]
        var language = self
        language.channelCount = 1 + [0x02, 0x08, 0x20].prefix { first & $0 != 0 }.count
        return language
    }

    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure) {
        for _ in 1...Self.sends {
            try send(channel, energised, device)
            for _ in 1...Self.reportsForEach where try states(device)[channel - 1] == energised { return }
        }
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) {
        for channel in 1...channelCount { try send(channel, false, device) }
        for channel in 1...channelCount { try command(channel, energised: false, assumed: [], device) }
    }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? {
        for _ in 1..<Self.reportsForEach { _ = try states(device) }
        return try states(device)
    }

    private func send(_ channel: Int, _ energised: Bool, _ device: any USBDevice) throws(TransportFailure) {
        switch kind {
        case .switches(let version):
            let on: UInt8 = energised != (version < 4) ? 1 : 0
            try reports.send([0x00, 0x10 + UInt8(channel - 1), on], device)
        case .eightPort:
            let which = UInt8(1) << UInt8(channel - 1)
            try reports.send([0x03, 0x00, energised ? which : 0x00, 0x00, which], device)
        }
    }

    private func states(_ device: any USBDevice) throws(TransportFailure) -> [Bool] {
        let report = try report(device)
        return (0..<channelCount).map { index in
            switch kind {
            case .switches(10...): report[0] >> (2 * index) & 1 == 1
            case .switches(let version): (report[2] & 1 == 1) != (version < 4)
            case .eightPort: report[5] >> index & 1 == 1
            }
        }
    }

    private func report(_ device: any USBDevice) throws(TransportFailure) -> [UInt8] {
        guard case .switches(10...) = kind else { return try reports.receive(atLeast: 6, device) }
        for _ in 1...Self.reportsForEach {
            let report = try reports.receive(atLeast: 6, device)
            if report[0] & 0x80 != 0 { return report }
        }
        throw .io("none of its reports is marked as valid")
    }
}
