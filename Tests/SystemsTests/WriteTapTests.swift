import Events
import Testing

@testable import Systems

/// What becomes of a write, octet by octet, whatever way the octets come.
@Suite struct WriteTapTests {
    private static let firstLine = "knx,group=1/1/6 value=1 1700000000124000000\n"
    private static let body = firstLine + "knx,group=1/1/5 value=21.5 1700000000123000000\n"
    private static func request(_ body: String, _ path: String = "/write", method: String = "POST") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: x\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
    }
    private static let write = request(body)
    private static let head = write.utf8.count - body.utf8.count
    private static let good = "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n"

    private final class Bench {
        var told: [Event.Payload] = []
        var damage: WriteDamage?
        private var number: Int64 = 0
        private var turn = 0
        private(set) var tap: WriteTap?

        init(_ damage: WriteDamage?) {
            self.damage = damage
            let decoder = RowDecoder(label: "group", field: "value", types: ["1/1/5": "9.001", "1/1/6": "1.001"])
            tap = WriteTap(WriteTap.Writes(method: "POST", path: "/write", decoder: decoder)) { [unowned self] in
                number += 1
                defer { turn += 1 }
                return (number, self.damage, turn)
            } tell: { [unowned self] in
                told.append($0)
            }
        }

        /// Feeds the text in pieces of so many octets.
        func fromSystem(_ text: String, step: Int = 7) -> WriteTap.Passage {
            let octets = Array(text.utf8)
            var all = WriteTap.Passage()
            for start in stride(from: 0, to: octets.count, by: step) where !all.isCut {
                let passage = tap?.fromSystem(Array(octets[start..<min(start + step, octets.count)])) ?? .init()
                all.toService += passage.toService
                all.toSystem += passage.toSystem
                all.isCut = passage.isCut
            }
            return all
        }

        func fromService(_ text: String) -> String {
            String(decoding: tap?.fromService(Array(text.utf8)) ?? [], as: UTF8.self)
        }

        var operations: [Event.Operation] {
            told.compactMap { if case .operation(let operation) = $0 { operation } else { nil } }
        }
        var rows: [Event.Sample] {
            told.compactMap { if case .sample(let sample) = $0 { sample } else { nil } }
        }
    }

    @Test(arguments: [1, 7, 10_000])
    func undamagedAllPassesAndIsTold(step: Int) {
        let bench = Bench(nil)
        #expect(
            bench.fromSystem(Self.write + Self.write, step: step).toService == Array((Self.write + Self.write).utf8))
        #expect(bench.fromService(Self.good) == Self.good)
        #expect(bench.fromService("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").hasPrefix("HTTP/1.1 400"))
        #expect(
            bench.operations.map { [$0.id, $0.status ?? 0] } == [[1, 0], [2, 0], [1, 204], [2, 400]])
        #expect(bench.operations.map(\.action) == [.invoke, .invoke, .ok, .failed])
        #expect(bench.operations.allSatisfy { $0.key == nil })
        #expect(bench.operations[0].detail == "\(Self.body.utf8.count) of \(Self.body.utf8.count) octets passed")
        #expect(bench.rows.count == 4)
        #expect(
            bench.rows[1]
                == Event.Sample(
                    view: "rows-passed", point: "1/1/5", raw: [0x0C, 0x33],
                    reading: ["write": 1, "stamp": 1_700_000_000_123]))
    }

    @Test(arguments: [1, 7, 10_000])
    func aCutWriteHasPassedToTheLastLineOfItsHalf(step: Int) {
        let bench = Bench(.cut)
        let passage = bench.fromSystem(Self.write, step: step)
        let half = Self.firstLine.utf8.count
        #expect(passage.isCut)
        #expect(passage.toService == Array(Self.write.utf8.prefix(Self.head + half)))
        #expect(passage.toSystem.isEmpty)
        // Whatever the service makes of the half, the system hears nothing of it.
        #expect(bench.fromService(Self.good) == "")
        #expect(bench.operations.map(\.action) == [.invoke, .failed])
        #expect(bench.operations.allSatisfy { $0.key == "cut" })
        #expect(bench.operations[0].detail == "\(half) of \(Self.body.utf8.count) octets passed")
    }

    @Test func aWriteWithoutABodyIsCutInItsHead() {
        let bench = Bench(.cut)
        let request = Self.request("")
        let passage = bench.fromSystem(request, step: 10_000)
        #expect(passage.isCut)
        #expect(passage.toService == Array(request.utf8.prefix(request.utf8.count / 2)))
        #expect(bench.fromService(Self.good) == "")
    }

    @Test(arguments: [1, 7, 10_000])
    func aRefusedWriteDoesNotPass(step: Int) {
        let bench = Bench(.refuse)
        let passage = bench.fromSystem(Self.write, step: step)
        #expect(passage.toService.isEmpty && !passage.isCut)
        #expect(String(decoding: passage.toSystem, as: UTF8.self).hasPrefix("HTTP/1.1 503 "))
        #expect(bench.operations.map(\.action) == [.invoke, .failed])
        #expect(bench.operations.last?.status == 503)
        #expect(bench.rows.map(\.point) == ["1/1/6", "1/1/5"], "the rows are known though they did not pass")
    }

    @Test func aSwallowedWriteIsNotAnsweredAndEveryThirdDoesNotPass() {
        let bench = Bench(.swallow)
        for turn in 0..<6 {
            #expect(bench.fromSystem(Self.write).toService == (turn % 3 == 2 ? [] : Array(Self.write.utf8)))
            #expect(bench.fromService(Self.good) == "")
        }
        #expect(bench.operations.map(\.action) == (0..<6).flatMap { _ in [.invoke, .unknown] })
        let keys = ["answer swallowed", "answer swallowed", "swallowed"]
        #expect(bench.operations.map(\.key) == (keys + keys).flatMap { [$0, $0] })
    }

    @Test(arguments: [
        request(body, "/query"), request("", "/write", method: "GET"),
        "GET /api/v1/export?match[]=x HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /write HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ])
    func whatIsNoWritePassesAsItIs(text: String) {
        for damage in [nil] + WriteDamage.allCases.map(Optional.some) {
            let bench = Bench(damage)
            let passage = bench.fromSystem(text)
            #expect(passage.toService == Array(text.utf8) && passage.toSystem.isEmpty && !passage.isCut)
            #expect(bench.fromService(Self.good) == Self.good)
            #expect(bench.told.isEmpty)
        }
    }

    @Test func aConnectionThatEndsLeavesNothingOpen() {
        let bench = Bench(nil)
        _ = bench.fromSystem(Self.write + Self.write.dropLast(20))
        bench.tap?.ended("cut by the rig")
        #expect(bench.operations.map(\.action) == [.invoke, .invoke, .unknown, .unknown])
        #expect(bench.operations[1].detail == "\(Self.body.utf8.count - 20) of \(Self.body.utf8.count) octets passed")
        #expect(bench.operations.last?.detail == "no answer: cut by the rig")
    }
}
