import Events
import KNX
import Platform

@testable import Bus
@testable import Twin

/// A client of ours and an interface of the twin with a bad network between them and a line behind, all in virtual time and from one seed.
struct TunnelWorld {
    /// How bad the network is, per thousand datagrams.
    struct Network: Sendable {
        var lost: UInt64 = 0
        var doubled: UInt64 = 0
        /// Held up for as long as three seconds, so that others overtake them.
        var heldUp: UInt64 = 0
    }

    /// Whatever of ours is at the client's end.
    struct Client {
        var opened: (Instant) -> [[UInt8]]
        var received: ([UInt8], Instant) -> [[UInt8]]
        var tick: (Instant) -> [[UInt8]]
        var nextDeadline: () -> Instant?
    }

    private static let address = IPEndpoint(InternetAddress(127, 0, 0, 1), port: 40_000)

    private(set) var now = Instant(nanoseconds: 0)
    var network: Network
    private var generator: SeededGenerator
    private var simulation: LineSimulation
    private(set) var interface: IPInterface
    private var underway: [(due: Instant, octets: [UInt8], toInterface: Bool)] = []
    /// Everything that was truly on the line.
    private(set) var frames: [LineRecord.Frame] = []
    private(set) var datagramsLost = 0

    init(seed: UInt64, network: Network, change: (inout IPInterfaceParameters) -> Void = { _ in }) {
        self.network = network
        generator = SeededGenerator(seed: seed)
        var parameters = IPInterfaceParameters(
            address: IndividualAddress(raw: 0x11F0), slots: (0x11F1...0x11F4).map { IndividualAddress(raw: $0) })
        change(&parameters)
        let everybody = [GroupAddress(raw: 0x3000)...GroupAddress(raw: 0x30FF)]
        let devices = [0x110A, 0x1114].map {
            SimulatedDevice.Configuration(
                id: "device \($0)", address: IndividualAddress(raw: $0), actuators: [], acknowledges: everybody)
        }
        let line = TwinConfiguration.Line(
            id: "main", chips: [], devices: devices, interfaces: [.init(id: "ip", parameters: parameters)])
        simulation = LineSimulation(line, anchor: now)
        interface = IPInterface(
            parameters, endpoint: IPEndpoint(InternetAddress(127, 0, 0, 1), port: 3671), at: now)
    }

    /// A telegram of a device.
    mutating func send(_ octets: [UInt8]) {
        simulation.send(Transmission(number: 0, octets: octets), fromDevice: 0, at: now)
    }

    mutating func open(_ client: Client) {
        for octets in client.opened(now) { transmit(octets, toInterface: true) }
    }

    /// What the client says by itself.
    mutating func say(_ datagrams: [[UInt8]]) {
        for octets in datagrams { transmit(octets, toInterface: true) }
    }

    mutating func supply(on: Bool) {
        var effects: [LineSimulation.Effect] = []
        simulation.supply(on: on, at: now, effects: &effects)
        take(effects)
    }

    /// Lets time pass.
    mutating func run(until end: Instant, _ client: Client) {
        while true {
            let due = [simulation.nextDue, interface.nextDue, client.nextDeadline(), underway.first?.due]
                .compactMap(\.self).min()
            guard let due, due <= end else { break }
            now = max(now, due)
            var effects: [LineSimulation.Effect] = []
            simulation.advance(to: now, effects: &effects)
            take(effects)
            while let first = underway.first, first.due <= now {
                underway.removeFirst()
                if first.toInterface {
                    feed(.datagram(first.octets, from: Self.address))
                } else {
                    say(client.received(first.octets, now))
                }
            }
            feed(.time)
            if let deadline = client.nextDeadline(), deadline <= now { say(client.tick(now)) }
        }
        now = end
        var effects: [LineSimulation.Effect] = []
        simulation.advance(to: now, effects: &effects)
        take(effects)
    }

    private mutating func take(_ effects: [LineSimulation.Effect]) {
        for effect in effects {
            switch effect {
            case .toHost: break
            case .record(.frame(let frame)): frames.append(frame)
            case .record: break
            case .toInterface(_, let event): feed(.line(event))
            }
        }
    }

    private mutating func feed(_ input: IPInterface.Input) {
        for effect in interface.next(input, at: now) {
            switch effect {
            case .datagram(let octets, _): transmit(octets, toInterface: false)
            case .send(let transmission): simulation.send(transmission, fromInterface: 0, at: now)
            case .attitude(let attitude): simulation.setAttitude(attitude, ofInterface: 0)
            case .multicast, .stream, .close: break
            }
        }
    }

    private mutating func transmit(_ octets: [UInt8], toInterface: Bool) {
        if generator.next() % 1_000 < network.lost {
            datagramsLost += 1
        } else {
            post(octets, toInterface: toInterface)
        }
        if generator.next() % 1_000 < network.doubled { post(octets, toInterface: toInterface) }
    }

    private mutating func post(_ octets: [UInt8], toInterface: Bool) {
        var microseconds = Int64(200 + generator.next() % 300)
        if generator.next() % 1_000 < network.heldUp { microseconds = Int64(generator.next() % 3_000_000) }
        let due = now + .microseconds(microseconds)
        underway.insert((due, octets, toInterface), at: underway.firstIndex { $0.due > due } ?? underway.count)
    }
}

/// A value that classes share between a test and its closures.
final class Box<Content> {
    var content: Content

    init(_ content: Content) {
        self.content = content
    }
}
