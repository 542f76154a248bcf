import Documents
import Events
import Platform
import Testing

@testable import Systems

/// The real database behind the rig's gate: what is written, damaged and read back.
@Suite(
    .serialized, .enabled(if: Repository.canHost, Repository.whyNoHost),
    .enabled(if: Files.exists("/usr/bin/victoria-metrics"), "needs victoria-metrics"))
struct TimeSeriesTests {
    let collector = Collector()

    /// A host with nothing on it but the database of the reference profile, its gate and the probes that look at it.
    private final class Bench: Sendable {
        let directory: TemporaryDirectory
        let host: Host
        let services: ServiceRunner
        let rows: RowsProbe
        let service: GateProbe
        let gate: Gate

        init(_ collector: Collector) throws {
            directory = try TemporaryDirectory(prefix: "knxrig-rows-")
            var profile = try SystemProfile.load(Repository.path("rigs/systems/reference-controller.yaml"))
            profile.services.removeAll { $0.id != "victoria-metrics" }
            host = try Host.start(
                program: try #require(Repository.program("knxrig")), logs: directory.path, sink: collector.sink)
            let substitution = Substitution([
                "service_data": directory.path, "service.victoria-metrics": "18830",
                "gate.time-series-database": "18831",
            ])
            services = try ServiceRunner(
                profile: profile, host: host, substitution: substitution, sink: collector.sink)
            gate = try #require(services.gate("time-series-database"))
            guard case .rows(let source) = profile.views.first(where: \.isHistory)?.source else {
                throw SystemFault("the profile has no view of rows")
            }
            rows = RowsProbe(
                view: "timeseries", port: try source.port.port(by: substitution), path: source.path,
                substitution: substitution, decoder: try #require(profile.rowDecoder), interval: .milliseconds(200),
                sink: collector.sink)
            service = GateProbe(
                gate: "time-series-database", ends: (gate.entrance, gate.service), source: "service-probe",
                sink: collector.sink
            ) {
                WriteQuestion.answer(at: $0, method: "POST", path: "/write", until: $1)
            }
        }

        func end() {
            service.stop()
            rows.stop()
            services.stop()
            host.powerOff()
            directory.remove()
        }

        /// Writes a line as the system does; the status, or why there is none.
        func write(_ line: String) throws -> Result<Int, HTTPFailure> {
            let port = gate.port
            return try HostNetwork.run(of: host.pid) { () -> Result<Int, HTTPFailure> in
                var client = HTTPClient(port: port)
                do throws(HTTPFailure) {
                    return .success(
                        try client.request(
                            "POST", "/write", body: Array(line.utf8), until: MonotonicClock.now() + .milliseconds(700)
                        ).status)
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    private func line(_ group: String, _ value: Double, _ stamp: Int64) -> String {
        "knx,group=\(group) value=\(value) \(stamp)000000\n"
    }

    private func fates() -> [String?] {
        collector.all.compactMap { event -> String?? in
            guard case .operation(let operation) = event.payload, operation.action != .invoke else { return nil }
            return .some(operation.key)
        }
    }

    @Test func whatIsWrittenIsReadAndWhatIsDamagedIsNot() throws {
        let bench = try Bench(collector)
        defer { bench.end() }
        try bench.services.startAll()
        try bench.rows.start(network: bench.host.pid)
        let now = MonotonicClock.unixNanoseconds() / 1_000_000
        #expect(try bench.write(line("1/1/5", 21.5, now)) == .success(204))
        #expect(try bench.write(line("1/1/5", 21.5, now)) == .success(204))
        #expect(try bench.write(line("1/1/5", 1, now + 10)) == .success(204))
        bench.gate.damage(.refuse)
        #expect(try bench.write(line("1/1/6", 1, now)) == .success(503))
        bench.gate.damage(.swallow)
        for point in ["1/1/8", "1/1/11", "1/1/7"] {
            #expect(try bench.write(line(point, 1, now)) == .failure(.noAnswerInTime))
        }
        bench.gate.damage(.cut)
        let half = line("1/1/9", 1, now) + line("1/1/12", 1, now)
        if case .success(let status) = try bench.write(half) { Issue.record("a cut write was answered with \(status)") }
        bench.gate.damage(nil)
        #expect(try bench.write(line("1/1/10", 1, now)) == .success(204))
        #expect(fates() == [nil, nil, nil, "refused", "answer swallowed", "answer swallowed", "swallowed", "cut", nil])
        func found(_ point: String, _ raw: [UInt8], _ reading: Value) -> Bool {
            collector.all.contains { event in
                event.payload
                    == .sample(Event.Sample(view: "rows", point: point, raw: raw, reading: reading))
            }
        }
        // Until the last that was written shows, the others may not either.
        let one: [UInt8] = [0, 100]
        #expect(
            eventually {
                bench.rows.readAll(network: bench.host.pid)
                    && found("1/1/10", one, ["stamp": .integer(now), "count": 1])
            })
        #expect(found("1/1/5", [0x0C, 0x33], ["stamp": .integer(now), "count": 2]), "an exact repeat is counted")
        #expect(found("1/1/5", one, ["stamp": .integer(now + 10), "count": 1]))
        #expect(found("1/1/8", one, ["stamp": .integer(now), "count": 1]), "only its answer was swallowed")
        for lost in ["1/1/6", "1/1/7", "1/1/12"] {
            #expect(
                !collector.all.contains {
                    if case .sample(let sample) = $0.payload {
                        sample.view == "rows" && sample.point == lost
                    } else {
                        false
                    }
                }, "\(lost)")
        }
        // The view polls the newest of each.
        #expect(
            collector.first {
                $0.payload == .sample(Event.Sample(view: "timeseries", point: "1/1/5", raw: one))
            } != nil)
    }

    /// An instant query of the database's newest values, with a name in the place of the group address.
    @Test func aQueryShowsTheNewestValueOfEachPoint() throws {
        let bench = try Bench(collector)
        defer { bench.end() }
        try bench.services.startAll()
        func probe(_ view: String, _ query: String, port: UInt16 = 18_830) throws -> PromQLProbe {
            let probe = PromQLProbe(
                view: view, port: port, path: ViewSource.PromQL.usualPath, query: query,
                answer: PromQLAnswer(
                    label: "device_id", group: PointName(after: "point-", separator: "-"),
                    types: ["1/1/5": "9.001", "1/3/0": "1.001"]),
                interval: .milliseconds(200), sink: collector.sink)
            try probe.start(network: bench.host.pid)
            return probe
        }
        func line(_ device: String, _ value: Double, _ ago: Int64) -> String {
            let stamp = MonotonicClock.unixNanoseconds() - ago * 1_000_000
            return "device_metrics,device_id=\(device),measurement=m value=\(value) \(stamp)\n"
        }
        let query = #"last_over_time(device_metrics_value{measurement="m"}[1h])"#
        let probes = [
            try probe("query", query), try probe("wrong", "last_over_time(device_metrics_value["),
            try probe("matrix", "device_metrics_value[1h]"), try probe("down", query, port: 18_899),
        ]
        defer { for probe in probes { probe.stop() } }
        let lines = line("point-1-1-5", 1, 900) + line("point-1-3-0", 1, 800) + line("lamp-1-1-5", 7, 700)
        #expect(try bench.write(lines) == .success(204))
        func shows(_ view: String, _ point: String, _ raw: [UInt8]) -> Bool {
            collector.first { $0.payload == .sample(.init(view: view, point: point, raw: raw)) } != nil
        }
        #expect(shows("query", "1/1/5", [0, 100]))
        #expect(shows("query", "1/3/0", [1]))
        #expect(try bench.write(line("point-1-1-5", -0.01, 0)) == .success(204))
        #expect(shows("query", "1/1/5", [0x87, 0xFF]))
        func complaint(_ view: String) -> String? {
            let event = collector.first {
                if case .sample(let sample) = $0.payload {
                    sample.view == view && sample.point == "poll"
                } else {
                    false
                }
            }
            guard case .sample(let sample)? = event?.payload else { return nil }
            return sample.reading?.text
        }
        for (view, words) in [
            ("wrong", "failed: status 422"), ("matrix", "failed: the query gives a matrix"), ("down", "failed: "),
        ] {
            let said = complaint(view) ?? ""
            #expect(said.hasPrefix(words) && !said.contains("\n"), "\(view): \(said)")
        }
        let points = Set(
            collector.all.compactMap { if case .sample(let sample) = $0.payload { sample.point } else { nil } })
        #expect(points.isSubset(of: ["1/1/5", "1/3/0", "poll"]), "\(points)")
    }

    @Test func theRigsOwnWriteTellsWhetherOthersGetThrough() throws {
        let bench = try Bench(collector)
        defer { bench.end() }
        try bench.services.startAll()
        try bench.service.start(network: bench.host.pid)
        bench.service.watchClosely(true)
        func next(_ answer: String) -> Bool {
            let since = MonotonicClock.now() + .milliseconds(300)
            return collector.first {
                $0.instant > since
                    && $0.payload
                        == .sample(
                            Event.Sample(
                                view: "time-series-database", point: "through_gate", reading: .text(answer)))
            } != nil
        }
        #expect(next("accepted"))
        for (damage, answer) in [(WriteDamage.cut, "refused"), (.refuse, "refused"), (.swallow, "silent")] {
            bench.gate.damage(damage)
            #expect(next(answer), "\(damage)")
            let begun = MonotonicClock.now() + .milliseconds(400)
            MonotonicClock.sleep(for: .seconds(3))
            #expect(
                !collector.all.contains {
                    guard case .sample(let sample) = $0.payload else { return false }
                    return $0.instant > begun && sample.reading == "accepted"
                }, "\(damage): none gets through")
        }
        bench.gate.damage(nil)
        #expect(next("accepted"))
        #expect(fates().isEmpty, "the rig's own writes are not told as the system's")
        _ = try bench.services.kill("victoria-metrics", due: MonotonicClock.now())
        #expect(next("refused"))
    }
}
