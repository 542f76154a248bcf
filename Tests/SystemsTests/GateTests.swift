import Events
import Glibc
import Platform
import Testing

@testable import Systems

@Suite struct GateTests {
    let collector = Collector()

    /// A free port: taken once and given back.
    func freePort() throws -> UInt16 { try Socket.listenTCP().port }

    var soon: Instant { MonotonicClock.now() + .seconds(5) }

    func changes() -> [Event.LinkChange.Change] {
        collector.all.compactMap { if case .link(let link) = $0.payload { link.change } else { nil } }
    }

    func receive(_ socket: Descriptor, count: Int) throws -> [UInt8] {
        var octets: [UInt8] = []
        while octets.count < count {
            if let some = try socket.read(maximum: 65_536) {
                if some.isEmpty { break }
                octets += some
            } else if Poll.wait([(socket, .readable)], until: soon)[0].isEmpty {
                break
            }
        }
        return octets
    }

    /// A closed gate before a service.
    func gate(to servicePort: UInt16) throws -> Gate {
        try Gate(id: "broker", port: try freePort(), servicePort: servicePort, inNetworkOf: nil, sink: collector.sink)
    }

    /// A connection of the system's through an open gate, and what the service has of it.
    func connect(_ gate: Gate, to listener: Descriptor) throws -> (system: Descriptor, accepted: Descriptor) {
        let system = try Socket.connectTCP(host: "127.0.0.1", port: gate.port, until: soon)
        return (system, try #require(try Socket.accept(listener, until: soon)))
    }

    @Test func octetsPassInBothDirectionsAndEndsToo() throws {
        let service = try Socket.listenTCP()
        let gate = try gate(to: service.port)
        defer { gate.stop() }
        try gate.open()
        let (system, accepted) = try connect(gate, to: service.listener)
        try system.writeAll(Array("hello".utf8), until: soon)
        #expect(try receive(accepted, count: 5) == Array("hello".utf8))
        // Half-closed: the system has said all, the service still answers.
        shutdown(system.number, Int32(SHUT_WR))
        #expect(try receive(accepted, count: 1) == [])
        let answer = [UInt8](repeating: 7, count: 300_000)
        let writer = NamedThread.start("writer") { try? accepted.writeAll(answer, until: nil) }
        #expect(try receive(system, count: answer.count) == answer)
        writer.join()
        accepted.close()
        #expect(try receive(system, count: 1) == [])
        #expect(eventually { changes() == [.opened, .connected, .disconnected] })
        #expect(gate.octets == (5, 300_000))
    }

    /// Refused for a while, and then as before: the service has seen the end of a connection and nothing else.
    @Test func aCutLinkResetsAndRefusesUntilItIsMended() throws {
        let service = try Socket.listenTCP()
        let gate = try gate(to: service.port)
        defer { gate.stop() }
        try gate.open()
        let (system, accepted) = try connect(gate, to: service.listener)
        try gate.trouble(.cut)
        #expect(!gate.isOpen)
        for end in [system, accepted] {
            let failure = #expect(throws: SystemFailure.self) {
                _ = Poll.wait([(end, .readable)], until: soon)
                _ = try end.read(maximum: 1)
            }
            #expect(failure?.code == ECONNRESET)
        }
        let refused = #expect(throws: SystemFailure.self) {
            try Socket.connectTCP(host: "127.0.0.1", port: gate.port, until: soon)
        }
        #expect(refused?.code == ECONNREFUSED)
        // Told again it is still cut.
        try gate.trouble(.cut)
        try gate.trouble(nil)
        #expect(gate.isOpen)
        let (next, taken) = try connect(gate, to: service.listener)
        try next.writeAll([9], until: soon)
        #expect(try receive(taken, count: 1) == [9])
        #expect(
            eventually { changes() == [.opened, .connected, .disconnected, .closed, .opened, .connected] },
            "\(changes())")
    }

    /// A gate that was closed stays closed when a cut that it never felt is over.
    @Test func aClosedGateIsNotOpenedByTheEndOfACut() throws {
        let service = try Socket.listenTCP()
        let gate = try gate(to: service.port)
        defer { gate.stop() }
        try gate.trouble(.cut)
        try gate.trouble(nil)
        #expect(!gate.isOpen)
        try gate.open()
        try gate.trouble(.cut)
        gate.close()
        try gate.trouble(nil)
        #expect(!gate.isOpen)
    }

    @Test func aHalfOpenLinkIsSilentAndForgetsItsConnections() throws {
        let service = try Socket.listenTCP()
        let gate = try gate(to: service.port)
        defer { gate.stop() }
        try gate.open()
        let (system, accepted) = try connect(gate, to: service.listener)
        try gate.trouble(.halfOpen)
        try system.writeAll([1, 2, 3], until: soon)
        try accepted.writeAll([4, 5], until: soon)
        let another = try Socket.connectTCP(host: "127.0.0.1", port: gate.port, until: soon)
        let later = MonotonicClock.now() + .milliseconds(300)
        let ready = Poll.wait([(system, .readable), (accepted, .readable), (another, .readable)], until: later)
        #expect(ready.allSatisfy { $0.isEmpty })
        try gate.trouble(nil)
        #expect(throws: SystemFailure.self) {
            _ = Poll.wait([(system, .readable)], until: soon)
            _ = try system.read(maximum: 1)
        }
        let next = try Socket.connectTCP(host: "127.0.0.1", port: gate.port, until: soon)
        let taken = try #require(try Socket.accept(service.listener, until: soon))
        try next.writeAll([9], until: soon)
        #expect(try receive(taken, count: 1) == [9])
        #expect(eventually { changes() == [.opened, .connected, .disconnected, .connected] })
        withExtendedLifetime(another) {}
    }

    /// How many connections to a port its process has not closed though the other side has: lines of state CLOSE_WAIT.
    private func forsaken(at port: UInt16) throws -> Int {
        let hexadecimal = String(port, radix: 16, uppercase: true)
        let place = "0100007F:" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
        return String(decoding: try Files.read("/proc/net/tcp"), as: UTF8.self).split(separator: "\n").count { line in
            let words = line.split(separator: " ")
            return words.count > 3 && words[1] == place && words[3] == "08"
        }
    }

    @Test func whoGivesUpOnAHalfOpenLinkAgainAndAgainUsesNothingUp() throws {
        let service = try Socket.listenTCP()
        let gate = try gate(to: service.port)
        defer { gate.stop() }
        try gate.open()
        try gate.trouble(.halfOpen)
        for _ in 1...300 { try Socket.connectTCP(host: "127.0.0.1", port: gate.port, until: soon).close() }
        // Those that wait hold nobody up, and get no answer.
        let waiting = try (1...150).map { _ in try Socket.connectTCP(host: "127.0.0.1", port: gate.port, until: soon) }
        #expect(eventually { (try? forsaken(at: gate.port)) == 0 })
        let later = MonotonicClock.now() + .milliseconds(200)
        #expect(Poll.wait(waiting.map { ($0, .readable) }, until: later).allSatisfy { $0.isEmpty })
        let rounds = gate.rounds
        MonotonicClock.sleep(for: .milliseconds(200))
        #expect(gate.rounds - rounds <= 1)
        try gate.trouble(nil)
        for socket in waiting {
            #expect(!Poll.wait([(socket, .readable)], until: soon)[0].isEmpty, "it is forgotten")
        }
        let sound = try connect(gate, to: service.listener)
        // Until here it holds both of its ends, so that nothing ends it.
        withExtendedLifetime(sound) { #expect(eventually { changes() == [.opened, .connected] }) }
    }

    /// In a process of its own, which is left without a descriptor.
    @Test func withoutADescriptorItWaitsForOne() async {
        await #expect(processExitsWith: .success) {
            let service = try Socket.listenTCP()
            let gate = try Gate(
                id: "broker", port: try Socket.listenTCP().port, servicePort: service.port, inNetworkOf: nil
            ) { _ in }
            try gate.open()
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            try #require(unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
            var numbers: [Int32] = []
            while case let number = unsafe open("/dev/null", O_RDONLY), number >= 0 { numbers.append(number) }
            #expect(throws: SystemFailure.self) { try ChildProcess.spawn(ChildProcess.Request(path: "/bin/true")) }
            let last = numbers.popLast()
            close(try #require(last))
            let system = try Socket.connectTCP(
                host: "127.0.0.1", port: gate.port, until: MonotonicClock.now() + .seconds(1))
            MonotonicClock.sleep(for: .milliseconds(50))
            let rounds = gate.rounds
            MonotonicClock.sleep(for: .milliseconds(500))
            #expect(gate.rounds - rounds < 20)
            for number in numbers { close(number) }
            try system.writeAll([1, 2, 3])
            let accepted = try #require(
                try Socket.accept(service.listener, until: MonotonicClock.now() + .seconds(5)))
            #expect(!Poll.wait([(accepted, .readable)], until: MonotonicClock.now() + .seconds(5))[0].isEmpty)
            #expect(try accepted.read(maximum: 3) == [1, 2, 3])
            gate.stop()
        }
    }

    @Test func aConnectionIsCutInTheMiddleOfWhatTheSystemSends() throws {
        let service = try Socket.listenTCP()
        let gate = try gate(to: service.port)
        defer { gate.stop() }
        try gate.open()
        let (system, accepted) = try connect(gate, to: service.listener)
        try gate.trouble(.cuttingInFrame)
        try accepted.writeAll([1, 2], until: soon)
        #expect(try receive(system, count: 2) == [1, 2])
        try system.writeAll([1, 2, 3, 4, 5, 6], until: soon)
        let passed = (try? receive(accepted, count: 6)) ?? []
        #expect(passed == [1, 2, 3] || passed == [])
        #expect(eventually { changes() == [.opened, .connected, .disconnected] })
    }

    /// Between two Unix sockets, as between a bridge and knxd: half of what came back passes, the connection is over, and the next one is taken.
    @Test func aLinkOfUnixSocketsIsCutInTheMiddleOfWhatComesBack() throws {
        let directory = try TemporaryDirectory(prefix: "gate")
        defer { directory.remove() }
        let entrance = LinkEnd.unix(directory.path + "/entrance")
        let service = LinkEnd.unix(directory.path + "/service")
        let listener = try service.listen()
        let gate = try Gate(
            id: "knxd", entrance: entrance, service: service, inNetworkOf: nil, sink: collector.sink)
        defer { gate.stop() }
        #expect(throws: SystemFailure.self) { try entrance.connect(asRig: false, until: soon) }
        try gate.open()
        let system = try entrance.connect(asRig: false, until: soon)
        let accepted = try #require(try Socket.accept(listener, until: soon))
        try system.writeAll([9], until: soon)
        #expect(try receive(accepted, count: 1) == [9])
        try gate.trouble(.cuttingInServiceFrame)
        try accepted.writeAll([1, 2, 3, 4], until: soon)
        #expect(try receive(system, count: 2) == [1, 2])
        #expect(!Poll.wait([(system, .readable)], until: soon)[0].isEmpty)
        #expect((try? system.read(maximum: 8))?.isEmpty ?? true, "the second half has passed")
        try gate.trouble(nil)
        let next = try entrance.connect(asRig: false, until: soon)
        let again = try #require(try Socket.accept(listener, until: soon))
        try again.writeAll([5, 6], until: soon)
        #expect(try receive(next, count: 2) == [5, 6])
        gate.close()
        #expect(throws: SystemFailure.self) { try entrance.connect(asRig: false, until: soon) }
        // All of them come from this process, which is the rig.
        #expect(changes() == [.opened, .closed])
    }

    @Test func aDelayedLinkIsLateInBothDirectionsAndSleepsMeanwhile() throws {
        let service = try Socket.listenTCP()
        let gate = try gate(to: service.port)
        defer { gate.stop() }
        try gate.open()
        try gate.trouble(.delayed(nanoseconds: 300_000_000))
        let (system, accepted) = try connect(gate, to: service.listener)
        let begun = MonotonicClock.now()
        let rounds = gate.rounds
        try system.writeAll([1, 2], until: soon)
        #expect(try receive(accepted, count: 2) == [1, 2])
        try accepted.writeAll([3], until: soon)
        #expect(try receive(system, count: 1) == [3])
        #expect(MonotonicClock.now() - begun >= .milliseconds(600))
        #expect(gate.rounds - rounds < 20, "\(gate.rounds - rounds) rounds")
    }

    @Test func closedItRefusesAndCuts() throws {
        let service = try Socket.listenTCP()
        let gate = try gate(to: service.port)
        defer { gate.stop() }
        func refusal() -> Int32? {
            do throws(SystemFailure) {
                _ = try Socket.connectTCP(host: "127.0.0.1", port: gate.port, until: soon)
                return nil
            } catch { return error.code }
        }
        #expect(refusal() == ECONNREFUSED)
        try gate.open()
        let (system, accepted) = try connect(gate, to: service.listener)
        #expect(eventually { changes() == [.opened, .connected] })
        gate.close()
        for socket in [system, accepted] {
            _ = Poll.wait([(socket, .readable)], until: soon)
            let failure = #expect(throws: SystemFailure.self) { try socket.read(maximum: 1) }
            #expect(failure?.code == ECONNRESET)
        }
        #expect(refusal() == ECONNREFUSED)
        #expect(changes() == [.opened, .connected, .disconnected, .closed])
        try gate.open()
        #expect(refusal() == nil)
    }

    @Test func withoutAServiceBehindItTellsTheRefusal() throws {
        let gate = try Gate(
            id: "broker", port: try freePort(), servicePort: try freePort(), inNetworkOf: nil, sink: collector.sink)
        defer { gate.stop() }
        try gate.open()
        // The reset may come before the connect itself is back.
        let failure = #expect(throws: SystemFailure.self) {
            let system = try Socket.connectTCP(host: "127.0.0.1", port: gate.port, until: soon)
            _ = Poll.wait([(system, .readable)], until: soon)
            _ = try system.read(maximum: 1)
        }
        #expect(failure?.code == ECONNRESET)
        #expect(eventually { changes() == [.opened, .refused] })
    }

    @Test func aStoppedGateDoesNotPretendToOpen() throws {
        let gate = try Gate(
            id: "broker", port: try freePort(), servicePort: try freePort(), inNetworkOf: nil, sink: collector.sink)
        gate.stop()
        let begun = MonotonicClock.now()
        #expect(throws: SystemFailure.self) { try gate.open() }
        gate.close()
        #expect(MonotonicClock.now() - begun < .seconds(2))
        #expect(!gate.isOpen)
    }

    @Test func theRigsOwnConnectionsAreNotReported() throws {
        let service = try Socket.listenTCP()
        let gate = try gate(to: service.port)
        defer { gate.stop() }
        try gate.open()
        let probe = try Socket.connectTCP(host: "127.0.0.1", port: gate.port, from: LinkEnd.rigAddress, until: soon)
        let accepted = try #require(try Socket.accept(service.listener, until: soon))
        probe.close()
        #expect(try receive(accepted, count: 1) == [])
        #expect(changes() == [.opened])
    }

    @Test func anIdleGateSleeps() throws {
        let service = try Socket.listenTCP()
        let gate = try gate(to: service.port)
        defer { gate.stop() }
        try gate.open()
        let (system, accepted) = try connect(gate, to: service.listener)
        // One side has ended: its end of file must not be reported again and again.
        shutdown(system.number, Int32(SHUT_WR))
        #expect(try receive(accepted, count: 1) == [])
        let before = gate.rounds
        MonotonicClock.sleep(for: .milliseconds(200))
        #expect(gate.rounds - before < 10)
    }
}

extension Gate {
    /// Of one over TCP.
    var port: UInt16 { entrance.port ?? 0 }
    var servicePort: UInt16 { service.port ?? 0 }
}
