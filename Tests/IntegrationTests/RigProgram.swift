import Events
import Foundation
import Glibc
import Platform
import Testing

/// The release program, as a user starts it.
enum RigProgram {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static let path = root + "/.build/release/knxrig"

    struct Output {
        var status: Int32
        var output: String
        var error: String
    }

    /// A program that was started and not waited for yet.
    struct Started {
        let process: ChildProcess
        let outputFile: String
        let errorFile: String

        func finish(within seconds: Int64 = 300) throws -> Output {
            guard let exit = process.wait(until: MonotonicClock.now() + .seconds(seconds)) else {
                process.send(signal: SIGKILL)
                _ = process.wait()
                throw SystemFailure("see the end of", "knxrig", code: ETIMEDOUT)
            }
            let status: Int32 = if case .status(let status) = exit { status } else { -1 }
            return Output(
                status: status, output: String(decoding: try Files.read(outputFile), as: UTF8.self),
                error: String(decoding: try Files.read(errorFile), as: UTF8.self))
        }
    }

    /// Starts the program with its output going to files of `directory`.
    static func start(
        _ arguments: [String], in directory: String, environment: [String: String]? = nil, program: String? = nil
    ) throws -> Started {
        let name = UUID().uuidString
        let files = (directory + "/\(name).out", directory + "/\(name).err")
        func file(_ path: String) -> Descriptor {
            Descriptor(owning: unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644))
        }
        var request = ChildProcess.Request(path: program ?? path, arguments: arguments)
        request.standardOutput = file(files.0)
        request.standardError = file(files.1)
        request.environment = environment
        request.workingDirectory = root
        // A session of its own, as a shell gives it, so that signals to it are not signals to the tests.
        request.newSession = true
        return Started(process: try ChildProcess.spawn(request), outputFile: files.0, errorFile: files.1)
    }

    static func run(
        _ arguments: [String], environment: [String: String]? = nil, within seconds: Int64 = 300
    ) throws -> Output {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        return try start(arguments, in: directory.path, environment: environment).finish(within: seconds)
    }

    /// A shell script in a mount namespace of its own, where what it mounts or hides is nobody else's.
    static func shell(_ script: String) throws -> Output {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        return try start(
            ["--mount", "--propagation", "private", "/bin/sh", "-c", script], in: directory.path, program: "unshare"
        ).finish(within: 120)
    }

    /// Processes of the whole machine that have `text` in their command line: who was left behind?
    static func processes(mentioning text: String) -> [String] {
        Files.entries(of: "/proc").filter { Int32($0) != nil && $0 != String(getpid()) }.compactMap { pid in
            guard let octets = try? Files.read("/proc/\(pid)/cmdline") else { return nil }
            let line = String(decoding: octets.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
            return line.contains(text) ? "\(pid): \(line)" : nil
        }
    }

    static func commandLine(_ pid: Int32) -> String {
        guard let octets = try? Files.read("/proc/\(pid)/cmdline") else { return "" }
        return String(decoding: octets.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
    }

    /// Children of a process that are knxrig themselves.
    static func children(of pid: Int32) -> [Int32] {
        Files.entries(of: "/proc/\(pid)/task").flatMap { thread in
            let octets = (try? Files.read("/proc/\(pid)/task/\(thread)/children")) ?? []
            return String(decoding: octets, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
        }.filter { commandLine($0).contains("knxrig") }
    }

    /// JSON lines of a file that may still be written.
    static func lines(_ path: String) -> [Value] {
        guard let octets = try? Files.read(path) else { return [] }
        return octets.split(separator: 0x0A).compactMap { try? JSON.parse($0) }
    }

    /// Waits until `condition`, asking ten times a second.
    static func wait(_ seconds: Int64, _ condition: () -> Bool) -> Bool {
        let deadline = MonotonicClock.now() + .seconds(seconds)
        while MonotonicClock.now() < deadline {
            if condition() { return true }
            MonotonicClock.sleep(for: .milliseconds(100))
        }
        return condition()
    }
}
