import Bus
import Checkers
import Documents
import Events
import Evidence
import KNX
import Monitor
import Platform
import Rigs

extension Command {
    private static let lineOptions: [Option] = [
        .value("--rig", "FILE", "the rig file whose line it is (default: twin, which needs no hardware)"),
        .value("--line", "ID", "the line of the rig (default: its first)"),
        .value("--seconds", "N", "for how long (default: until Ctrl-C)"),
        .value(
            "--load", "PERCENT", "on a twin: tracers at that share of its capacity, instead of a building's traffic"),
        .value("--seed", "S", "on a twin: settle what the building says (default: 1)"), data,
    ]

    static let capture = Command(
        name: "capture", summary: "Record a line into a file for Wireshark", operands: "FILE.pcapng",
        options: [
            .value("--rotate-mib", "N", "go on in a new file after N MiB"),
            .value("--rotate-minutes", "N", "go on in a new file after N minutes"),
            .value("--keep", "N", "with rotation: keep the newest N files"),
            .flag("--overwrite", "replace a file that is there"),
            .flag("--json", "print what it came to as one JSON object, losses included"),
        ] + lineOptions,
        examples: [
            "knxrig capture line.pcapng --seconds 60",
            "knxrig capture line.pcapng --rig bench.yaml --rotate-minutes 60 --keep 168",
        ],
        notes: """
            On a bench the witness only listens. The file can be opened at any moment, also while it is written. Wireshark and tshark read it without any
            setting; what followed a frame other than ACK is its comment. With rotation the files are FILE_00001_UTC.pcapng and so on. Ctrl-C ends it.
            At the end it says whether anything was lost, when, how many, and which ledgers could tell: the numbers of an interface's indications, the
            telegrams that the rig itself had on the line, and bus time.
            Exit status: 0 ended in order, 2 bad input, 3 the witness does not answer, 5 the file cannot be written any more.
            """
    ) { arguments in
        guard let path = arguments.operands.first, arguments.operands.count == 1 else {
            throw UsageFailure("name one file: knxrig capture line.pcapng")
        }
        if path == "-" { throw UsageFailure("`knxrig monitor --pcap -` writes to standard output") }
        let request = try LineRequest(arguments)
        let rotation = CaptureRotation(
            octets: try arguments.optional("--rotate-mib", 1...1_000_000).map { $0 << 20 },
            span: try arguments.optional("--rotate-minutes", 1...525_600).map { .seconds(Int64($0) * 60) },
            kept: try arguments.optional("--keep", 1...1_000_000))
        if rotation.kept != nil && !rotation.isOn {
            throw UsageFailure("'--keep' goes with '--rotate-mib' or '--rotate-minutes'")
        }
        var session: CaptureSession
        do {
            session = try CaptureSession(
                path: path, interface: request.choice.interface, rotation: rotation,
                overwrites: arguments.has("--overwrite"),
                isEveryTelegramCounted: request.choice.isEveryTelegramCounted)
        } catch {
            throw UsageFailure("\(error)\(arguments.has("--overwrite") ? "" : request.advice(error))")
        }
        guard let live = request.start() else { return .invalid }
        request.tellWitness()
        let outcome = session.run(live.queue, for: request.span, notice: request.notice)
        live.stop()
        if outcome.dropped > 0 { request.notice("\(outcome.dropped) events came faster than they could be written") }
        let files = outcome.files == 1 ? "" : ", the last of \(outcome.files) files"
        if let failure = outcome.failure {
            request.notice("\(failure); what was heard before is in it: \(outcome.frames) frames\(files)")
            return .error
        }
        request.notice("\(outcome.frames) frames in \(outcome.path)\(files); \(outcome.witness.sentence)")
        if arguments.has("--json") { Terminal.output(JSON.text(request.summary(outcome)) + "\n") }
        return .pass
    }

    static let monitor = Command(
        name: "monitor", summary: "Show a line as it is now: telegrams, load, voltage",
        options: [
            .value("--groups", "FILE", "names and types of group addresses: an export of ETS, CSV or XML"),
            .value("--source", "WHO", "only what comes from there: 1.1.5, 1.1.* or 1.1.20-1.1.27"),
            .value("--destination", "WHERE", "only what goes there: 1/2/3, 1/2/*, 1/2/0-1/2/99 or 1.1.5"),
            .value("--apci", "NAME", "only services with that in their name: write, read, response, …"),
            .value("--text", "WORDS", "only telegrams with these words in their text, name or value"),
            .flag("--plain", "print lines, also on a terminal"), .flag("--json", "print one JSON object a line"),
            .value("--pcap", "-", "write pcapng to standard output"),
        ] + lineOptions,
        examples: [
            "knxrig monitor", "knxrig monitor --rig bench.yaml --groups house.csv --destination '1/2/*'",
            "knxrig monitor --json | jq -c 'select(.mark == \"busy\")'",
            "knxrig monitor --rig bench.yaml --pcap - | wireshark -k -i -",
        ],
        notes: """
            On a terminal it is a screen: q quits, space pauses, the arrow and page keys scroll, n and N go to the next and the last NACK, BUSY or bad frame,
            s, d, a and t change the filters for source, destination, APCI and text, c takes them away. Elsewhere it prints lines. Load is the share of the
            line's capacity over the last second and the last minute, with the highest second of that minute. Without --groups, names come from the .csv or
            .xml beside the rig file. The mark is ACK, NACK, BUSY, bad, or - where nothing followed.
            Exit status: 0 ended in order, 2 bad input, 3 the witness does not answer, 5 error.
            """
    ) { arguments in
        try arguments.refuseOperands()
        let request = try LineRequest(arguments)
        if let pcap = arguments.value("--pcap"), pcap != "-" {
            throw UsageFailure(
                "'--pcap \(pcap)': it writes to standard output alone; `knxrig capture \(pcap)` writes a file")
        }
        let forms = ["--plain", "--json", "--pcap"].filter(arguments.has)
        if forms.count > 1 { throw UsageFailure("'\(forms[0])' and '\(forms[1])' are two forms: choose one") }
        let isScreen = forms.isEmpty && Terminal.outputIsTerminal && Terminal.inputIsTerminal
        let form: MonitorSession.Form =
            arguments.has("--json")
            ? .json
            : arguments.has("--pcap")
                ? .capture
                : isScreen ? .screen(hasColours: Program.environment["NO_COLOR"].map(\.isEmpty) ?? true) : .lines
        if form == .capture, Terminal.outputIsTerminal {
            throw UsageFailure("'--pcap -' is for a program to read: knxrig monitor --pcap - | wireshark -k -i -")
        }
        let groups = try request.groups(arguments.value("--groups"))
        let filter = try arguments.telegramFilter()
        guard let live = request.start() else { return .invalid }
        defer { live.stop() }
        var session = try MonitorSession(
            form, title: request.choice.name, interface: request.choice.interface, groups: groups, filter: filter,
            visibility: request.choice.visibility, isEveryTelegramCounted: request.choice.isEveryTelegramCounted,
            program: Program.path)
        if !isScreen { request.tellWitness() }
        session.run(live.queue, for: request.span, notice: request.notice)
        return .pass
    }

    static let guardTerminal = Command(
        name: "guard-terminal", summary: "Give a terminal back when its monitor has died", isInternal: true
    ) { _ in
        guard let lifeline = Lifeline.inherited() else {
            throw UsageFailure("what guards a terminal is started by `knxrig monitor`")
        }
        return TerminalGuard.run(lifeline) == 0 ? .pass : .error
    }
}

/// Which line a command is about, and what is to be sent on it when it is a twin's.
private struct LineRequest {
    let choice: LineChoice
    let span: Instant.Span?
    private let traffic: LiveLine.Traffic
    private let seed: UInt64

    init(_ arguments: Arguments) throws {
        let file = try Command.dataDirectories(arguments).find(arguments.value("--rig") ?? "twin", folder: "")
        let rig = try Rig(path: file)
        if rig.kind == .bench, let option = ["--load", "--seed"].first(where: arguments.has) {
            throw UsageFailure("'\(option)' is for twins: on a bench the rig only listens")
        }
        traffic = try arguments.optional("--load", 0...100).map { .load(percent: $0) } ?? .building
        seed = UInt64(try arguments.integer("--seed", 0...Int.max, default: 1))
        span = try arguments.optional("--seconds", 1...31_536_000).map { .seconds(Int64($0)) }
        choice = try LineChoice(rig, line: arguments.value("--line"), traffic: traffic)
    }

    /// nil when there is nothing to hear, which has been said then.
    func start() -> LiveLine? {
        do {
            return try LiveLine(choice, traffic: traffic, seed: seed, program: Program.path)
        } catch {
            notice("\(error)")
            return nil
        }
    }

    func groups(_ file: String?) throws(DocumentFailure) -> GroupAddressTable {
        let found = file ?? GroupAddressFile.beside(rigFile: choice.rig.file, exists: Files.exists)
        return try found.map { path throws(DocumentFailure) in try GroupAddressFile.read(path) } ?? GroupAddressTable()
    }

    /// What can be expected of what follows; for people alone.
    func tellWitness() {
        if Terminal.errorIsTerminal { notice("the witness tells \(choice.visibility)") }
    }

    func summary(_ outcome: CaptureSession.Outcome) -> Value {
        [
            "schema": "knxrig/capture/1", "file": .text(outcome.path), "files": .integer(Int64(outcome.files)),
            "frames": .integer(Int64(outcome.frames)), "dropped": .integer(Int64(outcome.dropped)),
            "visibility": choice.visibility.value,
            "losses": outcome.witness.value(
                unixOffset: MonotonicClock.unixNanoseconds() - MonotonicClock.now().nanoseconds),
        ]
    }

    @Sendable func notice(_ text: String) { Terminal.error("knxrig: \(text)\n") }

    func advice(_ failure: any Error) -> String {
        (failure as? SystemFailure)?.isAlreadyThere == true ? ": name another one, or add --overwrite" : ""
    }
}

extension Arguments {
    /// The whole number given with `name`; nil when it is not given.
    fileprivate func optional(_ name: String, _ range: ClosedRange<Int>) throws(UsageFailure) -> Int? {
        value(name) == nil ? nil : try integer(name, range, default: range.lowerBound)
    }

    fileprivate func telegramFilter() throws(UsageFailure) -> TelegramFilter {
        var filter = TelegramFilter()
        let options: [(String, TelegramFilter.Aspect)] = [
            ("--source", .source), ("--destination", .destination), ("--apci", .service), ("--text", .text),
        ]
        for (option, aspect) in options {
            guard let text = value(option) else { continue }
            do { try filter.set(aspect, to: text) } catch { throw UsageFailure("'\(option)': \(error)") }
        }
        return filter
    }
}
