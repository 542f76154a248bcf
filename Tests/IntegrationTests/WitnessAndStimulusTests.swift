import Bus
import Events
import Glibc
import KNX
import Platform
import Synchronization
import Testing
import Twin

/// Our own drivers on a simulated line with a real knxd beside them.
@Suite(.serialized, .enabled(if: Program.find("knxd") != nil), .timeLimit(.minutes(3)))
struct WitnessAndStimulusTests {
    private final class Inbox: Sendable {
        let telegrams = Mutex<[KnxdGroupClient.Telegram]>([])
    }

    /// Every frame that was on the line, in order, with its acknowledge; gives the errors of begin and end in microseconds.
    private func compare(_ line: LineFixture) -> [Int64] {
        let sent = line.sent
        let heard = line.heard
        #expect(heard.map(\.frame.octets) == sent.map(\.octets))
        #expect(heard.map(\.frame.acknowledge) == sent.map(\.acknowledge))
        #expect(heard.allSatisfy { $0.frame.flaw == nil })
        return zip(heard, sent).flatMap { heard, sent in
            [(heard.end - sent.ended).nanoseconds / 1000, (heard.frame.began - sent.began).nanoseconds / 1000]
        }
    }

    @Test func theWitnessHearsEverythingBothWays() throws {
        let line = try LineFixture(stimuli: 2)
        defer { line.end() }
        #expect(line.wait { line.isReady })
        let inbox = Inbox()
        let (knxd, client) = try line.knxd { telegram in inbox.telegrams.withLock { $0.append(telegram) } }
        defer {
            client.close()
            knxd.send(signal: SIGKILL)
            _ = knxd.wait()
        }
        let groups = (0..<20).map { GroupAddress(raw: 0x0900 + UInt16($0)) }
        let rate = BusLoad.millihertz(percent: 60, octets: TracerLoad.frameOctets)
        let load = try TracerLoad(.init(groups: groups, millihertz: rate), through: line.stimuli, sink: line.sink)
        for value in 0..<40 as Range<UInt8> {
            try client.send(.write(.octets([0x0C, value])), to: GroupAddress(raw: 0x0B01))
            MonotonicClock.sleep(for: .milliseconds(100))
        }
        load.stop()
        let group = GroupAddress(raw: 0x0C00)
        line.stimuli[0].setPoint(group, .octets([0x0C, 0x1A]), announce: false, role: .sentinel)
        try client.send(.read, to: group)
        #expect(line.wait { inbox.telegrams.withLock { $0.last?.service == .response(.octets([0x0C, 0x1A])) } })
        #expect(line.wait { line.heard.count == line.sent.count && line.stimuli.allSatisfy { $0.pendingCount == 0 } })
        let errors = compare(line)
        // Bounds that a busy machine keeps; what it is on an idle one is for measurement.
        #expect(errors.sorted()[errors.count / 2] < 1000)
        #expect(line.sent.count { $0.senders == ["sut"] } == 41)
        let fromStimuli = line.sent.count { $0.senders.first?.hasPrefix("stimulus") == true }
        #expect(fromStimuli == line.count(.confirmed))
        #expect(line.count(.unacknowledged) == 0 && line.count(.unanswered) == 0)
        // knxd has delivered to its client what the stimuli sent.
        #expect(line.wait { inbox.telegrams.withLock { $0.count } == fromStimuli })
    }

    /// On NCN51xx, whose frames are followed by their state, whose serial line is another, and whose addresses are set otherwise.
    @Test func theWitnessAndTheStimulusWorkOnNCN51xxBesideAKnxd() throws {
        let line = try LineFixture(model: .ncn5121)
        defer { line.end() }
        #expect(line.wait { line.isReady })
        let inbox = Inbox()
        let (knxd, client) = try line.knxd { telegram in inbox.telegrams.withLock { $0.append(telegram) } }
        defer {
            client.close()
            knxd.send(signal: SIGKILL)
            _ = knxd.wait()
        }
        // knxd's socket is there before its serial line is up.
        let group = GroupAddress(raw: 0x0C00)
        #expect(
            line.wait {
                line.stimuli[0].send(GroupAddress(raw: 0x0C01), .small(1), role: .other)
                MonotonicClock.sleep(for: .milliseconds(100))
                return inbox.telegrams.withLock { !$0.isEmpty }
            })
        #expect(line.wait { line.stimuli[0].pendingCount == 0 })
        let (before, unacknowledged) = (line.sent.count, line.count(.unacknowledged))
        line.stimuli[0].setPoint(group, .octets([0x0C, 0x1A]), announce: false, role: .sentinel)
        for value in 0..<10 as Range<UInt8> {
            // Nobody but the stimulus' chip could acknowledge it, and nobody but knxd what the stimulus sends.
            try client.send(.write(.octets([0xCB, value])), to: GroupAddress(raw: 0x0B01))
            line.stimuli[0].send(GroupAddress(raw: 0x0900), .octets([0xCB, value]), role: .other)
        }
        try client.send(.read, to: group)
        #expect(line.wait { inbox.telegrams.withLock { $0.last?.service == .response(.octets([0x0C, 0x1A])) } })
        #expect(line.wait { line.heard.count == line.sent.count && line.stimuli[0].pendingCount == 0 })
        let errors = compare(line)
        #expect(errors.sorted()[errors.count / 2] < 1000)
        #expect(line.sent.count { $0.senders == ["sut"] } == 11)
        #expect(line.sent.dropFirst(before).allSatisfy { $0.acknowledge == 0xCC })
        #expect(line.count(.unacknowledged) == unacknowledged && line.count(.unanswered) == 0)
        #expect(inbox.telegrams.withLock { $0.count { $0.group.raw == 0x0900 } } == 10)
    }

    @Test func aPowerCutLeavesNothingLate() throws {
        let line = try LineFixture(stimuli: 2)
        defer { line.end() }
        #expect(line.wait { line.isReady })
        let groups = (0..<20).map { GroupAddress(raw: 0x0900 + UInt16($0)) }
        let rate = BusLoad.millihertz(percent: 40, octets: TracerLoad.frameOctets)
        let load = try TracerLoad(.init(groups: groups, millihertz: rate), through: line.stimuli, sink: line.sink)
        #expect(line.wait { line.count(.confirmed) >= 20 })
        line.shell.connect(.supply(line: "main"), false)
        #expect(
            line.wait {
                line.stimuli.allSatisfy { line.reports(of: $0.source).contains(.silent) }
                    && line.reports(of: "witness").contains(.silent)
            })
        let dark = MonotonicClock.now()
        let unanswered = line.count(.unanswered)
        line.stimuli[0].setPoint(groups[0], .octets([0x0C, 0x1A]), announce: false, role: .sentinel)
        #expect(line.wait { line.count(.unanswered) >= unanswered + 20 })
        line.shell.connect(.supply(line: "main"), true)
        let returned = MonotonicClock.now()
        #expect(line.wait { line.isReady && line.sent.contains { $0.began > returned } })
        #expect(line.wait { line.sent.count { $0.began > returned } >= 20 })
        load.stop()
        #expect(line.wait { line.stimuli.allSatisfy { $0.pendingCount == 0 } })
        #expect(line.wait { line.heard.count == line.sent.count })
        // The first tracer on the line after the cut was due after it.
        let dues = line.events.compactMap { event -> (Instant, [UInt8])? in
            guard case .stimulus(let tracer) = event.payload, tracer.outcome == .due, tracer.role == .tracer else {
                return nil
            }
            return (event.instant, [UInt8(tracer.group >> 8), UInt8(tracer.group & 0xFF)] + tracer.raw)
        }
        for frame in line.sent where frame.began > returned {
            let key = Array(frame.octets[3...4] + frame.octets[8...9])
            let due = dues.last { $0.1 == key }?.0
            #expect(due.map { $0 > returned } == true, "\(frame.octets) was due before")
        }
        #expect(dues.count { $0.0 > dark && $0.0 < returned } >= 20)
        for source in ["witness", "stimulus1", "stimulus2"] {
            #expect(Array(line.reports(of: source).suffix(2)) == [.reset, .armed], "\(source)")
        }
        let gaps = line.events.compactMap { if case .gap(let gap) = $0.payload { gap } else { nil } }
        #expect(gaps.contains { $0.blind == "witness" && $0.from < dark && $0.to > returned })
    }

    @Test func unpluggingTheWitnessIsToldAndHeals() throws {
        let line = try LineFixture()
        defer { line.end() }
        #expect(line.wait { line.isReady })
        line.shell.connect(.interface(line: "main", chip: "witness"), false)
        #expect(line.wait { line.reports(of: "witness").last == .closed })
        line.shell.connect(.interface(line: "main", chip: "witness"), true)
        #expect(line.wait { line.reports(of: "witness").last == .armed })
        line.stimuli[0].send(GroupAddress(raw: 0x0901), .small(1), role: .other)
        #expect(line.wait { line.heard.count == 1 })
    }
}
