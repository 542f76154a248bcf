import Bus
import Checkers
import Events
import KNX
import Platform
import Twin

/// A loaded line in virtual time: random telegrams of several senders, two witnesses of different kinds, and the proof of what each has missed. One is
/// our own TP-UART driver on a simulated chip in busmonitor mode, which has no sequence numbers; the other a KNX interface that tells cEMI and numbers
/// it modulo 8. Telegrams are kept from each, by its own seed.
public struct VirtualDay: Sendable {
    public struct Parameters: Sendable {
        /// Seconds of the line's time.
        public var seconds: Int64
        public var seed: UInt64
        /// Runs of telegrams to keep from each witness.
        public var losses: Int
        /// More than three.
        public var senders = 8
        /// After how many of a thousand telegrams everybody is silent for up to `longestPauseBits` more than must be.
        public var pausesPerMille: UInt64 = 20
        /// Shorter than the shortest telegram: a silence into which none fits.
        public var longestPauseBits: Int64 = 90

        public init(seconds: Int64, seed: UInt64, losses: Int) {
            self.seconds = seconds
            self.seed = seed
            self.losses = losses
        }
    }

    public struct Outcome: Sendable {
        /// Frames that were truly on the line.
        public var telegrams = 0
        public var octets = 0
        /// Load of the line over all of it, per mille of its capacity.
        public var loadPermille = 0
        public var trials: [WitnessTrial] = []

        public var isRight: Bool { trials.allSatisfy(\.isRight) }
    }

    private static let source = "witness"
    private static let line = "main"
    /// On a line that is never silent for longer, a silence into which a telegram fits is a telegram missing.
    private static let patience = Instant.Span.seconds(30)
    /// Telegrams that wait for the line, each of another sender, so that it is never out of work.
    private static let waiting = 3
    /// Whoever always loses arbitration would starve on a full line. After so many telegrams of others nobody wants it before he has had it.
    private static let mostOvertaking = 24
    /// Telegrams in 1000 s, somewhat fewer than such traffic has on a full line, so that every loss comes in time.
    private static let telegramsPer1000Seconds = 39_000

    private let parameters: Parameters
    private var simulation: LineSimulation
    private var traffic: RandomTraffic
    private var pauses: SeededGenerator
    private var choices: SeededGenerator
    /// Of each sender with a telegram that waits, how many were on the line before it wanted it.
    private var wantedAt: [Int?]
    /// Telegrams to be sent as soon as nobody starves.
    private var owed = 0
    private var engine: WitnessEngine
    private var interface = BusmonitorInterface()
    private var assembler: BusmonitorAssembler
    private var byChip: WitnessTrial
    private var byInterface: WitnessTrial
    private var outcome = Outcome()
    private var occupiedBits: Int64 = 0

    public init(_ parameters: Parameters) {
        precondition(parameters.senders > Self.waiting, "somebody must have nothing waiting")
        self.parameters = parameters
        let devices = (0..<parameters.senders).map {
            SimulatedDevice.Configuration(
                id: String($0), address: IndividualAddress(raw: RandomTraffic.firstSource.raw + UInt16($0)),
                actuators: [])
        }
        let listener = SimulatedDevice.Configuration(
            id: "listener", address: IndividualAddress(raw: 0x11F0), actuators: [],
            acknowledges: [GroupAddress(raw: 0x3000)...GroupAddress(raw: 0x30FF)])
        simulation = LineSimulation(
            TwinConfiguration.Line(
                id: Self.line, chips: [TwinConfiguration.Chip(id: Self.source)], devices: devices + [listener]),
            anchor: Instant(nanoseconds: 0))
        traffic = RandomTraffic(senders: parameters.senders, seed: parameters.seed)
        pauses = SeededGenerator(seed: parameters.seed &+ 1)
        choices = SeededGenerator(seed: parameters.seed &+ 4)
        wantedAt = Array(repeating: nil, count: parameters.senders)
        engine = WitnessEngine(
            source: Self.source, line: Self.line, parameters: TPUARTStream.Parameters(),
            uncertaintyNanoseconds: 300_000, asksAfterSilence: nil)
        assembler = BusmonitorAssembler(source: Self.source, line: Self.line, uncertaintyNanoseconds: 1_000)
        let telegrams = Int(parameters.seconds) * Self.telegramsPer1000Seconds / 1_000
        let rules = LossProof.Parameters(
            source: Self.source, octets: 9...23, longestPauseBits: Int(parameters.longestPauseBits),
            isEveryTelegramCounted: true, patience: Self.patience)
        byChip = WitnessTrial(
            name: "TP-UART, without sequence numbers",
            plan: SeededLosses(count: parameters.losses, telegrams: telegrams, seed: parameters.seed &+ 2),
            parameters: rules)
        byInterface = WitnessTrial(
            name: "cEMI busmonitor, numbered modulo 8",
            plan: SeededLosses(count: parameters.losses, telegrams: telegrams, seed: parameters.seed &+ 3),
            parameters: rules)
    }

    public mutating func run() -> Outcome {
        var effects: [LineSimulation.Effect] = []
        perform(engine.opened(at: simulation.now))
        while !engine.isArmed { step(&effects) }
        // The last octet for the chip: busmonitor mode.
        simulation.advance(to: simulation.now + .milliseconds(10), effects: &effects)
        let begin = simulation.now
        let end = begin + .seconds(parameters.seconds)
        owed = Self.waiting
        while owed > 0 { send() }
        // To the end of a telegram: no witness sees a part of one.
        var telegrams = outcome.telegrams
        while simulation.now < end || outcome.telegrams == telegrams {
            telegrams = outcome.telegrams
            step(&effects)
        }
        let bits = BusTiming.bits(nanoseconds: (simulation.now - begin).nanoseconds)
        outcome.loadPermille = Int(occupiedBits * 1_000 / bits)
        perform(engine.finish(at: simulation.now))
        for event in assembler.finish() { byInterface.observe(event) }
        byChip.finish()
        byInterface.finish()
        outcome.trials = [byChip, byInterface]
        return outcome
    }

    /// Somebody who has nothing waiting wants the line.
    private mutating func send() {
        var sender = 0
        repeat { sender = Int(choices.next() % UInt64(parameters.senders)) } while wantedAt[sender] != nil
        wantedAt[sender] = outcome.telegrams
        owed -= 1
        simulation.send(traffic.next(sender: sender), fromDevice: sender, at: simulation.now)
    }

    private var isAnybodyStarving: Bool {
        wantedAt.contains { wanted in
            wanted.map { outcome.telegrams - $0 > Self.mostOvertaking } ?? false
        }
    }

    private mutating func step(_ effects: inout [LineSimulation.Effect]) {
        guard let due = simulation.nextDue else { preconditionFailure("a loaded line never comes to rest") }
        simulation.advance(to: due, effects: &effects)
        for effect in effects {
            switch effect {
            case .toHost(_, let octet, let due):
                if !byChip.isLosing { hear(octet, at: due) }
            case .record(.frame(let frame)): passed(frame)
            case .record(.confirmation(let sender, _, _)):
                guard let sender = Int(sender) else { break }
                wantedAt[sender] = nil
                owed += 1
                if !isAnybodyStarving {
                    while owed > 0 { send() }
                }
            case .record, .toInterface: break
            }
        }
        effects.removeAll(keepingCapacity: true)
    }

    private mutating func hear(_ octet: UInt8, at due: Instant) {
        while let deadline = engine.nextDeadline, deadline < due { perform(engine.tick(at: deadline)) }
        perform(engine.received([octet], at: due))
    }

    private mutating func perform(_ effects: [InterfaceEffect]) {
        for effect in effects {
            switch effect {
            case .write(let octets): simulation.hostWrote(octets, chip: 0, at: simulation.now)
            case .emit(let event): byChip.observe(event)
            }
        }
    }

    private mutating func passed(_ frame: LineRecord.Frame) {
        if !byInterface.isLosing {
            for (message, instant) in interface.indications(of: frame) {
                for event in assembler.take(message, at: instant) { byInterface.observe(event) }
            }
        } else {
            // The interface numbers what its client never gets.
            _ = interface.indications(of: frame)
        }
        byChip.passed(frame, index: outcome.telegrams)
        byInterface.passed(frame, index: outcome.telegrams)
        outcome.telegrams += 1
        outcome.octets += frame.octets.count
        occupiedBits += Int64(BusLoad.cycleBits(frame.octets, isAcknowledged: frame.acknowledge != nil))
        let drawn = pauses.next()
        guard drawn % 1_000 < parameters.pausesPerMille else { return }
        let bits = Int64(BusTiming.idleBitsNormal) + Int64(drawn >> 32) % (parameters.longestPauseBits + 1)
        _ = simulation.holdStarts(
            until: simulation.now + Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: bits)))
    }
}
