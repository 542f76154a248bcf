/// Driver of Devantech's USB-RLY02, USB-RLY08, USB-RLY16 and USB-RLY16L (CDC ACM; the speed is ignored). Octets from the maker's manuals.
///
/// | what | octets | answer |
/// |---|---|---|
/// | which board | `5a` | module (RLY08 8, RLY16 9, RLY02 10, RLY16L 15), version |
/// | get | `5b` | bit k−1 = relay k |
/// | supply | `5d` | tenths of a volt; not on the RLY08 |
/// | set | `64+k` on, `6e+k` off | none |
/// | all off | `6e` | none |
///
/// An answer names no question. So module and version are asked for with each look: an answer out of step doesn't fit them.
struct Devantech: SerialBoardLanguage {
    static let driver = SerialBoardDriver(
        name: "devantech",
        recognises: { ($0.vendor == 0x04D8 && $0.product == 0xFFEE) || $0.productName?.hasPrefix("USB-RLY") == true },
        needsPath: false, language: { _ in Devantech() })

    private static let channelCounts: [UInt8: Int] = [8: 8, 9: 8, 10: 2, 15: 8]
    /// Whose coils have a supply of their own: the RLY16's 12 V. Relays of 12 V pull in at 9 V.
    private static let modulesWithSupply: Set<UInt8> = [9]
    private static let leastTenthsOfVolt = 90

    var baudRate: Int { 9600 }

    func synchronise(_ line: SerialConnection) throws(TransportFailure) { try line.drain(quietMilliseconds: 5) }

    func channelCount(_ line: SerialConnection) throws(TransportFailure) -> Int {
        guard let count = Self.channelCounts[try look(line).module] else { throw .io("it is no board of this kind") }
        return count
    }

    func command(_ channel: Int, energised: Bool, _ line: SerialConnection) throws(TransportFailure) {
        try send([(energised ? 0x64 : 0x6E) + UInt8(channel)], line)
    }

    func commandAllOff(channelCount: Int, _ line: SerialConnection) throws(TransportFailure) { try send([0x6E], line) }

    func read(channelCount: Int, _ line: SerialConnection) throws(TransportFailure) -> [Bool]? {
        let look = try look(line)
        guard Self.channelCounts[look.module] == channelCount else { throw .io("it is no board of this kind") }
        return (0..<channelCount).map { look.states >> $0 & 1 == 1 }
    }

    func shortage(_ line: SerialConnection) throws(TransportFailure) -> String? {
        guard Self.modulesWithSupply.contains(try look(line).module) else { return nil }
        try send([0x5D], line)
        let tenths = Int(try line.receive(1, timeoutMilliseconds: SerialBoard.timeoutMilliseconds)[0])
        try line.expectSilence(milliseconds: 2)
        guard tenths < Self.leastTenthsOfVolt else { return nil }
        return "its 12 V supply measures \(tenths / 10).\(tenths % 10) V"
    }

    private func send(_ octets: [UInt8], _ line: SerialConnection) throws(TransportFailure) {
        try line.send(octets, timeoutMilliseconds: SerialBoard.timeoutMilliseconds)
    }

    private func look(_ line: SerialConnection) throws(TransportFailure) -> (module: UInt8, states: UInt8) {
        // The states between two signatures: a stray octet before, between or behind them shows.
        try send([0x5A, 0x5B, 0x5A], line)
        let answer = try line.receive(5, timeoutMilliseconds: SerialBoard.timeoutMilliseconds)
        try line.expectSilence(milliseconds: 5)
        guard answer[0] == answer[3], answer[1] == answer[4], let count = Self.channelCounts[answer[0]],
            Int(answer[2]) < 1 << count
        else { throw .io("it answered out of step") }
        return (answer[0], answer[2])
    }
}
