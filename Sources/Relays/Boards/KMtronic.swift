/// Driver of KMtronic's board with one relay on an FTDI converter (0403:6001, 9600 baud, 8N1).
///
/// | what | octets | answer |
/// |---|---|---|
/// | set | `ff 01 01` on, `ff 01 00` off | none |
/// | get | `ff 01 03` | `ff 01 s` |
///
/// An answer names no question, so one that comes late looks like the next one's: nothing may follow an answer, and the line has to fall silent before a
/// command.
enum KMtronic: SerialBoardLanguage {
    case board

    static let driver = SerialBoardDriver(
        name: "kmtronic",
        // The ids are any FTDI cable's, and the converter's texts name its maker.
        recognises: { $0.vendor == 0x0403 && $0.product == 0x6001 }, needsPath: true,
        language: { _ in KMtronic.board })

    var baudRate: Int { 9600 }

    func synchronise(_ line: SerialConnection) throws(TransportFailure) { try line.drain(quietMilliseconds: 5) }

    func channelCount(_ line: SerialConnection) throws(TransportFailure) -> Int {
        _ = try state(line)
        return 1
    }

    func command(_ channel: Int, energised: Bool, _ line: SerialConnection) throws(TransportFailure) {
        try line.send(
            [0xFF, UInt8(channel), energised ? 1 : 0], timeoutMilliseconds: SerialBoard.timeoutMilliseconds)
    }

    func commandAllOff(channelCount: Int, _ line: SerialConnection) throws(TransportFailure) {
        for channel in 1...channelCount { try command(channel, energised: false, line) }
    }

    func read(channelCount: Int, _ line: SerialConnection) throws(TransportFailure) -> [Bool]? { [try state(line)] }

    private func state(_ line: SerialConnection) throws(TransportFailure) -> Bool {
        try line.send([0xFF, 0x01, 0x03], timeoutMilliseconds: SerialBoard.timeoutMilliseconds)
        let answer = try line.receive(3, timeoutMilliseconds: SerialBoard.timeoutMilliseconds)
        try line.expectSilence(milliseconds: 5)
        // An echo ends in 3, which is no state.
        guard answer[0] == 0xFF, answer[1] == 0x01, answer[2] <= 1 else { throw .io("it answered with no state") }
        return answer[2] == 1
    }
}
