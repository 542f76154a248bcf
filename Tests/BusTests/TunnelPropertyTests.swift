import Events
import KNX
import Platform
import Testing

@testable import Bus
@testable import Twin

/// Our tunnel client and our interface with a network between them that loses, doubles and reorders: every telegram arrives exactly once or
/// is named as lost.
@Suite struct TunnelPropertyTests {
    /// A good, a bad and a terrible network.
    static let networks = [
        TunnelWorld.Network(), TunnelWorld.Network(lost: 30, doubled: 30, heldUp: 10),
        TunnelWorld.Network(lost: 200, doubled: 100, heldUp: 60),
    ]

    private func frame(_ number: Int) -> [UInt8] {
        TP1Frame(
            source: IndividualAddress(raw: 0x110A), destination: .group(GroupAddress(raw: 0x3001)),
            transportUnit: [0x00, 0x80, UInt8(number >> 8), UInt8(number & 255)]
        ).octets
    }

    /// The number in the last two octets of a value.
    private func number(_ octets: some BidirectionalCollection<UInt8>) -> Int {
        octets.suffix(2).reduce(0) { $0 << 8 | Int($1) }
    }

    @Test(arguments: Self.networks.indices, 1...20)
    func telegramsPassOnceOrAreNamed(network: Int, seed: Int) {
        var world = TunnelWorld(seed: UInt64(seed), network: Self.networks[network])
        let client = Box(TunnelClient(TunnelClient.Parameters(layer: .link)))
        let told = Box<[(output: TunnelClient.Output, at: Instant)]>([])
        let pass = { (outputs: [TunnelClient.Output], now: Instant) -> [[UInt8]] in
            told.content += outputs.map { ($0, now) }
            return outputs.compactMap { if case .datagram(let octets) = $0 { octets } else { nil } }
        }
        let end = TunnelWorld.Client(
            opened: { pass(client.content.opened(at: $0), $0) },
            received: { pass(client.content.received($0, at: $1), $1) },
            tick: { pass(client.content.tick(at: $0), $0) }, nextDeadline: { client.content.nextDeadline })
        world.open(end)
        let count = 150
        for number in 1...count {
            world.run(until: world.now + .milliseconds(150), end)
            world.send(frame(number))
            let request = LinkData(
                .request, source: IndividualAddress(raw: 0), destination: .group(GroupAddress(raw: 0x3002)),
                transportUnit: [0x00, 0x80, UInt8(number >> 8), UInt8(number & 255)])
            world.say(pass(client.content.send(request.octets, number: number, at: world.now), world.now))
        }
        // A good network again, for what is still under way and for a connection that was broken.
        world.network = TunnelWorld.Network()
        world.run(until: world.now + .seconds(60), end)

        let own = world.frames.filter { $0.senders == ["ip"] }
        let onLine = own.map { number($0.octets.dropLast()) }
        var delivered: Set<Int> = []
        var abandoned: Set<Int> = []
        var indicated: [Int] = []
        var losses = 0
        for (output, _) in told.content {
            switch output {
            case .delivered(let number): #expect(delivered.insert(number).inserted)
            case .abandoned(let number): #expect(abandoned.insert(number).inserted)
            case .lost: losses += 1
            case .message(let cemi): if cemi[0] == 0x29 { indicated.append(number(cemi)) }
            default: break
            }
        }
        // Each is the one or the other.
        #expect(delivered.isDisjoint(with: abandoned))
        #expect(delivered.union(abandoned) == Set(1...count))
        // None twice, none out of order, and all that were delivered are there.
        #expect(Set(onLine).count == onLine.count && onLine == onLine.sorted())
        #expect(delivered.isSubset(of: onLine))
        #expect(Set(indicated).count == indicated.count && indicated == indicated.sorted())
        if losses == 0, let first = indicated.first {
            #expect(indicated == Array(first...count), "an indication is missing and no loss is told")
        }
        #expect(client.content.isConnected)
        if network == 0 {
            #expect(losses == 0 && abandoned.isEmpty && onLine == Array(1...count) && world.datagramsLost == 0)
        }
    }

    @Test(arguments: Self.networks.indices, 1...20)
    func aWitnessTellsEveryFrameOnceOrTheGapItIsIn(network: Int, seed: Int) {
        // A short queue, so that the interface itself loses something too.
        var world = TunnelWorld(seed: UInt64(seed), network: Self.networks[network]) { $0.longestQueue = 6 }
        let engine = Box(
            NetworkWitnessEngine(KNXnetIPWitness.Configuration(source: "witness", line: "main", host: "127.0.0.1")))
        let events = Box<[Event]>([])
        let armed = Box<Instant?>(nil)
        let pass = { (effects: [InterfaceEffect]) -> [[UInt8]] in
            var datagrams: [[UInt8]] = []
            for effect in effects {
                switch effect {
                case .write(let octets): datagrams.append(octets)
                case .emit(let event):
                    events.content.append(event)
                    if case .interface(let report) = event.payload, report.report == .armed, armed.content == nil {
                        armed.content = event.instant
                    }
                }
            }
            return datagrams
        }
        let end = TunnelWorld.Client(
            opened: { pass(engine.content.opened(at: $0)) }, received: { pass(engine.content.received($0, at: $1)) },
            tick: { pass(engine.content.tick(at: $0)) }, nextDeadline: { engine.content.nextDeadline })
        world.open(end)
        for number in 1...200 {
            world.run(until: world.now + .milliseconds(60), end)
            world.send(frame(number))
        }
        world.network = TunnelWorld.Network()
        for number in 201...260 {
            world.run(until: world.now + .milliseconds(500), end)
            world.send(frame(number))
        }
        world.run(until: world.now + .seconds(4), end)
        #expect(engine.content.isArmed || network == 2)
        _ = pass(engine.content.finish(at: world.now))

        let gaps = events.content.compactMap { if case .gap(let gap) = $0.payload { gap } else { nil } }
        // What the interface and the network take at least is no more than this. On a network that holds up every datagram the instants are as late
        // as those are, and only the order tells.
        let tolerance = Instant.Span.milliseconds(4)
        let isInGap = { (instant: Instant) in
            network == 2 || gaps.contains { instant >= $0.from - tolerance && instant <= $0.to + tolerance }
        }
        /// The frames told and the gaps among them, in the order in which they were told.
        let told = events.content.compactMap { event -> Event.Frame? in
            switch event.payload {
            case .frame(let frame): frame.octets.count > 1 ? frame : nil
            case .gap: Event.Frame(line: "gap", octets: [], acknowledge: nil, began: event.instant)
            default: nil
            }
        }
        let seen = told.filter { $0.line != "gap" }
        let numbers = seen.map { number($0.octets.dropLast()) }
        /// Whether a gap was told between the last frame seen up to this number and the first one after it.
        let isNamed = { (wanted: Int) in
            let before = told.lastIndex { $0.line != "gap" && number($0.octets.dropLast()) <= wanted } ?? -1
            let after = told.firstIndex { $0.line != "gap" && number($0.octets.dropLast()) > wanted } ?? told.endIndex
            return told[(before + 1)..<after].contains { $0.line == "gap" }
        }
        #expect(Set(numbers).count == numbers.count && numbers == numbers.sorted())
        guard let since = armed.content else {
            Issue.record("the witness was never armed")
            return
        }
        for truth in world.frames where truth.ended >= since + tolerance {
            let number = number(truth.octets.dropLast())
            guard let told = seen.first(where: { $0.octets == truth.octets }) else {
                #expect(isNamed(number) && isInGap(truth.ended), "frame \(number) is missing and in no gap")
                continue
            }
            let acknowledged = truth.ended + Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: 26))
            #expect(
                told.acknowledge == truth.acknowledge || (isNamed(number) && isInGap(acknowledged)),
                "the acknowledge of \(number)")
        }
        // A gap is not the easy way out: with a good network there is none, and all is seen.
        if network == 0 {
            #expect(gaps.isEmpty && numbers == Array(1...260))
            #expect(seen.allSatisfy { $0.acknowledge == 0xCC && $0.flaw == nil })
        } else {
            #expect(numbers.count > 30)
        }
    }

    /// The instants of a witness are those of the line, as late as the interface and the network are at least.
    @Test func framesAreStampedByTheInterfacesClock() {
        var world = TunnelWorld(seed: 7, network: TunnelWorld.Network(heldUp: 30))
        let engine = Box(
            NetworkWitnessEngine(KNXnetIPWitness.Configuration(source: "witness", line: "main", host: "127.0.0.1")))
        let events = Box<[Event]>([])
        let pass = { (effects: [InterfaceEffect]) -> [[UInt8]] in
            effects.compactMap {
                switch $0 {
                case .write(let octets): return octets
                case .emit(let event):
                    events.content.append(event)
                    return nil
                }
            }
        }
        let end = TunnelWorld.Client(
            opened: { pass(engine.content.opened(at: $0)) }, received: { pass(engine.content.received($0, at: $1)) },
            tick: { pass(engine.content.tick(at: $0)) }, nextDeadline: { engine.content.nextDeadline })
        world.open(end)
        for number in 1...50 {
            world.run(until: world.now + .milliseconds(100), end)
            world.send(frame(number))
        }
        world.run(until: world.now + .seconds(60), end)
        var compared = 0
        var late = 0
        for event in events.content {
            guard case .frame(let frame) = event.payload,
                let truth = world.frames.first(where: { $0.octets == frame.octets })
            else { continue }
            compared += 1
            let lateness = event.instant - truth.ended
            #expect(lateness >= .zero)
            // The first may have been held up themselves, and nothing better was known then.
            if lateness > .milliseconds(4) { late += 1 }
        }
        #expect(compared > 20 && late < 5, "\(compared) compared, \(late) late")
    }
}
