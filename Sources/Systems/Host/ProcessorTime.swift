import Events
import Glibc
import Platform

/// What the kernel counts of a thread (/proc/PID/task/TID/schedstat), nanoseconds since it was started.
struct ProcessorTime: Hashable, Sendable {
    /// On a processor.
    var worked: Int64
    /// Ready to run, and on no processor because others were. The kernel adds a wait when it ends.
    var waited: Int64

    /// Reads the text of schedstat: both times and the number of turns.
    init?(schedstat: String) {
        let fields = schedstat.split(whereSeparator: \.isWhitespace).map { Int64($0) }
        guard fields.count >= 2, let worked = fields[0], let waited = fields[1], worked >= 0, waited >= 0 else {
            return nil
        }
        self.worked = worked
        self.waited = waited
    }

    /// Of every thread of `processes` that still exists when its turn comes; empty where the kernel counts none of it.
    static func ofThreads(of processes: [Int32]) -> [Int32: ProcessorTime] {
        var times: [Int32: ProcessorTime] = [:]
        for process in processes {
            for name in Files.entries(of: "/proc/\(process)/task") {
                guard let thread = Int32(name),
                    let octets = try? Files.read("/proc/\(process)/task/\(name)/schedstat"),
                    let time = ProcessorTime(schedstat: String(decoding: octets, as: UTF8.self))
                else { continue }
                times[thread] = time
            }
        }
        return times
    }
}

/// How the system under test shares this computer with others, from look to look.
struct ProcessorWatch {
    struct Share: Equatable {
        /// Milliseconds of each second that the thread which waited longest stood ready and got no processor.
        var waitedMilliseconds: Int64
        /// What all threads together got of all processors.
        var workedPermille: Int64
    }

    private let processors: Int64
    private var previous: (times: [Int32: ProcessorTime], instant: Instant)?

    init(processors: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) {
        self.processors = Int64(processors)
    }

    /// - Returns: what was since the look before; nil for the first one, and where the kernel counts nothing.
    mutating func looked(_ times: [Int32: ProcessorTime], at instant: Instant) -> Share? {
        defer { previous = (times, instant) }
        guard let previous, !times.isEmpty, instant > previous.instant else { return nil }
        let length = (instant - previous.instant).nanoseconds
        var longest: Int64 = 0
        var worked: Int64 = 0
        for (thread, now) in times {
            // A thread that was not there, or whose number another had, began since then.
            var before = previous.times[thread] ?? ProcessorTime(worked: 0, waited: 0)
            if now.worked < before.worked || now.waited < before.waited { before = .init(worked: 0, waited: 0) }
            longest = max(longest, now.waited - before.waited)
            worked += now.worked - before.worked
        }
        return Share(
            waitedMilliseconds: longest * 1_000 / length, workedPermille: worked * 1_000 / (length * processors))
    }
}

extension ProcessorTime {
    init(worked: Int64, waited: Int64) {
        self.worked = worked
        self.waited = waited
    }
}
