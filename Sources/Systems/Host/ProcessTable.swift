import Platform

/// One process as /proc shows it.
struct ProcessEntry: Hashable, Sendable {
    /// In the reader's own process namespace.
    var pid: Int32
    var parent: Int32
    /// The number in the innermost process namespace: what the system under test itself calls it.
    var innerPID: Int32
    /// Name of the program, at most 15 octets.
    var command: String
    /// `R`, `S`, `D`, `T`, `Z`, …
    var state: String
    var threads: Int64
    var residentKilobytes: Int64
    /// The most that was ever resident at once.
    var peakKilobytes: Int64

    /// Reads the text of /proc/PID/status.
    init?(status: String) {
        var values: [Substring: Substring] = [:]
        for line in status.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        }
        guard let pid = values["Pid"].flatMap({ Int32($0) }), let parent = values["PPid"].flatMap({ Int32($0) }) else {
            return nil
        }
        self.pid = pid
        self.parent = parent
        innerPID = (values["NSpid"]?.split(separator: "\t").last).flatMap { Int32($0) } ?? pid
        command = String(values["Name"] ?? "")
        state = String((values["State"] ?? "?").prefix(1))
        threads = (values["Threads"]).flatMap { Int64($0) } ?? 0
        func kilobytes(_ key: Substring) -> Int64 {
            values[key]?.split(separator: " ").first.flatMap { Int64($0) } ?? 0
        }
        residentKilobytes = kilobytes("VmRSS")
        peakKilobytes = kilobytes("VmHWM")
    }
}

enum ProcessTable {
    /// Every process that still exists when its turn comes; zombies are left out.
    static func read(root: String = "/proc") -> [ProcessEntry] {
        Files.entries(of: root).compactMap { name in
            guard Int32(name) != nil else { return nil }
            return entry(name, root: root)
        }.filter { $0.state != "Z" }
    }

    /// `R`, `S`, `T`, `Z`, …; nil when there is no such process any more.
    static func state(of pid: Int32) -> String? { entry(String(pid), root: "/proc")?.state }

    private static func entry(_ pid: String, root: String) -> ProcessEntry? {
        guard let octets = try? Files.read("\(root)/\(pid)/status") else { return nil }
        return ProcessEntry(status: String(decoding: octets, as: UTF8.self))
    }

    /// The processes below `pid`, children before grandchildren.
    ///
    /// Walks /proc/PID/task/TID/children, so that a look costs the size of the tree and not that of the whole machine.
    static func descendants(of pid: Int32) -> [ProcessEntry] {
        var found: [ProcessEntry] = []
        var waiting = children(of: pid)
        while let next = waiting.first {
            waiting.removeFirst()
            guard let entry = entry(String(next), root: "/proc") else { continue }
            if entry.state != "Z" { found.append(entry) }
            waiting += children(of: next)
        }
        return found
    }

    private static func children(of pid: Int32) -> [Int32] {
        Files.entries(of: "/proc/\(pid)/task").flatMap { thread -> [Int32] in
            guard let octets = try? Files.read("/proc/\(pid)/task/\(thread)/children") else { return [] }
            return String(decoding: octets, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
        }
    }
}
