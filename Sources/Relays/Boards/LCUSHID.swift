import USB

/// Driver of LCTech's and NOYITO's HID boards (5131:2007, "lcus_hid").
///
/// | what | interrupt OUT | then interrupt IN |
/// |---|---|---|
/// | set | `a0 n s sum`: n from 1, s 1 on and 0 off, sum the low octet of the other three's | one report that tells nothing |
///
/// No text, no serial, no number of relays, no state: each command is assumed, and all eight channels of the largest board are taken as there.
struct LCUSHID: USBBoardLanguage {
    static let driver = RelayBoardDriver(
        name: "lcus-hid", recognises: { $0.vendor == 0x5131 && $0.product == 0x2007 },
        language: { facts in facts.reports(of: 0).map(LCUSHID.init) })

    private let reports: HIDReports

    private init(_ reports: HIDReports) { self.reports = reports }

    var channelCount: Int { 8 }
    var claim: USBBoardClaim { .perExchange(reports.interface) }

    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure) {
        let state: UInt8 = energised ? 1 : 0
        try reports.send([0xA0, UInt8(channel), state, 0xA0 &+ UInt8(channel) &+ state], device)
        // It is no proof that a relay moved; that it came is one that the firmware runs.
        _ = try reports.receive(atLeast: 1, device)
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) {
        for channel in 1...channelCount { try command(channel, energised: false, assumed: [], device) }
    }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? { nil }
}
