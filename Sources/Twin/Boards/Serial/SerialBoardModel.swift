/// The relays of a board model: what drives each, and where its contact is.
public struct RelayBank: Hashable, Sendable {
    /// The driver pins, from channel 1 on. A read-back tells these.
    public private(set) var pins: [Bool]
    public private(set) var contacts: [Bool]
    /// Channels whose driver pin doesn't follow.
    public var deafChannels: Set<Int> = []
    /// Channels whose contact stays where it was though the pin follows.
    public var stuckContacts: Set<Int> = []
    /// False on a board without the supply of its coils: no contact moves.
    public var isSupplied = true {
        didSet { moveContacts() }
    }

    public init(count: Int) {
        pins = [Bool](repeating: false, count: count)
        contacts = pins
    }

    /// Channels that the board doesn't have are ignored, as firmware does.
    public mutating func drive(_ channel: Int, _ isOn: Bool) {
        guard pins.indices.contains(channel - 1), !deafChannels.contains(channel) else { return }
        pins[channel - 1] = isOn
        moveContacts()
    }

    public mutating func powerDown() {
        pins = pins.map { _ in false }
        moveContacts()
    }

    private mutating func moveContacts() {
        for index in pins.indices where !stuckContacts.contains(index + 1) {
            contacts[index] = pins[index] && isSupplied
        }
    }
}

/// A relay board at the end of a serial line, octet by octet.
public protocol SerialBoardModel: Sendable {
    var relays: RelayBank { get set }
    /// Takes one octet; returns what the board sends because of it.
    mutating func receive(_ octet: UInt8) -> [UInt8]
    /// The board lost its power: what was half received is gone too.
    mutating func powerDown()
}

/// LCUS boards: `a0 n s sum` switches; anything else is skipped until the next `a0`. Nothing is sent. Written from sellers' pages and users' code.
public struct LCUSBoard: SerialBoardModel {
    public var relays: RelayBank
    private var received: [UInt8] = []

    public init(channelCount: Int) {
        relays = RelayBank(count: channelCount)
    }

    public mutating func receive(_ octet: UInt8) -> [UInt8] {
        guard !received.isEmpty || octet == 0xA0 else { return [] }
        received.append(octet)
        guard received.count == 4 else { return [] }
        let sum = received[..<3].reduce(0, &+)
        if sum == received[3], received[2] <= 1 { relays.drive(Int(received[1]), received[2] == 1) }
        received = []
        return []
    }

    public mutating func powerDown() {
        received = []
        relays.powerDown()
    }
}

/// KMtronic's board with one relay: `ff 01 01`, `ff 01 00`, and `ff 01 03` for its state.
public struct KMtronicBoard: SerialBoardModel {
    public var relays = RelayBank(count: 1)
    private var received: [UInt8] = []

    public init() {}

    public mutating func receive(_ octet: UInt8) -> [UInt8] {
        guard !received.isEmpty || octet == 0xFF else { return [] }
        received.append(octet)
        guard received.count == 3 else { return [] }
        defer { received = [] }
        guard received[1] == 1 else { return [] }
        switch received[2] {
        case 0, 1: relays.drive(1, received[2] == 1)
        case 3: return [0xFF, 0x01, relays.pins[0] ? 1 : 0]
        default: break
        }
        return []
    }

    public mutating func powerDown() {
        received = []
        relays.powerDown()
    }
}

/// Devantech's USB-RLY boards, from the maker's manuals.
public struct DevantechBoard: SerialBoardModel {
    public enum Kind: UInt8, CaseIterable, Sendable {
        case rly08 = 8
        case rly16 = 9
        case rly02 = 10
        case rly16L = 15
    }

    public let kind: Kind
    public var relays: RelayBank
    public var softwareVersion: UInt8 = 2
    /// Of the RLY16's terminals, in tenths of a volt.
    public var supply: UInt8 = 121 {
        didSet { if kind == .rly16 { relays.isSupplied = supply >= 90 } }
    }
    private var isAwaitingStates = false

    public init(_ kind: Kind) {
        self.kind = kind
        relays = RelayBank(count: kind == .rly02 ? 2 : 8)
    }

    public mutating func receive(_ octet: UInt8) -> [UInt8] {
        if isAwaitingStates {
            isAwaitingStates = false
            for channel in 1...relays.pins.count { relays.drive(channel, octet >> (channel - 1) & 1 == 1) }
            return []
        }
        switch octet {
        case 0x5A: return [kind.rawValue, softwareVersion]
        case 0x5B: return [relays.pins.enumerated().reduce(0) { $0 | ($1.element ? 1 << $1.offset : 0) }]
        case 0x5C: isAwaitingStates = true
        case 0x5D:
            switch kind {
            case .rly08: break
            case .rly16: return [supply]
            case .rly02, .rly16L: return [50]
            }
        case 0x64, 0x6E:
            for channel in 1...relays.pins.count { relays.drive(channel, octet == 0x64) }
        case 0x65...0x6C: relays.drive(Int(octet) - 0x64, true)
        case 0x6F...0x76: relays.drive(Int(octet) - 0x6E, false)
        default: break
        }
        return []
    }

    public mutating func powerDown() {
        isAwaitingStates = false
        relays.powerDown()
    }
}

/// Numato's modules: a command line that echoes, and a prompt.
public struct NumatoBoard: SerialBoardModel {
    public var relays: RelayBank
    private var line: [UInt8] = []

    public init(channelCount: Int) {
        relays = RelayBank(count: channelCount)
    }

    public mutating func receive(_ octet: UInt8) -> [UInt8] {
        guard octet == 0x0D else {
            line.append(octet)
            return [octet]
        }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
        line = []
        var answer = ""
        if words.count == 3, words[0] == "relay", let channel = Self.channel(words[2]), channel <= relays.pins.count {
            switch words[1] {
            case "on": relays.drive(channel, true)
            case "off": relays.drive(channel, false)
            case "read": answer = relays.pins[channel - 1] ? "on" : "off"
            default: break
            }
        } else if words == ["ver"] {
            answer = "00000008"
        }
        return Array((answer.isEmpty ? "\r\n\r>" : "\r\n\r\(answer)\n\r>").utf8)
    }

    public mutating func powerDown() {
        line = []
        relays.powerDown()
    }

    /// One digit of base 36, up to V.
    private static func channel(_ word: String) -> Int? {
        guard word.count == 1, word == word.uppercased(), let digit = Int(word, radix: 32) else { return nil }
        return digit + 1
    }
}
