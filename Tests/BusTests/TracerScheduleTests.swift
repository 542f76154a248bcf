import Events
import KNX
import Testing

@testable import Bus

@Suite struct TracerScheduleTests {
    static let start = Instant(nanoseconds: 5_000_000_000)

    private func raw(_ value: GroupValue) -> Int {
        (try? DPT9(value).hundredths) ?? .max
    }

    @Test func dueInstantsDoNotDrift() {
        var schedule = TracerSchedule(addressCount: 20, millihertz: 17_454, from: Self.start)
        var dues: [Instant] = []
        var now = Self.start
        while dues.count < 17_455 {
            switch schedule.next(at: now) {
            case .wait(let until): now = until
            case .send(let tracer): dues.append(tracer.due)
            case .slipped: Issue.record("slipped")
            }
        }
        #expect(dues[17_454] - dues[0] == .seconds(1000))
        #expect(zip(dues, dues.dropFirst()).allSatisfy { (57_293_000...57_294_000).contains(($1 - $0).nanoseconds) })
    }

    @Test(arguments: [1, 2, 7, 20, 256]) func countsTellAddressesAndOrder(_ addresses: Int) {
        var schedule = TracerSchedule(addressCount: addresses, millihertz: 1_000_000, from: Self.start)
        var now = Self.start
        var last = [Int?](repeating: nil, count: addresses)
        for number in 0..<(addresses * 50) {
            guard case .send(let tracer) = schedule.next(at: now) else {
                Issue.record("nothing was due")
                return
            }
            #expect(tracer.address == number % addresses)
            let code = raw(tracer.value)
            #expect(DPT9.exactHundredths.contains(code))
            if let before = last[tracer.address] { #expect((code - before + 4096) % 4096 == 1) }
            last[tracer.address] = code
            now = now + .milliseconds(1)
        }
        #expect(Set(last).count == addresses)
    }

    @Test func lateOnesAreSentUntilTheyAreTooLate() {
        var schedule = TracerSchedule(addressCount: 4, millihertz: 100_000, from: Self.start)
        var sent = 0
        while case .send = schedule.next(at: Self.start + .milliseconds(100)) { sent += 1 }
        #expect(sent == 11)
        let late = Self.start + .milliseconds(300)
        #expect(schedule.next(at: late) == .slipped(.milliseconds(190)))
        guard case .send(let tracer) = schedule.next(at: late) else {
            Issue.record("nothing was due")
            return
        }
        // The next count of its address: the skipped ones were never due.
        #expect(tracer.address == 3 && tracer.due == late)
        #expect(raw(tracer.value) == (3 * 1517 + 2) % 4096 - 2048)
    }

    @Test func resumingGoesOnWithTheCounts() {
        var schedule = TracerSchedule(addressCount: 1, millihertz: 1000, from: Self.start)
        guard case .send(let first) = schedule.next(at: Self.start) else { return }
        let later = Self.start + .seconds(60)
        schedule.resume(at: later)
        guard case .send(let second) = schedule.next(at: later) else {
            Issue.record("nothing was due")
            return
        }
        #expect(second.due == later)
        #expect(raw(second.value) - raw(first.value) == 1)
    }

    /// Senders that each go as fast as they can: an address stays with its sender, bursts stay together, and counts go on, also into the steady rate.
    @Test(arguments: [(24, 2), (5, 2), (1, 2), (7, 3), (2, 1)])
    func lanesShareAddressesAndCounts(addresses: Int, lanes: Int) throws {
        var schedule = TracerSchedule(addressCount: addresses, millihertz: 1_000_000, from: Self.start)
        var last = [Int: Int]()
        var order: [[Int]] = Array(repeating: [], count: lanes)
        for _ in 0..<200 {
            for lane in 0..<lanes {
                guard let tracer = schedule.next(ofLane: lane, of: lanes, burst: 3, at: Self.start) else {
                    #expect(lane >= addresses)
                    continue
                }
                #expect(tracer.address % lanes == lane && tracer.address < addresses && tracer.due == Self.start)
                let code = raw(tracer.value)
                if let before = last[tracer.address] { #expect((code - before + 4096) % 4096 == 1) }
                last[tracer.address] = code
                order[lane].append(tracer.address)
            }
        }
        #expect(last.count == addresses)
        for lane in order {
            for start in stride(from: 0, to: lane.count - 2, by: 3) {
                #expect(Set(lane[start..<start + 3]).count == 1)
            }
        }
        guard case .send(let steady) = schedule.next(at: Self.start) else {
            Issue.record("nothing was due")
            return
        }
        #expect((raw(steady.value) - (last[steady.address] ?? 0) + 4096) % 4096 == 1)
    }
}

@Suite struct LineGuardTests {
    private let guardian = LineGuard(
        sources: [
            IndividualAddress(raw: 0x110A)...IndividualAddress(raw: 0x110B),
            IndividualAddress(raw: 0x11C8)...IndividualAddress(raw: 0x11D7),
        ], groups: GroupAddress(raw: 0x0800)...GroupAddress(raw: 0x0FFF))

    @Test(arguments: [
        ("1.1.10", "1/0/0", nil), ("1.1.11", "1/7/255", nil), ("1.1.215", "1/2/3", nil),
        ("1.1.12", "1/0/0", "1.1.12 sent to 1/0/0"), ("1.1.216", "1/0/0", "1.1.216 sent to 1/0/0"),
        ("1.1.0", "1/0/0", "line coupler"), ("2.3.0", "1/0/0", "line coupler"),
        ("1.1.10", "2/0/0", "1.1.10 sent to 2/0/0"), ("1.1.10", "0/7/255", "outside the `groups`"),
        ("1.1.10", "0/0/0", "broadcast"), ("15.15.255", "1/0/0", "15.15.255"),
    ]) func judges(_ source: String, _ group: String, _ sentence: String?) throws {
        let frame = TP1Frame(
            source: try #require(IndividualAddress(source)), destination: .group(try #require(GroupAddress(group))),
            transportUnit: [0x00, 0x81])
        let violation = guardian.observe(frame)
        #expect((violation == nil) == (sentence == nil))
        if let sentence { #expect(violation?.description.contains(sentence) == true) }
    }

    @Test func individualDestinationsAreNoGroups() {
        let frame = TP1Frame(
            source: IndividualAddress(raw: 0x110A), destination: .individual(IndividualAddress(raw: 0x2201)),
            transportUnit: [0x80])
        #expect(guardian.observe(frame) == nil)
    }
}
