import Documents
import Events
import Testing

@testable import Systems

/// What a time-series database answers to an instant query, and how a profile asks.
@Suite struct PromQLTests {
    private static func values(_ status: Int, _ body: String) throws -> Result<[String: [UInt8]], SystemFault> {
        let answer = PromQLAnswer(
            label: "device_id", group: PointName(after: "point-", separator: "-"),
            types: ["1/1/5": "9.001", "1/3/0": "1.001"])
        var parser = HTTPResponseParser()
        let text = "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        return answer.values(try #require(try parser.feed(Array(text.utf8))))
    }

    private static func vector(_ results: String) -> String {
        #"{"status":"success","data":{"resultType":"vector","result":[\#(results)]}}"#
    }

    private static func result(_ device: String, _ value: String) -> String {
        #"{"metric":{"__name__":"m","device_id":"\#(device)"},"value":[1700000000.123,"\#(value)"]}"#
    }

    @Test(
        arguments: [
            ("", [:]), (result("point-1-1-5", "21.5"), ["1/1/5": [0x0C, 0x33]]),
            (
                result("point-1-1-5", "-0.01") + "," + result("point-1-3-0", "1"),
                ["1/1/5": [0x87, 0xFF], "1/3/0": [1]]
            ),
            (result("point-9-9-9", "1") + "," + result("lamp", "1"), [:]),
            (result("point-1-1-5", "NaN"), [:]), (result("point-1-3-0", "+Inf"), [:]),
            (result("point-1-3-0", "2"), [:]),
        ] as [(String, [String: [UInt8]])])
    func resultsArePoints(results: String, expected: [String: [UInt8]]) throws {
        #expect(try Self.values(200, Self.vector(results)).get() == expected)
    }

    @Test(arguments: [
        (
            422, #"{"status":"error","errorType":"bad_data","error":"parse error:\nunexpected end"}"#,
            "status 422, bad_data: parse error: unexpected end"
        ),
        (503, "no such thing", "status 503"), (200, #"{"status":"error","error":"late"}"#, "status 200, late"),
        (200, "{}", "status 200"), (200, "<html>", "status 200"),
        (200, #"{"status":"success","data":{}}"#, "/data/resultType or /data/result is missing"),
        (
            200, #"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
            "the query gives a matrix: an instant vector was expected"
        ),
        (
            200, vector(#"{"metric":{"group":"1/1/5","__name__":"m"},"value":[1,"1"]}"#),
            "no result has a label 'device_id'; there are __name__, group"
        ),
        (200, vector(#"{"metric":{},"value":[1,"1"]}"#), "no result has a label 'device_id'; there are none at all"),
        (
            200, vector(result("point-1-1-5", "1") + "," + result("point-1-1-5", "2")),
            "two results are of 1/1/5: the query should give one per point"
        ),
    ])
    func whatIsWrongIsSaidInOneLine(status: Int, body: String, message: String) throws {
        let values = try Self.values(status, body)
        let fault = #expect(throws: SystemFault.self) { try values.get() }
        #expect(fault?.description.contains(message) == true, "\(fault?.description ?? "")")
        #expect(fault?.description.contains("\n") == false)
    }

    @Test func aQueryIsEscaped() {
        #expect(PromQLProbe.escaped(#"a_b{c="1/1"}[1h] + é"#) == "a_b%7bc%3d%221%2f1%22%7d%5b1h%5d%20%2b%20%c3%a9")
    }

    private static let view = """
        - id: query
          kind: promql
          port: "8428"
          query: last_over_time(device_metrics_value[1h])
          group: {label: device_id, after: "point-", separator: "-"}
          every: 1 s
        """

    private static func read(_ text: String) throws -> SystemProfile.View {
        let node = try #require(try Node.parse(text, file: "views.yaml").elements().first)
        return try SystemProfile.View(node, known: ["api_port"])
    }

    @Test func aProfileNamesTheQuery() throws {
        let view = try Self.read(Self.view)
        guard case .promql(let source) = view.source else {
            Issue.record("no view of a query")
            return
        }
        #expect(source.label == "device_id" && source.group == PointName(after: "point-", separator: "-"))
        #expect(source.path == nil)
        #expect(view.limitNanoseconds == 10_000_000_000, "what a time series may lag behind")
        #expect(!view.isHistory && !view.isStreaming)
        #expect(try Self.read(Self.view + "\n  limit: 3 s").limitNanoseconds == 3_000_000_000)
        let plain = try #require(Self.view.replacingFirst(#", after: "point-", separator: "-""#, with: ""))
        guard case .promql(let bare) = try Self.read(plain).source else { return }
        #expect(bare.group == PointName(after: ""))
    }

    @Test(arguments: [
        ("query: last", "qury: last", "a promql view has no key 'qury': did you mean 'query'?"),
        ("  query: last_over_time(device_metrics_value[1h])\n", "", "'query' is missing"),
        ("label: device_id, ", "", "'label' is missing"), ("label: ", "lable: ", "group has no key 'lable'"),
        ("port: \"8428\"", "port: \"${port}\"", "nothing is called '${port}' here"),
        ("every: 1 s", "every: 1 ms", "at least 20 ms"),
    ])
    func mistakesAreNamed(written: String, instead: String, message: String) throws {
        let wrong = try #require(Self.view.replacingFirst(written, with: instead))
        let failure = #expect(throws: DocumentFailure.self) { try Self.read(wrong) }
        #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    }
}
