import USB

/// Driver of the Ucreate "HIDRelay" boards with a CH551G (0519:2018, which is Star Micronics' id). They look like dcttech's and speak otherwise.
///
/// | what | output report, 8 octets |
/// |---|---|
/// | set | `f0+n` on, `0n` off, n from 1, then NULs |
/// | all off | `09` |
///
/// Nothing can be read. Every board calls itself A0001, which is no serial, so only the path tells two of them apart.
struct Ucreate: USBBoardLanguage {
    static let driver = RelayBoardDriver(
        name: "ucreate",
        recognises: {
            $0.vendor == 0x0519 && $0.product == 0x2018 && ($0.productName?.hasPrefix(productName) ?? true)
        },
        language: { facts in
            guard facts.productName?.hasPrefix(productName) == true else { return nil }
            return facts.reports(of: 0).map(Ucreate.init)
        })

    private static let productName = "HIDRelay"

    private let reports: HIDReports

    private init(_ reports: HIDReports) { self.reports = reports }

    /// Of the largest board: the number can't be asked for.
    var channelCount: Int { 8 }
    var claim: USBBoardClaim { .perExchange(reports.interface) }

    func ownSerial(_ device: any USBDevice) throws(TransportFailure) -> String? { "" }

    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure) {
        try send((energised ? 0xF0 : 0x00) + UInt8(channel), device)
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) { try send(0x09, device) }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? { nil }

    private func send(_ command: UInt8, _ device: any USBDevice) throws(TransportFailure) {
        try reports.send([command, 0, 0, 0, 0, 0, 0, 0], device)
    }
}
