import Checkers
import Events

/// One run in the report, from its verdict down to its evidence.
enum RunSection {
    /// Rows of a table beyond which the report only counts: the evidence has them all.
    static let mostRows = 100

    static func anchor(_ run: RunReport) -> String {
        "run-"
            + run.directory.unicodeScalars.map {
                $0.isASCII && $0.properties.isAlphabetic || $0.properties.numericType != nil ? String($0) : "-"
            }.joined()
    }

    static func markup(_ run: RunReport) -> Markup {
        let facts = PlanFacts(run.plan)
        let origin = Timeline.origin(run)
        var parts: [Markup] = [
            element(
                "h2", [:],
                [
                    HTMLReport.badge(run.verdict.outcome),
                    .text(" \(run.id)/\(run.variant), repetition \(run.repetition)"),
                ]),
            element("p", ["class": "lead"], run.verdict.sentence),
        ]
        if !facts.sabotage.isEmpty {
            parts.append(
                element(
                    "p",
                    "The system was started without \(facts.sabotage.joined(separator: ", ")): this run is to show that the scenario notices."
                ))
        }
        parts += findings(run, origin)
        parts += measured(run)
        parts.append(Timeline.markup(run))
        parts += instants(run, facts, origin)
        parts += steps(run, origin)
        parts += ledger(run)
        parts += actuations(run, origin)
        parts += WitnessTable.markup(run, facts, origin)
        parts += blindness(run, origin)
        parts += titled("Notes", run.verdict.notes.map { element("p", $0) })
        parts += again(run)
        return element("section", ["id": anchor(run)], parts)
    }

    private static func titled(_ title: String, _ parts: [Markup]) -> [Markup] {
        parts.isEmpty ? [] : [element("h3", title)] + parts
    }

    private static func table(_ title: String, _ headings: [String], _ rows: [[[Markup]]]) -> [Markup] {
        guard !rows.isEmpty else { return [] }
        var parts = [HTMLReport.table(headings, Array(rows.prefix(mostRows)))]
        if rows.count > mostRows {
            parts.append(element("p", ["class": "note"], "\(rows.count - mostRows) more are in the evidence."))
        }
        return titled(title, parts)
    }

    private static func findings(_ run: RunReport, _ origin: Instant) -> [Markup] {
        table(
            "Findings", ["Verdict", "When", "Where", "Checker", "What"],
            run.verdict.findings.map { finding in
                [
                    [HTMLReport.badge(finding.outcome)],
                    [.text(finding.at.map { Figures.offset($0, from: origin) } ?? "–")], [.text(finding.hop ?? "–")],
                    [.text(finding.checker)], [.text(finding.sentence)],
                ]
            })
    }

    private static func measured(_ run: RunReport) -> [Markup] {
        table(
            "Measured", ["What", "Value ± U (k = 2)", "Limit", "Verdict", "Uncertainty comes from"],
            run.verdict.measured.map { measured in
                var what: [Markup] = [.text(words(measured.name))]
                if let note = measured.note { what.append(element("p", ["class": "note"], note)) }
                let budget = measured.budget.map { "\($0.what) \(Figures.span($0.nanoseconds))" }
                return [
                    what, [.text(HTMLReport.value(measured))],
                    [.text(measured.limitNanoseconds.map { "≤ " + Figures.span($0) } ?? "none")],
                    [HTMLReport.badge(measured.outcome)],
                    [.text(budget.isEmpty ? "–" : budget.joined(separator: ", "))],
                ]
            })
    }

    private static func instants(_ run: RunReport, _ facts: PlanFacts, _ origin: Instant) -> [Markup] {
        let instants = run.verdict.instants
        return table(
            "Instants", ["Instant", "Relative to T0", "UTC"],
            [
                ("T0 – a witness saw the fault", instants.fault),
                ("Td – the system itself noticed", instants.detected),
                ("Th – a witness saw the heal, and the rig was ready again", instants.healed),
                ("Tr – from here on everything was right again", instants.recovered),
            ].map { name, instant in
                let utc = instant.flatMap(facts.unixNanoseconds).map(Figures.utc(nanoseconds:))
                return [
                    [.text(name)], [.text(instant.map { Figures.offset($0, from: origin) } ?? "not seen")],
                    [.text(utc ?? "–")],
                ]
            })
    }

    private static func steps(_ run: RunReport, _ origin: Instant) -> [Markup] {
        table(
            "The seven steps, and the safe state", ["Step", "Began", "Took", "Ended"],
            Timeline.steps(run).map { step in
                [
                    [.text(words(step.step.rawValue))], [.text(Figures.offset(step.began, from: origin))],
                    [.text(step.ended.map { Figures.span(($0 - step.began).nanoseconds) } ?? "–")],
                    [.text(step.ended == nil ? "never: the evidence stops in it" : step.reason ?? "done")],
                ]
            })
    }

    private static func ledger(_ run: RunReport) -> [Markup] {
        let rows = run.verdict.ledger
        var parts = table(
            "Ledger: where every telegram went",
            [
                "Hop", "On the bus", "Delivered", "Suppressed", "Dropped and counted", "Unreachable", "Unobserved",
                "Lost silently", "Twice", "Out of order",
            ],
            rows.map { row in
                [[.text(row.hop)]]
                    + [
                        row.onBus, row.delivered, row.suppressed, row.dropped, row.unreachable, row.unobserved,
                        row.silent, row.duplicated, row.reordered,
                    ].map { [.text(String($0))] }
            })
        for row in rows where !row.missing.isEmpty {
            parts.append(
                element(
                    "p", [:],
                    [element("strong", "Missing at \(row.hop): "), .text(row.missing.joined(separator: ", "))]))
        }
        return parts
    }

    private static func actuations(_ run: RunReport, _ origin: Instant) -> [Markup] {
        table(
            "What the rig did", ["Purpose", "What", "Due", "Commanded", "Lateness", "Observed", "Read-back"],
            run.events.compactMap { event in
                guard case .actuation(let actuation) = event.payload else { return nil }
                let lateness = actuation.commanded.nanoseconds &- actuation.due.nanoseconds
                return [
                    [.text(words(actuation.purpose))], [.text("\(actuation.target): \(actuation.meaning)")],
                    [.text(Figures.offset(actuation.due, from: origin))],
                    [.text(Figures.offset(actuation.commanded, from: origin))], [.text(Figures.span(lateness))],
                    [.text(actuation.observed.map { Figures.offset($0, from: origin) } ?? "never")],
                    [.text(actuation.readback.rawValue + (actuation.reason.map { ": " + $0 } ?? ""))],
                ]
            })
    }

    /// What the rig could not see or was late for.
    private static func blindness(_ run: RunReport, _ origin: Instant) -> [Markup] {
        let rows = run.events.compactMap { event -> [[Markup]]? in
            switch event.payload {
            case .slip(let slip):
                [
                    ["slip"], [.text(slip.thread)], [.text(Figures.offset(event.instant, from: origin))],
                    [.text(Figures.span(slip.lateNanoseconds))], ["a deadline of the rig’s own was missed"],
                ]
            case .gap(let gap):
                [
                    ["gap"], [.text(gap.blind)], [.text(Figures.offset(gap.from, from: origin))],
                    [.text(Figures.span(gap.to.nanoseconds &- gap.from.nanoseconds))], [.text(gap.reason)],
                ]
            default: nil
            }
        }
        let parts = table("Slips and gaps of the rig itself", ["Kind", "Who", "When", "How long", "Why"], rows)
        return parts.isEmpty ? titled("Slips and gaps of the rig itself", [element("p", "None.")]) : parts
    }

    private static func again(_ run: RunReport) -> [Markup] {
        let files = [
            ("evidence.jsonl", "all events, hash-chained"), ("keeper.jsonl", "the keeper’s own events"),
            ("verdict.json", "the verdict as computed"), ("line.pcapng", "the telegrams, for Wireshark"),
            ("logs/", "output of every process"),
        ]
        return titled(
            "Again, and further",
            [
                element("p", "Exactly this run again:"), element("pre", shellText(run.repeatCommand)),
                element("p", "Its verdict from its evidence again:"),
                element("pre", shellText(["knxrig", "verify", run.directory])),
                element(
                    "ul", [:],
                    files.map { name, what in
                        element(
                            "li", [:],
                            [element("a", ["href": link(run.directory + "/" + name)], name), .text(": \(what)")])
                    }),
                element("p", ["class": "note"], "Judged by checkers version \(run.verdict.checkerVersion)."),
            ])
    }

    /// A relative path as a link: everything that a URL would take for something else is percent-encoded.
    private static func link(_ path: String) -> String {
        "./"
            + path.utf8.map { octet in
                switch octet {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    String(Unicode.Scalar(octet))
                default: "-._~/+".utf8.contains(octet) ? String(Unicode.Scalar(octet)) : "%" + Hex.text([octet])
                }
            }.joined()
    }

    /// `verify_normal` as `verify normal`.
    static func words(_ name: String) -> String {
        String(name.map { $0 == "_" ? " " : $0 })
    }
}
