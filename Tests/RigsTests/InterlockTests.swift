import Events
import Platform
import Synchronization
import Testing

@testable import Rigs

/// What the keeper refuses or does by itself; each would go unnoticed without its interlock.
@Suite struct InterlockTests {
    static func interlocks(longestSeconds: Int64 = 10, cycles: Int = 3, life: Int = 100, operations: Int = 0)
        -> Interlocks
    {
        Interlocks(
            [
                "bus": .init(
                    longestCutNanoseconds: longestSeconds * 1_000_000_000, cyclesPerHour: cycles, contactLife: life)
            ], operations: ["bus": operations])
    }

    static func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test func theLongestCutTripsAtItsInstantAndNotBefore() {
        var interlocks = Self.interlocks()
        interlocks.commanded("bus", cut: true, at: Self.at(5))
        #expect(interlocks.nextDeadline == Self.at(15))
        #expect(interlocks.trip(at: Self.at(15) - .milliseconds(1)) == nil)
        #expect(interlocks.trip(at: Self.at(15))?.contains("cut for 10 s, the longest") == true)
        interlocks.commanded("bus", cut: false, at: Self.at(14))
        #expect(interlocks.trip(at: Self.at(100)) == nil)
        #expect(interlocks.nextDeadline == nil)
    }

    @Test func aSecondCommandToCutDoesNotBuyTime() {
        var interlocks = Self.interlocks()
        interlocks.commanded("bus", cut: true, at: Self.at(5))
        interlocks.commanded("bus", cut: true, at: Self.at(12))
        #expect(interlocks.trip(at: Self.at(15)) != nil)
    }

    @Test func aSilentClientTripsAfterTwoSeconds() {
        var interlocks = Self.interlocks()
        #expect(interlocks.trip(at: Self.at(100)) == nil)
        interlocks.beat(at: Self.at(1))
        #expect(interlocks.trip(at: Self.at(3) - .milliseconds(1)) == nil)
        #expect(interlocks.trip(at: Self.at(3))?.contains("not been heard") == true)
        interlocks.beat(at: Self.at(4))
        #expect(interlocks.trip(at: Self.at(5)) == nil)
        interlocks.clientGone()
        #expect(interlocks.trip(at: Self.at(50)) == nil)
    }

    @Test func cyclesPerHourAreCountedOverTheLastHourOnly() {
        var interlocks = Self.interlocks(cycles: 3)
        for start in [0, 10, 20] as [Int64] {
            #expect(interlocks.refusal(ofCutting: "bus", at: Self.at(start)) == nil)
            interlocks.commanded("bus", cut: true, at: Self.at(start))
            interlocks.commanded("bus", cut: false, at: Self.at(start + 5))
        }
        #expect(interlocks.refusal(ofCutting: "bus", at: Self.at(30))?.contains("3 times within an hour") == true)
        #expect(interlocks.refusal(ofCutting: "bus", at: Self.at(3_601)) == nil)
    }

    @Test func aWornContactWarnsAndThenRefuses() {
        var interlocks = Self.interlocks(cycles: 1_000, life: 100, operations: 78)
        #expect(interlocks.warning(about: "bus") == nil)
        interlocks.commanded("bus", cut: true, at: Self.at(1))
        #expect(interlocks.warning(about: "bus")?.contains("80 of 100") == true)
        #expect(interlocks.refusal(ofCutting: "bus", at: Self.at(2)) == nil)
        let worn = Self.interlocks(life: 100, operations: 100)
        #expect(worn.refusal(ofCutting: "bus", at: Self.at(2))?.contains("worn out") == true)
        #expect(worn.refusal(ofCutting: "other", at: Self.at(2))?.contains("no channel") == true)
    }

    @Test func queuedCutsCountBeforeTheyAreMade() {
        var interlocks = Self.interlocks(cycles: 2)
        interlocks.promised(cutting: "bus")
        interlocks.promised(cutting: "bus")
        #expect(interlocks.refusal(ofCutting: "bus", at: Self.at(1))?.contains("2 times within an hour") == true)
        // One is made and counts on; the other one was overtaken and counts no more.
        interlocks.fulfilled(cutting: "bus")
        interlocks.commanded("bus", cut: true, at: Self.at(2))
        #expect(interlocks.refusal(ofCutting: "bus", at: Self.at(3)) != nil)
        interlocks.fulfilled(cutting: "bus")
        #expect(interlocks.refusal(ofCutting: "bus", at: Self.at(3)) == nil)
        interlocks.fulfilled(cutting: "bus")
        interlocks.promised(cutting: "bus")
        #expect(interlocks.refusal(ofCutting: "bus", at: Self.at(3)) != nil, "nothing was left to fulfil")

        var worn = Self.interlocks(life: 100, operations: 98)
        #expect(worn.refusal(ofCutting: "bus", at: Self.at(1)) == nil)
        worn.promised(cutting: "bus")
        #expect(worn.refusal(ofCutting: "bus", at: Self.at(1))?.contains("worn out") == true)
    }

    @Test func aChannelThatDidNotFollowStaysCut() {
        var interlocks = Self.interlocks()
        interlocks.commanded("bus", cut: true, followed: false, at: Self.at(5))
        interlocks.commanded("bus", cut: false, followed: false, at: Self.at(7))
        #expect(interlocks.trip(at: Self.at(15)) != nil)
        interlocks.commandedSafe(["bus"])
        #expect(interlocks.trip(at: Self.at(15)) == nil)
    }

    @Test func theSafeStateOfOneBoardLeavesTheOtherArmed() {
        let limits = Interlocks.Limits(
            longestCutNanoseconds: 10_000_000_000, cyclesPerHour: 3, contactLife: 100)
        var interlocks = Interlocks(["bus": limits, "host": limits], operations: [:])
        interlocks.commanded("bus", cut: true, at: Self.at(1))
        interlocks.commanded("host", cut: true, at: Self.at(2))
        interlocks.commandedSafe(["bus"])
        #expect(interlocks.nextDeadline == Self.at(12))
    }

    @Test func theGuardianHasTheLockOfAnUnsafeRigAndANewKeeperWaitsForIt() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        var lock: RigLock? = try RigLock(
            directory: directory.path, board: "A", holder: "\(RigLock.guardian), process 1")
        let began = MonotonicClock.now()
        let impatient = #expect(throws: RigLock.Refusal.self) {
            try RigLock(directory: directory.path, board: "A", holder: "keeper")
        }
        #expect(impatient?.description.contains("held by knxrig guardian, process 1") == true)
        let held = Mutex(lock)
        lock = nil
        let thread = NamedThread.start("guardian") {
            MonotonicClock.sleep(for: .milliseconds(200))
            held.withLock { $0 = nil }
        }
        let next = try RigLock(directory: directory.path, board: "A", holder: "keeper", waitingForGuardian: true)
        #expect(MonotonicClock.now() - began >= .milliseconds(200))
        thread.join()
        // Only a guardian is waited for.
        #expect(throws: RigLock.Refusal.self) {
            try RigLock(directory: directory.path, board: "A", holder: "other", waitingForGuardian: true)
        }
        next.markUnsafe("somebody must look")
        withExtendedLifetime(next) {}
    }

    @Test func aReleasedLockIsFreeWhileChildrenAreBeingStarted() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let isDone = Atomic(false)
        let spawning = NamedThread.start("spawning") {
            while !isDone.load(ordering: .acquiring) {
                _ = try? ChildProcess.spawn(ChildProcess.Request(path: "/bin/true")).wait()
            }
        }
        defer {
            isDone.store(true, ordering: .releasing)
            spawning.join()
        }
        let end = MonotonicClock.now() + .milliseconds(500)
        var refusals = 0
        while MonotonicClock.now() < end {
            do {
                _ = try RigLock(directory: directory.path, board: "A", holder: "keeper")
            } catch {
                refusals += 1
            }
        }
        #expect(refusals == 0)
    }

    @Test func anUnsafeMarkDoesNotKeepTheGuardianOut() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        BoardPlaces(directory: directory.path).setMark("somebody must look", board: "A")
        #expect(throws: RigLock.Refusal.self) { try RigLock(directory: directory.path, board: "A", holder: "keeper") }
        _ = try RigLock(directory: directory.path, board: "A", holder: "guardian", evenUnsafe: true)
    }

    @Test func oneKeeperPerBoardAndAnUnsafeRigIsNotToBeHad() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        var lock: RigLock? = try RigLock(directory: directory.path, board: "dcttech board A", holder: "run one")
        #expect(lock != nil)
        let held = #expect(throws: RigLock.Refusal.self) {
            try RigLock(directory: directory.path, board: "dcttech board A", holder: "run two")
        }
        #expect(held?.description.contains("is held by run one") == true)
        _ = try RigLock(directory: directory.path, board: "dcttech board B", holder: "run two")
        lock?.markUnsafe("channel 'bus' did not follow")
        lock = nil
        let unsafe = #expect(throws: RigLock.Refusal.self) {
            try RigLock(directory: directory.path, board: "dcttech board A", holder: "run three")
        }
        #expect(unsafe?.description.contains("the rig is unsafe: channel 'bus' did not follow") == true)
        let mark = try #require(Files.entries(of: directory.path).first { $0.hasSuffix(".unsafe") })
        #expect(unsafe?.description.contains(mark) == true)
        Files.removeTree(directory.path + "/" + mark)
        _ = try RigLock(directory: directory.path, board: "dcttech board A", holder: "run four")
    }
}
