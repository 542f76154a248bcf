import Bus
import Catalogue
import Checkers
import Events
import Evidence
import KNX
import Platform
import Rigs
import Systems

extension TestPlan {
    /// Event 0: all that judges the run, so that somebody who has nothing but the evidence can judge it again.
    ///
    /// - Parameter boards: identities of the boards that the keeper holds.
    func record(version: String, program: String, boards: [String]) -> Value {
        return [
            "schema": "knxrig/evidence/1",
            "tool": ["version": .text(version), "build": .text((try? HashedFile(path: program))?.sha256 ?? "unknown")],
            "scenario": .text(scenario.id), "variant": .text(variant.name), "title": .text(scenario.name),
            "tier": .integer(Int64(scenario.tier)), "repetition": .integer(Int64(job.repetition)),
            "seed": .integer(job.seed),
            "sabotage": .list(job.sabotage.map(Value.text)), "null_run": .bool(job.isNull), "held": .bool(job.isHeld),
            "chain": job.place?.value ?? .null, "remake": job.remake?.value ?? .null,
            "rig": [
                "name": .text(rig.name), "kind": .text(rig.kind.rawValue), "boards": .list(boards.map(Value.text)),
            ],
            "system": ["name": .text(system.name), "build": .text(systemBuild)],
            "host": .record(present: [
                ("isolation", Isolation.present == .namespaces ? "namespaces" : "process-tree"),
                ("refusal", Isolation.present.refusal.map(Value.text)),
            ]),
            "firmware": firmware.value, "quirks": firmware.quirks,
            "utc": [
                "monotonic": .integer(MonotonicClock.now().nanoseconds),
                "unix": .integer(MonotonicClock.unixNanoseconds()),
            ],
            "command": .list(command.map(Value.text)),
            "files": .list(files), "sources": .list(sources), "judge": judge,
        ]
    }

    /// The files that say what is done, as they were read.
    private var files: [Value] {
        [
            ["role": "scenario", "name": .text(scenario.file), "text": .text(scenario.text)],
            ["role": "rig", "name": .text(rig.file), "text": .text(rig.text)],
            ["role": "system", "name": .text(job.systemFile), "text": .text(systemText)],
        ]
    }

    /// Whether a run was made from what this plan's files say now, wherever they lay.
    func isOfTheSameFiles(as record: Value) -> Bool {
        (record["files"]?.list ?? []).map { $0["text"] } == files.map { $0["text"] }
    }

    /// Who stamps events in this run, each with what it can see (its visibility class).
    private var sources: [Value] {
        func source(_ id: String, _ sees: String) -> Value { ["id": .text(id), "sees": .text(sees)] }
        let actions = Set(variant.steps.map(\.action))
        let visibility = witness?.visibility ?? .transceiver
        var sources: [Value] = [
            source("rig", "its own steps, and the faults it makes itself"),
            source("keeper", "relay commands, and the read-back of the coil, not of the contact"),
            [
                "id": .text(WitnessPlace.source), "sees": .text(visibility.description),
                "driver": .text(witness?.driver ?? ""), "visibility": visibility.value,
            ],
            source("tracers", "when it was late itself"),
        ]
        sources += line.attachments(.stimulus).map {
            source($0.id, "its own telegrams and their confirmations; Reset.ind of its chip")
        }
        if injector == .chip, let sender = line.longFrames, sender.role == .injector {
            sources.append(source(sender.id, "its own telegrams and their confirmations; Reset.ind of its chip"))
        }
        sources += system.views.map { view in
            source(
                view.id,
                view.isStreaming
                    ? "every publication, stamped on arrival"
                    : "what changed between two polls, stamped in the middle of the request")
        }
        sources += [
            source("health", "the system's own word about itself"),
            source("process", "processes, descriptors and memory from /proc"),
            source("log", "the system's output, stamped on arrival"),
            source("gate", "the system's connections through the gates, and its writes to a time-series database"),
            source("broker-probe", "whether the broker answers through the gate"),
            source("commands", "commands through the API and their answers"),
        ]
        if !links.isEmpty {
            sources.append(
                source("link-probe", "whether somebody would get through the gate in a link of the system's own"))
        }
        if actions.contains(.cutInterface) {
            sources.append(
                source("interface", "whether the device of the system's interface is there; looked at every 5 ms"))
        }
        if !actions.isDisjoint(with: [.lockDatabase, .startLocked, .fillDisk]) {
            sources.append(
                source(
                    "write-probe", "whether anybody could write where the system keeps its data, five times a second"))
        }
        if actions.contains(.startWithoutService) {
            sources.append(
                source(
                    "attempts", "attempts of the system to connect to a service that is down, in the kernel's segments")
            )
        }
        if actions.contains(.stallResolver) {
            sources.append(source("name-probe", "whether a question for a name is answered; asked twice a second"))
        }
        if actions.contains(.floodHistory) {
            sources.append(
                source("history", "the rig's own counts of the rows of the system's history, twice a second"))
        }
        if actions.contains(.floodRequests) {
            sources.append(source("requests", "the rig's own requests and their answers"))
        }
        if system.rows != nil {
            sources.append(
                source("service-probe", "whether the database takes a write of the rig's own through the gate"))
        }
        if expectsRows {
            sources.append(source("rows", "every row that the database holds, once after the recovery"))
        }
        if storm != nil {
            sources.append(
                source(
                    "requests", "the rig's own requests, their answers, what is read back and the rows of the database")
            )
        }
        if variant.fault.action.actsOnClients {
            sources += [
                source(
                    "clients",
                    "the sockets of the rig's own WebSocket clients, at both ends, in the kernel's table, five times a second"
                ),
                source("client-count", "how many WebSocket clients the system says it has"),
            ]
        }
        if system.mutation != nil {
            sources.append(
                source(
                    "mutations", "the rig's own changes of what the system stores, their answers, and what is read back"
                ))
        }
        if variant.expectations.contains(where: { $0.checker == "shutdown" }) {
            sources.append(
                source(
                    "shutdown",
                    "what the system left behind when it had ended; when its database was closed, in the kernel's notices of files"
                ))
            if system.rows != nil {
                sources.append(
                    source("kept-rows", "every row that the time-series database holds, while the system is down"))
            }
            if system.history?.entries != nil {
                sources.append(source("kept-history", "every row of the system's history, while the system is down"))
            }
        }
        if variant.expectations.contains(where: { $0.checker == "integrity" }) {
            sources.append(
                source("database-check", "SQLite's own checks of the whole database, once after the recovery"))
        }
        if system.views.contains(where: { $0.queue != nil }) {
            sources.append(source("dropped", "the system's own count of what it dropped on the way to a view"))
        }
        if rig.kind == .twin {
            sources += [
                source("sense", "the voltage of the line's supply; when the twin's line was late"),
                source("truth", "everything on the twin; read by no checker"),
            ]
        }
        return sources
    }

    /// SHA-256 of the program under test, or of the file that the profile names for it.
    public var systemBuild: String {
        var substitution = Substitution(system.parameters)
        substitution["program_directory"] = programDirectory
        substitution["profile_directory"] = system.directory
        guard let first = system.start.build ?? system.start.run.first,
            let path = try? first.filled(by: substitution),
            let file = try? HashedFile(path: path)
        else { return "unknown" }
        return file.sha256
    }

    /// Where this program lies, and the reference controller beside it.
    var programDirectory: String {
        let path = Program.path
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    private var command: [String] {
        var words = [
            "knxrig", "test", job.name, "--rig", job.rigFile, "--system", job.systemFile, "--seed", String(job.seed),
        ]
        for protection in job.sabotage { words += ["--without", protection] }
        if job.isNull { words.append("--null") }
        if job.isHeld { words.append("--hold-fault") }
        return words
    }

    /// Requests or telegrams that the fault makes, or at least makes.
    private var leastRequests: Int? {
        switch variant.fault.action {
        case .floodHistory: historyReports
        case .floodRequests: RequestStorm.leastRequests
        default: storm.map(RegistryStorm.count)
        }
    }

    /// A step of the fault, with what proves it.
    private func record(of fault: Scenario.FaultStep) -> Value {
        var witness: [(String, Value?)] = [
            ("refused", fault.refusedGate.map(Value.text)), ("reached", fault.reachedGate.map(Value.text)),
        ]
        if let silent = fault.chipsSilent {
            // A witness behind an interface or a daemon has no chip of ours that could fall silent.
            let chips = (line.attachments(.witness).filter { $0.transceiver != nil } + line.attachments(.stimulus))
                .map { Value.text($0.id) }
            witness += [
                ("chips", .list(chips)), ("chips_silent", .integer(Int64(silent))),
                ("tracers_due", fault.tracersDue.map { .integer(Int64($0)) }),
            ]
        } else if let due = fault.tracersDue {
            witness.append(("tracers_due", .integer(Int64(due))))
        }
        if let interruptions = fault.interruptions {
            witness.append(("interruptions", .integer(Int64(interruptions))))
        }
        if let left = fault.telegramLeft {
            let source: Value? = fault.contact.map { _ in .integer(Int64(cutSource)) }
            witness.append(("telegram", .record(present: [("left", .text(left.rawValue)), ("source", source)])))
        }
        let pairs = fault.action == .sendMalformed ? malformedPairs : []
        let malformed = pairs.isEmpty ? nil : Value.list(pairs.flatMap(\.malformed.octets).map(Value.octets))
        let good: Value? =
            pairs.isEmpty
            ? nil
            : .list(
                pairs.compactMap { pair in
                    guard case .group(let group) = pair.good.destination else { return nil }
                    return ["group": .integer(Int64(group.raw)), "raw": .octets(pair.goodValue)]
                })
        return .record(present: [
            ("do", .text(fault.action.rawValue)), ("kind", .text(fault.kind.rawValue)),
            ("target", .text(target(of: fault))),
            ("at", fault.atNanoseconds > 0 ? .integer(fault.atNanoseconds) : nil),
            ("duration", .integer(fault.durationNanoseconds)),
            ("times", fault.times > 1 ? .integer(Int64(fault.times)) : nil),
            (
                "trials",
                fault.action == .corruptConfiguration
                    ? .integer(Int64(ConfigurationDamage.allCases.count)) : nil
            ),
            ("requests", leastRequests.map { .integer(Int64($0)) }),
            ("history_rows", fault.action == .floodHistory ? system.history.map { .integer($0.bound) } : nil),
            ("refused", fault.action == .floodRequests ? system.flood.map(\.refusedStatuses) : nil),
            ("clients", fault.action.actsOnClients ? .integer(Int64(fault.clients)) : nil),
            ("cleaned_within", clientsCleanedWithin.map(Value.integer)),
            (
                "backlog",
                fault.action == .stopReading
                    ? .integer(Int64(system.webSocketClients?.backlog ?? 0)) : nil
            ),
            ("injector", fault.injector.map { .text($0.rawValue) }), ("malformed", malformed), ("good", good),
            ("losses", fault.injector.map { _ in .integer(Self.mostLosses) }),
            (
                "sweep",
                dips.map { dips in
                    [
                        "times": .integer(Int64(dips.sweep.times)), "cost": .text(dips.cost),
                        "not_made": .list(
                            dips.notMade.map {
                                ["length": .integer($0.lengthNanoseconds), "reason": .text($0.reason)]
                            }),
                    ]
                }
            ),
            (
                "known_threshold",
                knownThreshold.map {
                    [
                        "channel": .text($0.channel), "length": .integer($0.nanoseconds),
                        "tolerance": .integer($0.tolerance),
                    ]
                }
            ),
            ("again_in_read_out", fault.againInReadOutNanoseconds.map(Value.integer)),
            (
                "contact",
                fault.contact.map { contact in
                    .record(present: [
                        ("opening", contact.opening.map { .integer($0.withinNanoseconds) }),
                        ("closing", contact.closing.map { .integer($0.withinNanoseconds) }),
                    ])
                }
            ),
            ("cuts", .list(fault.cuts.map(Value.text))), ("witness", .record(present: witness)),
        ])
    }

    /// A malformed telegram may once cost a system its connection to the line, or its interface daemon; whoever loses it again for another has learnt
    /// nothing from the first.
    private static let mostLosses: Int64 = 1

    /// What is looked at of a system that is asked to end, beside the views.
    private var keptStores: Value {
        guard variant.expectations.contains(where: { $0.checker == "shutdown" }) else { return .null }
        return .record(present: [
            ("rows", system.rows == nil ? nil : true),
            ("history", system.history.flatMap { history in history.entries.map { _ in .integer(history.bound) } }),
            (
                "database",
                system.views.contains { if case .sqlite = $0.source { true } else { false } } ? true : nil
            ),
        ])
    }

    /// What judges the steps after the first.
    private var further: Value {
        .list(
            variant.steps.dropFirst().map { step in
                [
                    "fault": record(of: step), "detect": .integer(detectionNanoseconds(of: step)),
                    "notices": notices(of: step),
                ]
            })
    }

    private func detectionNanoseconds(of step: Scenario.FaultStep) -> Int64 {
        system.limits.detect[step.kind.rawValue] ?? 15_000_000_000
    }

    private func notices(of step: Scenario.FaultStep) -> Value {
        .list((system.notices[step.kind.rawValue] ?? []).map(Value.text))
    }

    private var judge: Value {
        let reread = variant.expectations.contains { $0.sentinels == "reread" } ? sentinels.count : 0
        return [
            "line": .text(line.id), "fault": record(of: variant.fault), "further": further,
            "load": variant.load.map { load in
                .record(present: [
                    ("before", .integer(load.beforeNanoseconds)), ("after", .integer(load.afterNanoseconds)),
                    ("at_least", .integer(Int64(load.atLeastPercent))),
                    ("stalls", load.stall.map { .text($0.service) }),
                ])
            } ?? .null,
            "cycles": variant.cycles.map { cycles in
                ["count": .integer(Int64(cycles.count)), "cool_down": .integer(cycles.coolDownNanoseconds)]
            } ?? .null,
            "expect": .list(
                expectations.map { expectation in
                    .record(present: [
                        ("checker", .text(expectation.checker)), ("sentinels", expectation.sentinels.map(Value.text)),
                    ])
                }),
            "not_applicable": .list(
                variant.expectations.filter { !expectations.contains($0) }.map { .text($0.checker) }),
            "changes": expectsChanges
                ? system.mutation.map { ["within": .integer($0.withinNanoseconds)] } ?? .null : .null,
            // A slip of the twin's line of up to 20 ms is forgiven by the witness's decoder and goes into the uncertainty of every time; virtual
            // machines stall a real-time thread for 5 to 12 ms every few minutes (measured). A longer one makes the run invalid.
            "limits": [
                "recover": .integer(recoveryNanoseconds),
                "detect": .integer(detectionNanoseconds(of: variant.fault)),
                "hold": .integer(variant.holdNanoseconds), "baseline": .integer(variant.baselineNanoseconds),
                "slip": 20_000_000, "probe_gap": 250_000_000, "descriptors": .integer(Int64(system.limits.descriptors)),
                "memory_kilobytes": .integer(Int64(system.limits.memoryKilobytes)),
                "growth_kilobytes": .integer(Int64(system.limits.growthKilobytes)),
                "growth_permille": .integer(Int64(system.limits.growthPermille)),
                "per_read_address": 80_000_000, "reread_addresses": .integer(Int64(reread)),
            ],
            "tracers": .list(tracers.map { .integer(Int64($0.raw)) }),
            "sentinels": .list(
                sentinels.map {
                    [
                        "group": .integer(Int64($0.group.raw)), "before": .octets([$0.before]),
                        "after": .octets([$0.after]),
                    ]
                }),
            "repeats": .list(repeats.map { ["group": .integer(Int64($0.raw)), "raw": .octets([1])] }),
            "commands": .list(
                system.points.commands.map {
                    ["group": .integer(Int64($0.group)), "status": .integer(Int64($0.status))]
                }),
            "system_sources": .list(
                line.attachments(.sut).flatMap(\.sources).map {
                    ["from": .integer(Int64($0.lowerBound.raw)), "to": .integer(Int64($0.upperBound.raw))]
                }),
            "views": .list(
                system.views.map { view in
                    .record(present: [
                        ("id", .text(view.id)), ("streaming", .bool(view.isStreaming)),
                        ("limit", .integer(view.limitNanoseconds)),
                        ("suppresses", view.suppresses.map { .text($0.rawValue) }),
                        ("history", view.isHistory ? true : nil),
                        ("bound", view.queue.map { .integer(Int64($0.bound)) }),
                    ])
                }),
            "kept": keptStores,
            "rows": system.rows.map { rows in
                ["view": .text(rows.view), "gate": .text(rows.gate), "bound": .integer(Int64(rows.bound))]
            } ?? .null,
            "null_run": .bool(job.isNull), "check": .bool(job.isCheck), "health": .bool(system.health != nil),
            "interface_daemon": .text(system.processes.first { !$0.isMain }?.id ?? ""),
            "devices": .list((system.points.devices?.addresses ?? []).map { .integer(Int64($0)) }),
            "notices": notices(of: variant.fault),
        ]
    }
}
