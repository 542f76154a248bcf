/// Driver of Numato's USB relay modules (2a19:xxxx, CDC ACM; the speed is ignored), with 1 to 32 channels.
///
/// | what | line, ended by CR | answer: the line again, and then |
/// |---|---|---|
/// | set | `relay on i`, `relay off i` | `>` |
/// | get | `relay read i` | `on` or `off`, and `>` |
///
/// i counts from 0: 0 to 9, then A to V. `readall` and `writeall` are not on all of them, so they are not used. How many relays there are stands in
/// the product text ("8 Channel USB Relay Module"); where it doesn't, all that answer are counted.
struct Numato: SerialBoardLanguage {
    static let driver = SerialBoardDriver(
        name: "numato", recognises: { $0.vendor == 0x2A19 }, needsPath: false,
        language: { port in Numato(named: port.device?.productName.flatMap(channelCount)) })

    /// As the product text has it.
    private let named: Int?

    private init(named: Int?) {
        self.named = named
    }

    private static let indices = Array("0123456789ABCDEFGHIJKLMNOPQRSTUV".utf8)
    private static let prompt = UInt8(ascii: ">")

    var baudRate: Int { 9600 }

    func synchronise(_ line: SerialConnection) throws(TransportFailure) {
        // What is half in the module's line buffer, from whoever had it before, ends with this CR.
        try line.drain(quietMilliseconds: 2)
        try line.send([0x0D], timeoutMilliseconds: SerialBoard.timeoutMilliseconds)
        _ = try line.receive(
            through: Self.prompt, maximum: 256, timeoutMilliseconds: SerialBoard.timeoutMilliseconds)
        try line.drain(quietMilliseconds: 2)
    }

    func channelCount(_ line: SerialConnection) throws(TransportFailure) -> Int {
        if let named {
            _ = try state(0, line)
            return named
        }
        var count = 0
        while count < Self.indices.count, try answer("relay read", count, line).flatMap(Self.state) != nil {
            count += 1
        }
        guard count > 0 else { throw .io("no relay answers") }
        return count
    }

    func command(_ channel: Int, energised: Bool, _ line: SerialConnection) throws(TransportFailure) {
        let answer = try answer(energised ? "relay on" : "relay off", channel - 1, line)
        guard answer?.isEmpty == true else { throw .io("it answered to another command") }
    }

    func commandAllOff(channelCount: Int, _ line: SerialConnection) throws(TransportFailure) {
        for channel in 1...channelCount { try command(channel, energised: false, line) }
    }

    func read(channelCount: Int, _ line: SerialConnection) throws(TransportFailure) -> [Bool]? {
        var states: [Bool] = []
        for index in 0..<channelCount { states.append(try state(index, line)) }
        return states
    }

    private func state(_ index: Int, _ line: SerialConnection) throws(TransportFailure) -> Bool {
        guard let state = try answer("relay read", index, line).flatMap(Self.state) else {
            throw .io("it answered with no state")
        }
        return state
    }

    private static func state(_ answer: [UInt8]) -> Bool? {
        switch answer {
        case Array("on".utf8): true
        case Array("off".utf8): false
        default: nil
        }
    }

    /// What follows the echo, without its blanks; nil where another command is echoed, which is a late answer.
    private func answer(_ command: String, _ index: Int, _ line: SerialConnection) throws(TransportFailure) -> [UInt8]?
    {
        let words = Array(command.utf8) + [UInt8(ascii: " "), Self.indices[index]]
        try line.send(words + [0x0D], timeoutMilliseconds: SerialBoard.timeoutMilliseconds)
        let octets = try line.receive(
            through: Self.prompt, maximum: 256, timeoutMilliseconds: SerialBoard.timeoutMilliseconds)
        let text = octets.dropLast().drop(while: Self.isBlank)
        guard text.starts(with: words) else { return nil }
        let rest = text.dropFirst(words.count).drop(while: Self.isBlank)
        return Array(rest.reversed().drop(while: Self.isBlank).reversed())
    }

    private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x0A || octet == 0x0D || octet == 0x20 }

    /// The number before "Channel".
    private static func channelCount(product: String) -> Int? {
        let words = product.split { $0 == " " || $0 == "-" }
        guard let place = words.firstIndex(where: { $0.lowercased() == "channel" }), place > 0,
            let count = Int(words[place - 1]), (1...indices.count).contains(count)
        else { return nil }
        return count
    }
}
