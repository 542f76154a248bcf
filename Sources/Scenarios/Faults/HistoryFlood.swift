import Checkers
import Events
import KNX
import Platform
import Rigs
import Synchronization
import Systems

/// A hundred devices report as often as the line carries, every value twice; then the system is stopped, half of its history made old, and started again.
final class HistoryFlood: CommandedFault {
    private static let endsWithin = Instant.Span.seconds(10)
    private static let downFor = Instant.Span.seconds(2)
    /// With the tracers beside them these are 37 telegrams a second (measured): the line is busy and not full.
    private static let apart = Instant.Span.milliseconds(37)

    /// More may not wait for their turn on the line, or all of them are lost with one.
    private static let mostWaiting = 4
    /// One that the witness has not heard after this is lost.
    private static let lostAfter = Instant.Span.milliseconds(2500)

    private let telegrams: [TP1Frame]
    private let wanted: Int
    private let phase: Instant.Span
    let commanded = Commanded()
    private let ended = Mutex<Instant?>(nil)

    /// - Parameters:
    ///   - telegrams: More than are wanted, for those that do not get onto the line.
    ///   - wanted: So many the witness must have heard.
    init(telegrams: [TP1Frame], wanted: Int, phase: Instant.Span) {
        self.telegrams = telegrams
        self.wanted = wanted
        self.phase = phase
    }

    var announcement: String { "sending \(wanted) telegrams of devices, every value twice" }
    var healing: String { "starting the system again, with half of its history made old" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.watchHistory()
        try bench.sleep(until: MonotonicClock.now() + .milliseconds(600) + phase)
        let begun = MonotonicClock.now()
        commanded.set(begun)
        bench.recordLine("reports", purpose: "fault")
        try send(bench, since: begun)
        // What was sent last is stored before the end.
        try bench.sleep(until: MonotonicClock.now() + .seconds(1))
        let stop = try bench.terminateSystem(purpose: "restart", due: MonotonicClock.now())
        try bench.waitSystemEnded(until: stop.commanded + Self.endsWithin)
        try bench.ageHistory()
        ended.withLock { $0 = MonotonicClock.now() }
    }

    /// As fast as the line takes them, until the witness has heard as many as are wanted.
    private func send(_ bench: Bench, since begun: Instant) throws(Interruption) {
        var lost = 0
        for (number, telegram) in telegrams.enumerated() {
            bench.send(telegram)
            try bench.sleep(until: MonotonicClock.now() + Self.apart)
            let sent = number + 1
            var heard = bench.judged { $0.reports(after: begun) }
            let deadline = MonotonicClock.now() + Self.lostAfter
            while sent - lost - heard > (sent - lost < wanted ? Self.mostWaiting : 0), MonotonicClock.now() < deadline {
                try bench.sleep(until: MonotonicClock.now() + .milliseconds(20))
                heard = bench.judged { $0.reports(after: begun) }
            }
            if MonotonicClock.now() >= deadline { lost = sent - heard }
            if heard >= wanted { return }
        }
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: healDue(bench))
        try bench.startSystem(purpose: "start")
        bench.recordLine("quiet", purpose: "heal")
    }

    func sentinelsDue(_ bench: Bench) -> Instant { healDue(bench) - .milliseconds(1000) }

    func healDue(_ bench: Bench) -> Instant { (ended.withLock { $0 } ?? began(bench)) + Self.downFor }
}

extension TestPlan {
    /// So many telegrams of devices make a flood: each of half as many values is sent twice, one after the other.
    var historyReports: Int { historyTelegrams.count * 4 / 5 }

    /// The telegrams of a history flood, over the profile's devices in turn, with some to spare.
    var historyTelegrams: [TP1Frame] {
        let devices = (system.points.devices?.addresses ?? []).map(GroupAddress.init(raw:))
        guard let source = line.attachments(.stimulus).first?.address, !devices.isEmpty else { return [] }
        return (0..<200).flatMap { number in
            // Two octets with exponent 0, as a measured value of type 9 has them; the next round over the devices has others.
            let value: [UInt8] = [0x0C, UInt8(truncatingIfNeeded: 1 + number)]
            let frame = TP1Frame(
                source: source, destination: .group(devices[number % devices.count]),
                transportUnit: [0x00, 0x80] + value)
            return [frame, frame]
        }
    }
}
