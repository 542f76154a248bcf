import Events
import Glibc
import Platform
import Testing

@testable import Systems

/// What the kernel counts of threads, and what is made of it.
@Suite struct ProcessorTimeTests {
    @Test(arguments: [
        ("646744 50445 1\n", 646_744, 50_445), ("0 0 0", 0, 0), ("12 13", 12, 13),
    ])
    func whatTheKernelWritesIsRead(text: String, worked: Int64, waited: Int64) {
        #expect(ProcessorTime(schedstat: text) == ProcessorTime(worked: worked, waited: waited))
    }

    @Test(arguments: ["", "12", "-1 5 1", "5 -1 1", "a b c", "99999999999999999999 1 1"])
    func whatIsNoneIsPassedOver(text: String) { #expect(ProcessorTime(schedstat: text) == nil) }

    static func share(_ first: [Int32: ProcessorTime], _ second: [Int32: ProcessorTime], after: Instant.Span)
        -> ProcessorWatch.Share?
    {
        var watch = ProcessorWatch(processors: 2)
        let began = Instant(nanoseconds: 1_000)
        #expect(watch.looked(first, at: began) == nil, "one look says nothing")
        return watch.looked(second, at: began + after)
    }

    static func time(_ worked: Int64, _ waited: Int64) -> ProcessorTime {
        ProcessorTime(worked: worked * 1_000_000, waited: waited * 1_000_000)
    }

    @Test func theLongestWaitAndAllWorkCount() {
        let first = [Int32(7): Self.time(1_000, 50), 8: Self.time(20, 30), 9: Self.time(5, 5)]
        let second = [Int32(7): Self.time(1_400, 150), 8: Self.time(20, 330), 10: Self.time(100, 200)]
        #expect(
            Self.share(first, second, after: .seconds(1))
                == ProcessorWatch.Share(waitedMilliseconds: 300, workedPermille: 250), "thread 10 began since then")
        #expect(
            Self.share(first, second, after: .seconds(2))
                == ProcessorWatch.Share(waitedMilliseconds: 150, workedPermille: 125))
    }

    /// The number of a thread that ended is given to another.
    @Test func aThreadThatCountsFromTheBeginningIsANewOne() {
        #expect(
            Self.share([7: Self.time(1_000, 500)], [7: Self.time(10, 600)], after: .seconds(1))
                == ProcessorWatch.Share(waitedMilliseconds: 600, workedPermille: 5))
    }

    @Test func whereTheKernelCountsNothingNothingIsSaid() {
        #expect(Self.share([:], [:], after: .seconds(1)) == nil)
        #expect(Self.share([7: Self.time(1, 1)], [7: Self.time(1, 1)], after: .zero) == nil)
    }

    /// Three programs that want one processor wait two thirds of the time, and the kernel says so.
    @Test func realProgramsThatShareAProcessorWait() throws {
        let status = String(decoding: try Files.read("/proc/self/status"), as: UTF8.self)
        let allowed = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") })
        let processor = try #require(allowed.split(whereSeparator: { !$0.isNumber }).first)
        var children: [ChildProcess] = []
        defer {
            for child in children {
                child.send(signal: SIGKILL)
                _ = child.wait()
            }
        }
        for _ in 0..<3 {
            children.append(
                try ChildProcess.spawn(
                    ChildProcess.Request(
                        path: "/usr/bin/taskset",
                        arguments: ["-c", String(processor), "/bin/sh", "-c", "while :; do :; done"])))
        }
        let numbers = children.map(\.pid)
        MonotonicClock.sleep(for: .milliseconds(200))
        var watch = ProcessorWatch()
        _ = watch.looked(ProcessorTime.ofThreads(of: numbers), at: MonotonicClock.now())
        MonotonicClock.sleep(for: .seconds(1))
        let share = watch.looked(ProcessorTime.ofThreads(of: numbers), at: MonotonicClock.now())
        #expect((share?.waitedMilliseconds ?? 0) > 400, "\(String(describing: share))")
        #expect((share?.workedPermille ?? 0) > 20, "\(String(describing: share))")
    }
}
