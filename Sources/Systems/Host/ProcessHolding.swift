import Platform

/// What a process of the system holds at one instant, from /proc.
public struct ProcessHolding: Sendable, Hashable {
    /// Its id in the profile.
    public var process: String
    public var isMain: Bool
    /// What the system itself calls it.
    public var pid: Int64
    /// Memory that it has written and shares with nobody, in memory or swapped out; nil when the kernel does not say.
    public var privateKilobytes: Int64?
    public var threads: Int64
    public var descriptors: Int64

    init(_ process: ProcessEntry, id: String, isMain: Bool) {
        self.process = id
        self.isMain = isMain
        pid = Int64(process.innerPID)
        threads = process.threads
        descriptors = Int64(Files.entries(of: "/proc/\(process.pid)/fd").count)
        // It costs the process a walk through its page tables: nothing to be done every second.
        privateKilobytes = (try? Files.read("/proc/\(process.pid)/smaps_rollup")).flatMap {
            Self.privateKilobytes(String(decoding: $0, as: UTF8.self))
        }
    }

    /// Reads the text of /proc/PID/smaps_rollup.
    static func privateKilobytes(_ text: String) -> Int64? {
        var values: [Substring: Int64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[2] == "kB", let value = Int64(words[1]) else { continue }
            values[words[0].dropLast()] = value
        }
        return values["Private_Dirty"].map { $0 + (values["SwapPss"] ?? 0) }
    }
}
