import Events
import KNX
import Testing

@testable import Twin

/// A KNXnet/IP interface in virtual time without a line: what clients say to it, and all that it says and wants.
struct InterfaceBench {
    static let own = IPEndpoint(InternetAddress(127, 0, 0, 1), port: 3671)
    static let client = IPEndpoint(InternetAddress(127, 0, 0, 1), port: 40_000)
    static let slots = [0x1102, 0x1103].map { IndividualAddress(raw: $0) }

    /// An interface 1.1.1 with the slots 1.1.2 and 1.1.3, without delays of its own unless they are set.
    static var parameters: IPInterfaceParameters {
        var parameters = IPInterfaceParameters(address: IndividualAddress(raw: 0x1101), slots: slots)
        parameters.indicationDelay = .zero
        parameters.confirmationDelay = .zero
        return parameters
    }

    var engine: IPInterface
    private(set) var now = Instant(nanoseconds: 0)
    /// Telegrams that it has put on the line.
    var sent: [Transmission] = []
    var attitude: LineTap.Attitude?
    /// TCP connections that it has closed.
    private(set) var closed: [Int] = []
    /// What it has said to everybody.
    var multicast: [KNXnetIPMessage] = []
    /// What it has said and nobody has looked at yet.
    private var said: [(message: KNXnetIPMessage, to: IPEndpoint)] = []
    private var saidOnStreams: [(message: KNXnetIPMessage, to: Int)] = []

    init(_ parameters: IPInterfaceParameters = InterfaceBench.parameters, hasBus: Bool = true) {
        engine = IPInterface(parameters, endpoint: Self.own, hasBus: hasBus, at: Instant(nanoseconds: 0))
    }

    mutating func feed(_ input: IPInterface.Input) {
        for effect in engine.next(input, at: now) {
            switch effect {
            case .datagram(let octets, let receiver): if let message = read(octets) { said.append((message, receiver)) }
            case .multicast(let octets): if let message = read(octets) { multicast.append(message) }
            case .stream(let octets, let number):
                #expect(!closed.contains(number), "the interface speaks on a connection that it has closed")
                if let message = read(octets) { saidOnStreams.append((message, number)) }
            case .close(let number): closed.append(number)
            case .send(let transmission): sent.append(transmission)
            case .attitude(let attitude): self.attitude = attitude
            }
        }
    }

    private func read(_ octets: [UInt8]) -> KNXnetIPMessage? {
        let message = KNXnetIPFrame(octets.span).message
        if message == nil { Issue.record("the interface wrote what nobody can read: \(octets)") }
        return message
    }

    /// Says a message to it on a TCP connection and gives what it says there at once.
    @discardableResult
    mutating func say(_ message: KNXnetIPMessage, on stream: Int) throws -> [KNXnetIPMessage] {
        feed(.stream(stream, .octets(try message.octets)))
        return heard(on: stream)
    }

    /// What it has said on a TCP connection since somebody looked at any.
    mutating func heard(on stream: Int) -> [KNXnetIPMessage] {
        defer { saidOnStreams = [] }
        return saidOnStreams.filter { $0.to == stream }.map(\.message)
    }

    /// Says a message to it on the multicast address.
    mutating func sayToAll(_ message: KNXnetIPMessage, from sender: IPEndpoint = client) throws {
        feed(.multicast(try message.octets, from: sender))
    }

    /// Says a message to it and gives what it says to that at once.
    @discardableResult
    mutating func say(_ message: KNXnetIPMessage, from sender: IPEndpoint = client) throws -> [KNXnetIPMessage] {
        feed(.datagram(try message.octets, from: sender))
        return heard()
    }

    /// Lets time pass, and gives what it said meanwhile.
    @discardableResult
    mutating func run(milliseconds: Int64) -> [KNXnetIPMessage] {
        let end = now + .milliseconds(milliseconds)
        while let due = engine.nextDue, due <= end {
            now = max(now, due)
            feed(.time)
        }
        now = end
        feed(.time)
        return heard()
    }

    /// What it has said since somebody looked.
    mutating func heard() -> [KNXnetIPMessage] {
        defer { said = [] }
        return said.map(\.message)
    }

    mutating func heardWithReceivers() -> [(message: KNXnetIPMessage, to: IPEndpoint)] {
        defer { said = [] }
        return said
    }

    /// The channel of a new tunnel on a TCP connection.
    mutating func connect(on stream: Int, _ layer: TunnellingLayer = .link) throws -> UInt8 {
        let answer = try say(
            .connectRequest(control: .routeBack(.tcp), data: .routeBack(.tcp), .tunnelling(layer)), on: stream)
        guard case .connectAccepted(let channel, _, _) = answer.first else {
            throw KNXnetIPMessage.Refusal.payloadMissing
        }
        return channel
    }

    /// The channel of a new connection for its management.
    mutating func manage(from sender: IPEndpoint = client) throws -> UInt8 {
        let answer = try say(
            .connectRequest(control: .routeBack(.udp), data: .routeBack(.udp), .deviceManagement), from: sender)
        guard case .connectAccepted(let channel, _, .deviceManagement) = answer.first else {
            throw KNXnetIPMessage.Refusal.payloadMissing
        }
        return channel
    }

    /// The channel of a new tunnel.
    mutating func connect(
        _ layer: TunnellingLayer = .link, from sender: IPEndpoint = client, requesting: IndividualAddress? = nil
    ) throws -> UInt8 {
        let answer = try say(
            .connectRequest(
                control: .routeBack(.udp), data: .routeBack(.udp), .tunnelling(layer, requesting: requesting)),
            from: sender)
        guard case .connectAccepted(let channel, _, _) = answer.first else {
            throw KNXnetIPMessage.Refusal.payloadMissing
        }
        return channel
    }

    static func other(_ port: UInt16) -> IPEndpoint { IPEndpoint(InternetAddress(127, 0, 0, 1), port: port) }
}

/// L_Data.req of a GroupValueWrite of one octet.
func groupWrite(_ value: UInt8, to group: UInt16 = 0x3001, source: UInt16 = 0, repeatBit: Bool = true) -> LinkData {
    LinkData(
        .request, repeatBit: repeatBit, source: IndividualAddress(raw: source),
        destination: .group(GroupAddress(raw: group)), transportUnit: [0x00, 0x80, value])
}

extension KNXnetIPMessage {
    /// The cEMI of a tunnelling request; nil of any other message.
    var tunnelled: [UInt8]? {
        if case .tunnellingRequest(_, _, let cemi) = self { cemi } else { nil }
    }
}
