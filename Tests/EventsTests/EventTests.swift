import Events
import Testing

@Suite struct EventTests {
    static let payloads: [Event.Payload] = [
        .phase(Event.Phase(.verifyNormal, .end, reason: "why")),
        .frame(
            Event.Frame(
                line: "main", octets: [0xBC, 1], acknowledge: 0, began: Instant(nanoseconds: 7), flaw: "checksum")),
        .frame(Event.Frame(line: "main", octets: [], acknowledge: nil, began: Instant(nanoseconds: 7))),
        .frame(Event.Frame(line: "main", octets: [1], acknowledge: nil, began: Instant(nanoseconds: 7), sequence: 5)),
        .interface(Event.InterfaceReport(line: "main", report: .reset, octet: 3, detail: "x")),
        .stimulus(Event.Stimulation(line: "main", group: 0x0901, raw: [1], role: .repeat, outcome: .unacknowledged)),
        .actuation(
            Event.Actuation(
                target: "bus-power", meaning: "cut", purpose: "fault", due: Instant(nanoseconds: 1),
                commanded: Instant(nanoseconds: 2), observed: nil, readback: .failed, reason: "board gone")),
        .supply(Event.SupplyReading(line: "main", millivolts: 29_000)),
        .operation(
            Event.Operation(id: 4, name: "command", action: .ok, group: 0x1000, raw: [1], status: 200, detail: "d")),
        .sample(Event.Sample(view: "mqtt", point: "1/1/5", raw: [0x0C, 0x1A], reading: .integer(4))),
        .process(Event.ProcessChange(process: "knxd", pid: 12, change: .exited, status: nil, signal: 9)),
        .log(Event.LogLine(process: "controller", line: "{}", means: "ready")),
        .link(Event.LinkChange(link: "broker", change: .refused, detail: nil)),
        .slip(Event.Slip(thread: "twin line", lateNanoseconds: 6_000_000)),
        .gap(
            Event.Gap(blind: "witness", from: Instant(nanoseconds: 1), to: Instant(nanoseconds: 2), reason: "restart")),
        .plan(["a": 1]), .seal(["verdict": "pass"]), .other(kind: "later", ["x": [1, 2]]),
    ]

    @Test(arguments: payloads)
    func everyKindReadsBackWhatItWrote(payload: Event.Payload) throws {
        let text = JSON.text(payload.value)
        #expect(try Event.Payload(kind: payload.kind, value: JSON.parse(text)) == payload)
    }

    @Test(arguments: payloads.filter { if case .record(let fields) = $0.value { !fields.isEmpty } else { false } })
    func aMissingOrWrongKeyIsNamedNotTrapped(payload: Event.Payload) {
        for index in payload.value.fields?.indices ?? [].indices {
            var fields = payload.value.fields ?? []
            fields[index].value = .list([])
            _ = try? Event.Payload(kind: payload.kind, value: .record(fields))
        }
    }
}
