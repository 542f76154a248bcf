import Checkers
import Events

/// One run in the report, from its verdict down to its evidence.
enum RunSection {
    static func anchor(_ run: RunReport) -> String { "run-" + identifier(run.directory) }

    static func identifier(_ text: String) -> String {
        text.unicodeScalars.map {
            $0.isASCII && $0.properties.isAlphabetic || $0.properties.numericType != nil ? String($0) : "-"
        }.joined()
    }

    static func markup(_ run: RunReport) -> Markup {
        let facts = PlanFacts(run.plan)
        let origin = Timeline.origin(run)
        var parts: [Markup] = [heading(run, facts)]
        if !facts.sabotage.isEmpty {
            parts.append(
                element(
                    "p", ["class": "lead"],
                    "The system was started without \(facts.sabotage.joined(separator: ", ")): this run is to show that the scenario notices."
                ))
        }
        if facts.isNull {
            parts.append(
                element(
                    "p", ["class": "lead"],
                    "A null run: neither fault nor heal was made, and the timing was kept. Whatever anybody saw or found is a false alarm."
                ))
        }
        if facts.isHeld {
            parts.append(
                element(
                    "p", ["class": "lead"],
                    "The fault stood until somebody healed it by hand: a run to look at, which no scorecard counts."))
        }
        if let chain = facts.chain {
            parts.append(
                element(
                    "p", ["class": "lead"],
                    "This run is \(ChainNote.sentence(chain.length)). The system's start and its logs are in \(chain.baseline)."
                ))
        }
        parts += MeasuredTiles.markup(run)
        parts += DipSection.markup(run)
        parts += Timeline.markup(run)
        parts += findings(run, origin)
        parts += measured(run)
        parts += instants(run, facts, origin)
        parts += LedgerSection.markup(run)
        if !run.events.isEmpty { parts += Chronicle.markup(run, Scale(run)) }
        parts += WitnessTable.markup(run, facts, origin)
        parts += LossSection.markup(run)
        parts += actuations(run, origin)
        parts += steps(run, origin)
        parts += blindness(run, origin)
        parts += quirks(facts)
        parts += titled("Notes", run.verdict.notes.map { element("p", $0) })
        parts += again(run)
        parts += identities(run, facts)
        return element("section", ["class": "run", "id": anchor(run)], parts)
    }

    private static func heading(_ run: RunReport, _ facts: PlanFacts) -> Markup {
        let outcome = run.verdict.outcome
        let number = ", repetition \(run.repetition)" + (run.isReplaced ? ", made again and not counted" : "")
        return element(
            "div", [:],
            [
                element(
                    "h2", [:],
                    [.text("\(run.id)/\(run.variant)"), .text(facts.title.map { " – \($0)" } ?? ""), .text(number)]),
                element(
                    "div", ["class": "banner small \(outcome.rawValue)"],
                    [
                        element("span", ["class": "stamp"], "\(outcome.sign) \(outcome.rawValue)"),
                        element("p", ["class": "lead"], run.verdict.sentence),
                    ]),
            ])
    }

    private static func titled(_ title: String, _ parts: [Markup]) -> [Markup] {
        parts.isEmpty ? [] : [element("h3", title)] + parts
    }

    private static func findings(_ run: RunReport, _ origin: Instant) -> [Markup] {
        Table.titled(
            "Findings",
            [Table.Column("Verdict", .wholeShort), Table.Column("When", .short), "What", "Where", "Checker"],
            run.verdict.findings.map { finding in
                [
                    [HTMLReport.badge(finding.outcome)],
                    [.text(finding.at.map { Figures.offset($0, from: origin) } ?? "–")], [.text(finding.sentence)],
                    [.text(finding.hop ?? "–")], [.text(finding.checker)],
                ]
            })
    }

    private static func measured(_ run: RunReport) -> [Markup] {
        Table.titled(
            "Measured, with the budget of its uncertainty",
            [
                Table.Column("What", .whole), Table.Column("Value ± U (k = 2)", .short), Table.Column("Limit", .short),
                Table.Column("Verdict", .short), "Standard uncertainty comes from",
            ],
            run.verdict.measured.map { measured in
                var what: [Markup] = [element("b", MeasuredTiles.name(measured))]
                if let note = measured.note { what.append(element("p", ["class": "note"], note)) }
                let budget = measured.budget.filter { $0.nanoseconds > 0 }.map {
                    element("div", "\(Figures.span($0.nanoseconds)) – \($0.what)")
                }
                return [
                    what, [.text(HTMLReport.value(measured))],
                    [.text(measured.limitNanoseconds.map { "≤ " + Figures.span($0) } ?? "none")],
                    [HTMLReport.badge(measured.outcome)],
                    budget.isEmpty ? [element("span", ["class": "missing"], "no budget recorded")] : budget,
                ]
            }, else: "Nothing was measured in this run.")
    }

    private static func instants(_ run: RunReport, _ facts: PlanFacts, _ origin: Instant) -> [Markup] {
        let instants = run.verdict.instants
        return Table.titled(
            "Instants",
            [Table.Column("Instant", .whole), Table.Column("From T0", .short), Table.Column("UTC", .short)],
            [
                ("T0", "a witness saw the fault", instants.fault),
                ("Td", "the system itself noticed", instants.detected),
                ("Th", "a witness saw the heal, and the rig was ready again", instants.healed),
                ("Tr", "from here on everything was right again", instants.recovered),
            ].map { name, meaning, instant in
                let utc = instant.flatMap(facts.unixNanoseconds).map(Figures.utc(nanoseconds:))
                return [
                    [element("b", name), .text(" – " + meaning)],
                    [.text(instant.map { Figures.offset($0, from: origin) } ?? "not seen")], [.text(utc ?? "–")],
                ]
            })
    }

    private static func steps(_ run: RunReport, _ origin: Instant) -> [Markup] {
        Table.titled(
            "The seven steps, and the safe state",
            ["Step", Table.Column("Began", .short), Table.Column("Took", .short), "Ended"],
            Timeline.steps(run).map { step in
                [
                    [.text(words(step.step.rawValue))], [.text(Figures.offset(step.began, from: origin))],
                    [.text(step.ended.map { Figures.span(($0 - step.began).nanoseconds) } ?? "–")],
                    [.text(step.ended == nil ? "never: the evidence stops in it" : step.reason ?? "done")],
                ]
            })
    }

    private static func actuations(_ run: RunReport, _ origin: Instant) -> [Markup] {
        Table.titled(
            "What the rig did",
            [
                "Purpose", "What", Table.Column("Due", .short), Table.Column("Commanded", .short),
                Table.Column("Lateness", .short), Table.Column("Observed", .short), "Read-back",
            ],
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

    /// What the rig could not see or was late for: gaps one by one, slips by who was late.
    private static func blindness(_ run: RunReport, _ origin: Instant) -> [Markup] {
        var rows: [[[Markup]]] = []
        var late: [String] = []
        var slips: [String: [(at: Instant, late: Int64)]] = [:]
        for event in run.events {
            switch event.payload {
            case .slip(let slip):
                if slips[slip.thread] == nil { late.append(slip.thread) }
                slips[slip.thread, default: []].append((event.instant, slip.lateNanoseconds))
            case .gap(let gap):
                rows.append([
                    ["gap"], [.text(gap.blind)], [.text(Figures.offset(gap.from, from: origin))],
                    [.text(Figures.span(gap.to.nanoseconds &- gap.from.nanoseconds))], [.text(gap.reason)],
                ])
            default: break
            }
        }
        for thread in late {
            guard let all = slips[thread], let worst = all.max(by: { $0.late < $1.late }) else { continue }
            let count = all.count == 1 ? "late once" : "late \(all.count) times; this is the longest"
            rows.append([
                ["slip"], [.text(thread)], [.text(Figures.offset(worst.at, from: origin))],
                [.text(Figures.span(worst.late))], [.text(count)],
            ])
        }
        return Table.titled(
            "Slips and gaps of the rig itself",
            ["Kind", "Who", Table.Column("When", .short), Table.Column("How long", .short), "Why"], rows,
            else: "None: the rig was never late and never blind.")
    }

    private static func quirks(_ facts: PlanFacts) -> [Markup] {
        Table.titled(
            "Quirks of the firmware that took part", [Table.Column("Quirk", .short), "Device", "What it does"],
            (facts.quirks ?? []).map { [[element("code", $0.id)], [.text($0.device)], [.text($0.what)]] },
            else: facts.quirks == nil
                ? "No firmware notes were recorded in this run." : "None is known of the devices that took part.")
    }

    private static func identities(_ run: RunReport, _ facts: PlanFacts) -> [Markup] {
        let rows = facts.identities + [("checkers", "version \(run.verdict.checkerVersion)")]
        return titled(
            "Made with",
            [
                element(
                    "dl", ["class": "words"],
                    rows.map { what, identity in
                        element("div", [:], [element("dt", what), element("dd", [:], [element("code", identity)])])
                    })
            ])
    }

    private static func again(_ run: RunReport) -> [Markup] {
        let files = [
            ("evidence.jsonl", "all events, hash-chained"), ("keeper.jsonl", "the keeper’s own events"),
            ("verdict.json", "the verdict as computed"), ("line.pcapng", "the telegrams, for Wireshark"),
            ("twin.jsonl", "what the twin itself knows"),
            ("logs/", "output of every process"),
        ].filter { name, _ in run.files?.contains(name.hasSuffix("/") ? String(name.dropLast()) : name) ?? true }
        return titled(
            "How to repeat exactly this run",
            [
                element(
                    "p",
                    PlanFacts(run.plan).seed.map { "Everything as it was, with the seed \($0):" }
                        ?? "The same scenario (its seed was not recorded):"),
                element("pre", ["tabindex": "0"], shellText(run.repeatCommand)),
                element("p", "Its verdict from its evidence again:"),
                element("pre", ["tabindex": "0"], shellText(["knxrig", "verify", run.directory])),
                element(
                    "ul", [:],
                    files.map { name, what in
                        element(
                            "li", [:],
                            [
                                element("a", ["href": Markup.path("./" + run.directory + "/" + name)], name),
                                .text(": \(what)"),
                            ])
                    }),
            ])
    }

    /// `verify_normal` as `verify normal`.
    static func words(_ name: String) -> String {
        String(name.map { $0 == "_" ? " " : $0 })
    }
}
