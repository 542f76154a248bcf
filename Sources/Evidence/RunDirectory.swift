import Glibc
public import Platform

/// Where one invocation of the rig puts what it saw: `results.json`, `report.html`, `junit.xml` and a directory per run.
public struct RunsDirectory: Hashable, Sendable {
    public let path: String

    /// Names a directory that is there, or may be.
    public init(path: String) {
        self.path = path
    }

    /// Makes the directory.
    ///
    /// - Parameter path: nil makes `./knxrig-runs/<UTC>`, such as `20261126T221530Z`; a second one within the same second becomes
    ///   `20261126T221530Z-2`.
    public static func create(_ path: String? = nil) throws(SystemFailure) -> RunsDirectory {
        if let path {
            try Files.makeDirectories(path)
            return RunsDirectory(path: path)
        }
        return try create(in: "knxrig-runs", at: time(nil))
    }

    static func create(in parent: String, at time: Int) throws(SystemFailure) -> RunsDirectory {
        try Files.makeDirectories(parent)
        let stamp = stamp(time)
        var attempt = 1
        while true {
            let path = parent + "/" + stamp + (attempt == 1 ? "" : "-\(attempt)")
            if unsafe mkdir(path, 0o755) == 0 { return RunsDirectory(path: path) }
            guard errno == EEXIST else { throw SystemFailure("make the directory", path) }
            attempt += 1
        }
    }

    /// UTC as `20261126T221530Z`.
    static func stamp(_ time: Int) -> String {
        var time = time_t(time)
        var parts = unsafe tm()
        unsafe gmtime_r(&time, &parts)
        let digits = { (number: Int32, width: Int) in
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        return unsafe digits(parts.tm_year + 1900, 4) + digits(parts.tm_mon + 1, 2) + digits(parts.tm_mday, 2) + "T"
            + digits(parts.tm_hour, 2) + digits(parts.tm_min, 2) + digits(parts.tm_sec, 2) + "Z"
    }

    /// Makes the directory of one repetition, `<ID>/<variant>/<NNN>/`, with `logs/` in it.
    ///
    /// - Parameter repetition: from 1.
    /// - Throws: EEXIST when it is there already: a run is never written over.
    public func makeRun(scenario: String, variant: String, repetition: Int) throws(SystemFailure) -> RunDirectory {
        let run = RunDirectory(path: path + "/" + RunDirectory.name(scenario, variant, repetition))
        let parent = path + "/" + RunDirectory.component(scenario) + "/" + RunDirectory.component(variant)
        try Files.makeDirectories(parent)
        guard unsafe mkdir(run.path, 0o755) == 0 else { throw SystemFailure("make the run directory", run.path) }
        try Files.makeDirectories(run.logsPath)
        return run
    }

    /// Takes back the directory of a run that was never begun, and those above it that hold nothing else. What anything was written to stays.
    public func takeBack(_ run: RunDirectory) {
        var path = run.logsPath
        while path != self.path, path.hasPrefix(self.path + "/"), unsafe rmdir(path) == 0 {
            path = String(path[..<path.lastIndex(of: "/")!])
        }
    }

    /// Whether there is a directory of that repetition.
    public func holdsRun(scenario: String, variant: String, repetition: Int) -> Bool {
        Files.exists(path + "/" + RunDirectory.name(scenario, variant, repetition))
    }

    /// The runs in the directory, sorted by their names.
    public var runs: [RunDirectory] {
        Files.entries(of: path).flatMap { scenario in
            Files.entries(of: "\(path)/\(scenario)").flatMap { variant in
                Files.entries(of: "\(path)/\(scenario)/\(variant)").map { repetition in
                    RunDirectory(path: "\(path)/\(scenario)/\(variant)/\(repetition)")
                }
            }
        }
        .filter { Files.exists($0.evidencePath) }
    }

    /// Octets that may still be written where the directory is.
    public func freeOctets() throws(SystemFailure) -> Int64 {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { throw SystemFailure("ask for the free space of", path) }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }

    /// Makes sure of the space that a run may need before anything is actuated.
    ///
    /// - Throws: ENOSPC when fewer than `octets` are free.
    public func requireSpace(octets: Int64) throws(SystemFailure) {
        guard try freeOctets() < octets else { return }
        throw SystemFailure("set \(octets / 1_000_000) MB aside for evidence in", path, code: ENOSPC)
    }
}

/// The directory of one run: its evidence and what was made from it.
public struct RunDirectory: Hashable, Sendable {
    public let path: String

    public init(path: String) {
        self.path = path
    }

    public var evidencePath: String { path + "/evidence.jsonl" }
    /// The keeper's own journal: it acts after the run is dead.
    public var keeperPath: String { path + "/keeper.jsonl" }
    public var verdictPath: String { path + "/verdict.json" }
    public var capturePath: String { path + "/line.pcapng" }
    public var logsPath: String { path + "/logs" }

    /// Its own last three components: `<ID>/<variant>/<NNN>`.
    public var nameBelowRuns: String { path.split(separator: "/").suffix(3).joined(separator: "/") }

    /// `<ID>/<variant>/<NNN>`: the run's name in results and reports, and its path below the runs directory.
    public static func name(_ scenario: String, _ variant: String, _ repetition: Int) -> String {
        let number = String(repetition)
        let padded = String(repeating: "0", count: max(0, 3 - number.utf8.count)) + number
        return component(scenario) + "/" + component(variant) + "/" + padded
    }

    /// A name as one component of a path: what is no letter, digit or one of `-._+` becomes `_`, so that no name leads elsewhere.
    static func component(_ name: String) -> String {
        let safe = name.unicodeScalars.map { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "-._+".unicodeScalars.contains(scalar))
                ? Character(scalar) : "_"
        }
        return safe.isEmpty || safe.allSatisfy { $0 == "." } ? "_" : String(safe)
    }
}
