import Documents
import Events
import Platform
import Synchronization
import Testing

@testable import Systems

/// A command over MQTT against a broker of a few octets: what is told of it.
@Suite struct MQTTOperationTests {
    private static let topic = "t/ack/1/2/0"

    /// Takes one connection (CONNACK), answers the subscription with `granted`, and what is then published with `answers`, each a PUBLISH of quality 0.
    private func broker(granted: UInt8 = 1, answers: [String]) throws -> (port: UInt16, thread: NamedThread) {
        Signals.ignorePipe()
        let (listener, port) = try Socket.listenTCP()
        let thread = NamedThread.start("broker") {
            let deadline = MonotonicClock.now() + .seconds(5)
            guard let client = try? Socket.accept(listener, until: deadline) else { return }
            func packet() -> [UInt8] {
                _ = Poll.wait([(client, .readable)], until: deadline)
                return (try? client.read(maximum: 1_024)) ?? []
            }
            _ = packet()
            try? client.writeAll([0x20, 2, 0, 0], until: deadline)
            let subscribe = packet()
            guard subscribe.count > 4 else { return }
            try? client.writeAll([0x90, 3, subscribe[2], subscribe[3], granted], until: deadline)
            let publish = packet()
            guard publish.first.map({ $0 & 0xF0 }) == 0x30 else { return }
            for answer in answers {
                let body = [0, UInt8(Self.topic.utf8.count)] + Array(Self.topic.utf8) + Array(answer.utf8)
                try? client.writeAll([0x30, UInt8(body.count)] + body, until: deadline)
            }
            _ = packet()
        }
        return (port, thread)
    }

    private func told(port: UInt16) throws -> [Event.Operation] {
        let profile = try SystemProfile.load(Repository.path("rigs/systems/reference-controller.yaml"))
        var way = try #require(profile.command?.mqtt)
        way.withinNanoseconds = 500_000_000
        let events = Mutex<[Event]>([])
        MQTTOperation(
            way: way,
            publication: .init(topic: "t/command/1/2/0", payload: Array("{}".utf8), acknowledgeTopic: "t/ack/#"),
            id: "rig-7",
            told: Event.Operation(id: 7, name: "command", action: .invoke, group: 0x0A00, raw: [1], way: "mqtt"),
            source: "commands"
        ).perform(port: port) { event in events.withLock { $0.append(event) } }
        return events.withLock { $0 }.compactMap {
            if case .operation(let operation) = $0.payload { operation } else { nil }
        }
    }

    @Test(arguments: [
        ([#"{"id":"rig-7","status":"done"}"#], Event.Operation.Action.ok),
        ([#"{"id":"rig-6","status":"done"}"#, #"{"id":"rig-7","status":"failed"}"#], .failed),
        ([#"{"id":"rig-6","status":"done"}"#], .unknown),
        (["no JSON", #"{"id":"rig-7"}"#], .failed),
        ([], .unknown),
    ])
    func onlyItsOwnAnswerCounts(answers: [String], action: Event.Operation.Action) throws {
        let broker = try broker(answers: answers)
        let told = try told(port: broker.port)
        broker.thread.join()
        #expect(told.map(\.action) == [.invoke, action], "\(told)")
        #expect(told.allSatisfy { $0.id == 7 && $0.way == "mqtt" })
    }

    @Test func whatIsNotPublishedHasFailed() throws {
        let refusing = try broker(granted: 0x80, answers: [])
        #expect(try told(port: refusing.port).last?.action == .failed)
        refusing.thread.join()
        let (listener, port) = try Socket.listenTCP()
        // Nobody accepts: as a stopped broker.
        #expect(try told(port: port).last?.detail == "not published: the time is over")
        _ = consume listener
        #expect(try told(port: port).last?.action == .failed)
    }
}
