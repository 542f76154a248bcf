/// Driver of the LCUS-1, -2, -4 and -8 boards on a CH340 converter (1a86:7523; 9600 baud, 8N1).
///
/// | what | octets |
/// |---|---|
/// | set | `a0 n s sum`: n from 1, s 1 on and 0 off, sum the low octet of the other three's |
///
/// Nothing is ever answered that proves a command, and nothing tells how many relays there are: each command is assumed, and all eight channels of
/// the largest board are taken as there. The converter has no serial, so a board is bound by its path.
enum LCUS: SerialBoardLanguage {
    case board

    static let driver = SerialBoardDriver(
        name: "lcus-serial", recognises: { $0.vendor == 0x1A86 && $0.product == 0x7523 }, needsPath: true,
        language: { _ in LCUS.board })

    private static let channelCount = 8

    var baudRate: Int { 9600 }

    func synchronise(_ line: SerialConnection) throws(TransportFailure) {
        // Boards with several relays may say something after a command; it means nothing to us. A line that chatters on is no matter either.
        do {
            try line.drain(quietMilliseconds: 2)
        } catch .overflow {}
    }

    func channelCount(_ line: SerialConnection) throws(TransportFailure) -> Int { Self.channelCount }

    func command(_ channel: Int, energised: Bool, _ line: SerialConnection) throws(TransportFailure) {
        let state: UInt8 = energised ? 1 : 0
        try line.send(
            [0xA0, UInt8(channel), state, 0xA0 &+ UInt8(channel) &+ state],
            timeoutMilliseconds: SerialBoard.timeoutMilliseconds)
    }

    func commandAllOff(channelCount: Int, _ line: SerialConnection) throws(TransportFailure) {
        for channel in 1...channelCount { try command(channel, energised: false, line) }
    }

    func read(channelCount: Int, _ line: SerialConnection) throws(TransportFailure) -> [Bool]? { nil }
}
