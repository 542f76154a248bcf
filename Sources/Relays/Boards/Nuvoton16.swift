import USB

/// Driver of the 16-channel HID controllers of SainSmart and of Nuvoton (0416:5020, "HID Transfer").
///
/// | what | report, 16 octets |
/// |---|---|
/// | set | `c3 0e`, relays (2), NULs (6), `HIDC`, sum (2) |
/// | get | `d2 0e`, `11` (8), `HIDC`, sum (2); the answer has the relays in octets 2 and 3 |
///
/// The sum is of all octets before it; words are little endian. A command has relay k in bit k−1. An answer has not: SainSmart's has relay 16 in bit 15,
/// relay 15 in bit 0, 14 in 14, 13 in 1 and so on; Nuvoton's, told by the maker's text, has them in order and its octets the other way round.
struct Nuvoton16: USBBoardLanguage {
    static let driver = RelayBoardDriver(
        name: "nuvoton-16",
        recognises: {
            $0.vendor == 0x0416 && $0.product == 0x5020 && ($0.productName ?? productName) == productName
        },
        language: { facts in
            guard facts.productName == productName, let reports = facts.reports(of: 0) else { return nil }
            return Nuvoton16(reports, isStraight: facts.manufacturer?.hasPrefix("Nuvoton") == true)
        })

    private static let productName = "HID Transfer"

    private let reports: HIDReports
    private let isStraight: Bool

    private init(_ reports: HIDReports, isStraight: Bool) {
        self.reports = reports
        self.isStraight = isStraight
    }

    var channelCount: Int { 16 }
    var claim: USBBoardClaim { .perExchange(reports.interface) }

    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure) {
        // All sixteen go at once, so they are read first.
        let states = try states(device)
        let bit = UInt16(1) << UInt16(channel - 1)
        try write(energised ? states | bit : states & ~bit, device)
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) { try write(0, device) }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? {
        let states = try states(device)
        return (0..<16).map { states >> $0 & 1 == 1 }
    }

    private func write(_ states: UInt16, _ device: any USBDevice) throws(TransportFailure) {
        let relays = [UInt8(states & 0xFF), UInt8(states >> 8)]
        try reports.send(Self.message([0xC3, 0x0E] + relays + [UInt8](repeating: 0, count: 6)), device)
    }

    /// Bit k−1 = relay k.
    private func states(_ device: any USBDevice) throws(TransportFailure) -> UInt16 {
        try reports.send(Self.message([0xD2, 0x0E] + [UInt8](repeating: 0x11, count: 8)), device)
        let answer = try reports.receive(atLeast: 16, device)
        if isStraight { return UInt16(answer[2]) << 8 | UInt16(answer[3]) }
        let relays = UInt16(answer[2]) | UInt16(answer[3]) << 8
        return (0..<16).reduce(0) { states, index in
            let bit = index % 2 == 0 ? 7 - index / 2 : 8 + index / 2
            return states | (relays >> UInt16(bit) & 1) << UInt16(index)
        }
    }

    private static func message(_ head: [UInt8]) -> [UInt8] {
        let body = head + Array("HIDC".utf8)
        let sum = body.reduce(UInt16(0)) { $0 + UInt16($1) }
        return body + [UInt8(sum & 0xFF), UInt8(sum >> 8)]
    }
}
