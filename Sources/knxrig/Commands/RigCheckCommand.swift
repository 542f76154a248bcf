import Documents
import Events
import Glibc
import Platform
import Relays
import Rigs
import Scenarios

extension Command {
    static let rigCheck = Command(
        name: "rig check", summary: "Click each channel of a rig once and see whether it cuts what its file says",
        operands: "RIG",
        options: [
            .flag("--yes", "don't ask before the clicks"), .flag("--host", "also cut the host under test"),
            .flag("--mains", "also click channels of mains circuits"),
            .value("--heartbeat", "HOST:PORT", "an IPv4 address and a TCP port that show that the host lives"),
            .value(
                "--twin", "DIR", "check the twin that runs in DIR (knxrig twin --directory DIR), not one of its own"),
            .value("--usbip", "HOST:PORT", "where boards with the transport usbip are"), data,
            .flag("--json", "print JSON"),
        ],
        examples: ["knxrig rig check bench.yaml", "knxrig rig check twin --yes --json"],
        notes: """
            Before anything moves it prints the clicks, what each cuts, for how long, and how much life its contact has left, and asks. Each channel is
            then cut and restored, and after each every witness is asked: the chips of the lines (asked by a reset, which sends nothing on the line), the
            sense of the supply, the devices of the interfaces, the host's heartbeat. From what all of them saw it says which wire is wrong.

            When every channel of a board did what the file says, the mark of an unsafe rig is cleared; a channel that did not sets it. Channels of the
            host and of mains are skipped unless they are named.

            Exit status: 0 all as declared, 1 a wrong wire or a contact that did not follow, 2 usage, a bad file, or nobody to ask, 3 the rig is not
            to be had, refuses the clicks, or its witnesses can't tell, 130 stopped.
            """
    ) { arguments in
        guard arguments.operands.count == 1 else { throw UsageFailure("the name of one rig file is needed") }
        let rig = try Rig(path: try dataDirectories(arguments).find(arguments.operands[0], folder: ""))
        let heartbeat = try arguments.hostAndPort("--heartbeat")
        let twin = arguments.value("--twin")
        let access = try arguments.usbip().map { BoardAccess(usbipHost: $0.host, usbipPort: $0.port) }
        if twin != nil, rig.kind != .twin || access == nil {
            throw UsageFailure("--twin is for a rig that is a twin, and needs the port that it said with --usbip")
        }
        let places = RigCheck.places(rig, twinDirectory: twin)
        let plan = CheckPlan(
            rig, withHost: arguments.has("--host"), withMains: arguments.has("--mains"), hasHeartbeat: heartbeat != nil
        ) { board, channel in
            guard let directory = places?.directory else { return 0 }
            let written = WearCounter.written(
                directory: directory, driver: board.driver, serial: board.serial, path: board.portPath)
            return written.flatMap { $0.indices.contains(channel.number - 1) ? $0[channel.number - 1] : nil } ?? 0
        }
        let session = RigCheckSession(rig: rig, plan: plan, places: places, isJSON: arguments.has("--json"))
        session.announce()
        if let missing = plan.missing { throw UsageFailure(missing) }
        if let refusal = plan.refusals.first {
            Terminal.error("knxrig: rig check: \(refusal)\n")
            return .invalid
        }
        guard !plan.clicks.isEmpty else { throw UsageFailure("\(rig.file) has no channel to check") }
        guard try session.mayGoOn(arguments.has("--yes")) else { return .aborted }
        let check = RigCheck(
            rig, plan: plan, twinDirectory: twin, access: access ?? BoardAccess(), heartbeat: heartbeat)
        return try session.make(check)
    }
}

/// One check, from its announcement to what is decided about the rig.
private struct RigCheckSession {
    let rig: Rig
    let plan: CheckPlan
    /// nil for a twin that ends with the check.
    let places: BoardPlaces?
    let isJSON: Bool

    private func tell(_ text: String) {
        if isJSON { Terminal.error(text + "\n") } else { Terminal.output(text + "\n") }
    }

    func announce() {
        tell("\(rig.name): \(plan.clicks.count) channels are cut and restored, one after another:")
        for click in plan.clicks { tell("  \(click.text)") }
        for skipped in plan.skipped { tell("  skipped: channel '\(skipped.channel)': \(skipped.reason)") }
        if let places {
            for mark in CheckRecord(places).marks(rig) {
                tell("  board '\(mark.board)' is marked unsafe: \(mark.reason)")
            }
            if rig.kind == .bench,
                let caveat = StateDirectory.current.caveat(isLockedForAll: places.isLockedForAll)
            {
                tell("  note: \(caveat)")
            }
        }
    }

    func mayGoOn(_ isAgreed: Bool) throws -> Bool {
        if isAgreed { return true }
        guard isatty(STDIN_FILENO) == 1 else {
            throw UsageFailure(
                "nobody is there to be asked (standard input is no terminal): say --yes to make these clicks")
        }
        Terminal.error("Make these clicks? [y/N] ")
        Signals.unblock([SIGINT])
        let answer = readLine() ?? ""
        Signals.block([SIGINT])
        return ["y", "yes"].contains(answer.lowercased())
    }

    func make(_ check: RigCheck) throws -> ExitStatus {
        let cancellation = try Cancellation()
        let signals = try Signals.descriptor(for: [SIGINT, SIGTERM, SIGHUP])
        NamedThread.start("signals") {
            _ = Poll.wait([(signals, .readable)], until: nil)
            cancellation.cancel(.aborted("somebody asked the check to stop"))
        }
        let showsProgress = Terminal.errorIsTerminal
        let result: RigCheck.Result
        do {
            result = try check.run(program: Program.path, cancellation: cancellation) { text in
                if showsProgress { Terminal.error("  … \(text)\n") }
            }
        } catch {
            Terminal.error("knxrig: rig check: \(error)\n")
            switch error.cause {
            case .aborted: return .aborted
            case .invalid, .unreached: return .invalid
            case .error: return .error
            }
        }
        let record = places.map { CheckRecord($0) }
        let findings = WiringFindings(result.clicks, followedBefore: record?.followed(rig) ?? [:])
        var decisions: [(board: String, decision: CheckRecord.Decision)] = []
        var taken: String?
        do {
            // A board whose safe state was not confirmed has been marked by its keeper.
            if let record, result.isSafe {
                decisions = try record.settle(rig, findings, holder: "knxrig rig check, process \(getpid())")
            }
        } catch {
            taken = "\(error)"
        }
        if isJSON {
            Terminal.output(JSON.text(value(result, findings, decisions)) + "\n")
        } else {
            show(result, findings, decisions)
        }
        if let taken { Terminal.error("knxrig: \(taken)\n") }
        if findings.kind == .wrong { return .fail }
        return findings.kind == .unproven || !result.isSafe || taken != nil ? .invalid : .pass
    }

    private func show(
        _ result: RigCheck.Result, _ findings: WiringFindings,
        _ decisions: [(board: String, decision: CheckRecord.Decision)]
    ) {
        for finding in findings.channels {
            let word = [WiringFindings.Kind.good: "ok", .wrong: "wrong", .unproven: "not proven"][finding.kind] ?? ""
            Terminal.output("\(word): \(finding.sentence)\n")
        }
        for note in findings.notes + result.notes { Terminal.output("note: \(note)\n") }
        if let stopped = result.stopped { Terminal.output("note: the check stopped there: \(stopped)\n") }
        if findings.kind != .good { showMatrix(result.clicks) }
        for decision in decisions {
            switch decision.decision {
            case .cleared: Terminal.output("board '\(decision.board)' is not marked unsafe any more\n")
            case .marked:
                Terminal.output(
                    "board '\(decision.board)' is marked unsafe: nothing runs on it until a check finds it good\n")
            case .kept:
                Terminal.output(
                    "board '\(decision.board)' stays marked unsafe: not all of its channels were found good\n")
            case .foreign(let mark):
                Terminal.output(
                    "board '\(decision.board)' was found good and stays marked unsafe: \(mark) is another user's to take away\n"
                )
            case .none: break
            }
        }
        if !result.isSafe { Terminal.output("the safe state was not confirmed: look at the bench\n") }
    }

    /// What every witness saw of every click.
    private func showMatrix(_ clicks: [Click]) {
        let feeds = Set(clicks.flatMap(\.seen.keys)).sorted()
        guard !feeds.isEmpty else { return }
        Terminal.output("what was seen (before, cut, after):\n")
        for click in clicks {
            guard !click.seen.isEmpty else { continue }
            let cells = feeds.map { feed in
                guard let seen = click.seen[feed] else { return "\(feed) not looked at" }
                return "\(feed) " + [seen.before, seen.during, seen.after].map(Self.sign).joined(separator: "")
            }
            Terminal.output(
                "  channel \(click.channel.number) ('\(click.channel.id)'): \(cells.joined(separator: ", "))\n")
        }
        Terminal.output("  1 there, 0 gone, ? contradicting\n")
    }

    private static func sign(_ state: FeedState) -> String {
        switch state {
        case .powered: "1"
        case .cut: "0"
        case .unclear: "?"
        }
    }

    private func value(
        _ result: RigCheck.Result, _ findings: WiringFindings,
        _ decisions: [(board: String, decision: CheckRecord.Decision)]
    ) -> Value {
        func state(_ state: FeedState) -> Value {
            switch state {
            case .powered: "powered"
            case .cut: "cut"
            case .unclear(let reason): .text(reason)
            }
        }
        let channels = zip(findings.channels, result.clicks).map { finding, click -> Value in
            let seen = click.seen.sorted { $0.key < $1.key }.map { feed, seen in
                Value.Field(
                    feed,
                    ["before": state(seen.before), "cut": state(seen.during), "after": state(seen.after)])
            }
            return [
                "board": .text(finding.board), "channel": .text(finding.channel),
                "number": .integer(Int64(click.channel.number)), "feeds": .text(click.channel.feeds),
                "finding": .text(finding.kind.rawValue), "sentence": .text(finding.sentence), "seen": .record(seen),
            ]
        }
        let marks = decisions.map { board, decision -> Value in
            let text =
                switch decision {
                case .cleared: "cleared"
                case .marked: "marked"
                case .kept, .foreign: "kept"
                case .none: "none"
                }
            return ["board": .text(board), "unsafe_mark": .text(text)]
        }
        return [
            "schema": "knxrig/rig-check/1", "rig": .text(rig.name), "finding": .text(findings.kind.rawValue),
            "safe": .bool(result.isSafe), "channels": .list(channels),
            "skipped": .list(plan.skipped.map { ["channel": .text($0.channel), "reason": .text($0.reason)] }),
            "notes": .list((findings.notes + result.notes).map { .text($0) }), "boards": .list(marks),
        ]
    }
}
