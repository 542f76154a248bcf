import Events
import KNX
import Platform
import Synchronization
import Testing

@testable import Bus
@testable import Twin

/// The witness on its thread and the twin's interface on its own, through a real socket.
@Suite(.serialized, .timeLimit(.minutes(2))) struct NetworkWitnessTests {
    private final class Bench: Sendable {
        let shell: TwinShell
        let witness: KNXnetIPWitness
        private let directory: TemporaryDirectory
        private let heard: Heard
        private let truth: Truth

        private final class Heard: Sendable { let events = Mutex<[Event]>([]) }
        private final class Truth: Sendable { let frames = Mutex<[LineRecord.Frame]>([]) }

        init() throws {
            directory = try TemporaryDirectory(prefix: "witness-")
            let everybody = [GroupAddress(raw: 0x3000)...GroupAddress(raw: 0x30FF)]
            let devices = [UInt16(0x110A), 0x1114].map {
                SimulatedDevice.Configuration(
                    id: "device \($0)", address: IndividualAddress(raw: $0), actuators: [], acknowledges: everybody)
            }
            let interface = TwinConfiguration.NetworkInterface(
                id: "ip",
                parameters: IPInterfaceParameters(
                    address: IndividualAddress(raw: 0x11F0), slots: [IndividualAddress(raw: 0x11F1)]))
            let line = TwinConfiguration.Line(id: "main", chips: [], devices: devices, interfaces: [interface])
            let truth = Truth()
            self.truth = truth
            shell = try TwinShell(TwinConfiguration(lines: [line], directory: directory.path)) { record in
                if case .line(_, .frame(let frame)) = record { truth.frames.withLock { $0.append(frame) } }
            }
            let heard = Heard()
            self.heard = heard
            witness = try KNXnetIPWitness(
                KNXnetIPWitness.Configuration(
                    source: "witness", line: "main", host: "127.0.0.1", port: shell.interfaces[0].port)
            ) { event in heard.events.withLock { $0.append(event) } }
        }

        var events: [Event] { heard.events.withLock { $0 } }
        var frames: [(frame: Event.Frame, at: Instant)] {
            events.compactMap { if case .frame(let frame) = $0.payload { (frame, $0.instant) } else { nil } }
        }
        var gaps: [Event.Gap] { events.compactMap { if case .gap(let gap) = $0.payload { gap } else { nil } } }
        var truths: [LineRecord.Frame] { truth.frames.withLock { $0 } }

        func send(_ value: UInt8, to group: UInt16 = 0x3001) {
            let frame = TP1Frame(
                source: IndividualAddress(raw: 0x110A), destination: .group(GroupAddress(raw: group)),
                transportUnit: [0x00, 0x80, value])
            shell.send(frame.octets, line: "main", device: "device 4362")
        }

        func wait(seconds: Int64 = 10, until condition: () -> Bool) -> Bool {
            let deadline = MonotonicClock.now() + .seconds(seconds)
            while !condition() {
                guard MonotonicClock.now() < deadline else { return false }
                MonotonicClock.sleep(for: .milliseconds(5))
            }
            return true
        }

        func end() {
            witness.stop()
            shell.stop()
            directory.remove()
        }
    }

    @Test func framesAreToldWithTheirAcknowledgesAndInstants() throws {
        let bench = try Bench()
        defer { bench.end() }
        #expect(bench.wait { bench.witness.isArmed })
        for value in UInt8(1)...20 { bench.send(value) }
        // Nobody has this group: four times without acknowledge.
        bench.send(21, to: 0x7001)
        #expect(bench.wait { bench.frames.count >= 24 })
        #expect(bench.frames.map(\.frame.octets) == bench.truths.map(\.octets))
        #expect(bench.frames.map(\.frame.acknowledge) == bench.truths.map(\.acknowledge))
        #expect(bench.frames.suffix(4).allSatisfy { $0.frame.acknowledge == nil })
        #expect(bench.frames.allSatisfy { $0.frame.flaw == nil } && bench.gaps.isEmpty)
        // Later than the line by what the interface takes at least, and with one offset for all that follow the best.
        for (told, truth) in zip(bench.frames, bench.truths) { #expect(told.at >= truth.ended) }
        // It lets go of the tunnel when it ends, so that the next one finds it free.
        bench.witness.stop()
        let next = try KNXnetIPWitness(
            KNXnetIPWitness.Configuration(
                source: "witness", line: "main", host: "127.0.0.1", port: bench.shell.interfaces[0].port)
        ) { _ in }
        defer { next.stop() }
        #expect(bench.wait(seconds: 5) { next.isArmed })
    }

    @Test func aPulledCableIsAGap() throws {
        let bench = try Bench()
        defer { bench.end() }
        #expect(bench.wait { bench.witness.isArmed })
        for value in UInt8(1)...12 { bench.send(value) }
        #expect(bench.wait { bench.frames.count == 12 })
        bench.shell.connect(.interface(line: "main", chip: "ip"), false)
        let cut = MonotonicClock.now()
        MonotonicClock.sleep(for: .milliseconds(100))
        bench.send(99)
        // The interface gives the tunnel up after two seconds; the witness has asked after one and is answered when the cable is back.
        MonotonicClock.sleep(for: .milliseconds(3_000))
        bench.shell.connect(.interface(line: "main", chip: "ip"), true)
        #expect(bench.wait(seconds: 30) { !bench.gaps.isEmpty && bench.witness.isArmed })
        bench.send(13)
        #expect(bench.wait { bench.frames.last?.frame.octets.dropLast().last == 13 })
        #expect(!bench.frames.contains { $0.frame.octets.dropLast().last == 99 })
        let missed = try #require(bench.truths.first { $0.octets.dropLast().last == 99 })
        #expect(bench.gaps.contains { $0.from <= cut && missed.ended >= $0.from && missed.ended <= $0.to })
    }
}
