import Events
import Glibc
import Platform
import Testing

@Suite struct ChildProcessTests {
    @Test func aChildGetsOnlyTheDescriptorsNamed() throws {
        let (ours, theirs) = try Socket.pair()
        let (stray, _) = try Socket.pair()
        let inheritable = dup(stray.number)
        defer { close(inheritable) }
        var request = ChildProcess.Request(
            path: "/bin/sh", arguments: ["-c", "echo /proc/$$/fd/* >&7"])
        request.descriptors = [(7, theirs)]
        let child = try ChildProcess.spawn(request)
        theirs.close()
        #expect(child.wait() == .status(0))
        let text = String(decoding: try ours.read(maximum: 1000) ?? [], as: UTF8.self)
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap {
            $0.split(separator: "/").last.flatMap { Int($0) }
        }
        // The shell opens the directory itself to list it.
        #expect(Set([0, 1, 2, 7]).isSubset(of: numbers))
        #expect(!numbers.contains(Int(inheritable)))
        #expect(numbers.count <= 5, "\(text)")
    }

    @Test func descriptorsMaySwapNumbers() throws {
        let (firstOurs, first) = try Socket.pair()
        let (secondOurs, second) = try Socket.pair()
        var request = ChildProcess.Request(
            path: "/bin/bash", arguments: ["-c", "echo a >&\(second.number); echo b >&\(first.number)"])
        request.descriptors = [(second.number, first), (first.number, second)]
        #expect(try ChildProcess.spawn(request).wait() == .status(0))
        #expect(try firstOurs.read(maximum: 10) == Array("a\n".utf8))
        #expect(try secondOurs.read(maximum: 10) == Array("b\n".utf8))
    }

    @Test func aMissingProgramIsNamed() {
        #expect(throws: SystemFailure("execute", "no-such-program", code: ENOENT)) {
            try ChildProcess.spawn(ChildProcess.Request(path: "no-such-program"))
        }
    }

    @Test func aKilledChildReportsItsSignalAndADeadlineComesFirst() throws {
        let child = try ChildProcess.spawn(ChildProcess.Request(path: "/bin/sleep", arguments: ["60"]))
        #expect(child.wait(until: MonotonicClock.now() + .milliseconds(20)) == nil)
        child.send(signal: SIGTERM)
        #expect(child.wait() == .signal(SIGTERM))
        child.send(signal: SIGTERM)
    }

    @Test(.enabled(if: geteuid() == 0, "namespaces need root"))
    func firstProcessOfItsOwnNamespacesDiesWithItsTree() throws {
        let (ours, theirs) = try Socket.pair()
        var request = ChildProcess.Request(path: "/bin/sh", arguments: ["-c", "setsid sleep 60 & echo $$ >&5; wait"])
        request.namespaces = [.network, .mount, .process]
        request.descriptors = [(5, theirs)]
        let child = try ChildProcess.spawn(request)
        theirs.close()
        _ = Poll.wait([(ours, .readable)], until: MonotonicClock.now() + .seconds(10))
        #expect(try ours.read(maximum: 10) == Array("1\n".utf8))
        child.send(signal: SIGKILL)
        #expect(child.wait() == .signal(SIGKILL))
        // The orphan held the other end of our socket: its end of file is its death.
        let ready = Poll.wait([(ours, .readable)], until: MonotonicClock.now() + .seconds(10))
        #expect(ready != [[]])
        #expect(try ours.read(maximum: 10) == [])
    }
}
