import Bus
import Events
import Platform
import Rigs

extension Command {
    static let rigDiscover = Command(
        name: "rig discover", summary: "Find what a rig can be made of, and write the beginning of its file",
        options: [
            .value("--write", "FILE", "begin a new rig file"),
            .value("--merge", "FILE", "put what is new into a rig file; what stands there stays"),
            .value("--open", "TTY", "open this serial line and ask whether a transceiver answers", repeats: true),
            .value("--machine", "DIR", "look at a copy of another machine's sys, run/udev/data, proc and dev in DIR"),
            .flag("--json", "print JSON"),
        ],
        examples: [
            "knxrig rig discover", "knxrig rig discover --write my-bench.yaml",
            "knxrig rig discover --open /dev/ttyACM0 --open /dev/ttyUSB1",
        ],
        notes: """
            It reads sysfs, udev's database and /proc. Nothing is written to a device, and no serial line is opened that --open does not name. Below
            each thing stands why it is not usable yet, and what to do. In the file that it writes, values that begin with FILL-IN are yours: the
            commands that read rig files name the first that is left.

            Exit status: 0, also when nothing is found; 2 usage, a file that is there already, or one that can't be read.
            """
    ) { arguments in
        try arguments.refuseOperands()
        let target = arguments.value("--write") ?? arguments.value("--merge")
        if arguments.has("--write"), arguments.has("--merge") {
            throw UsageFailure("--write begins a file and --merge goes on with one: say one of them")
        }
        if let file = arguments.value("--write"), Files.exists(file) {
            throw UsageFailure("\(file) is there already: --merge puts what is new into it")
        }
        let discovery = Discovery(Machine(root: arguments.value("--machine") ?? ""))
        var draft: RigDraft?
        if let file = arguments.value("--write") {
            draft = RigDraft(new: discovery, name: name(of: file))
        } else if let file = arguments.value("--merge") {
            do {
                let old = String(decoding: try Files.read(file), as: UTF8.self)
                draft = try RigDraft(merging: discovery, into: old, file: file)
            } catch let failure as SystemFailure {
                throw UsageFailure("\(failure)")
            }
        }
        let answers = try arguments.all("--open").map { (line: $0, answer: try ask($0)) }
        if arguments.has("--json") {
            var fields = discovery.value.fields ?? []
            fields.append(
                Value.Field(
                    "asked", .list(answers.map { ["device": .text($0.line), "answer": .text($0.answer.word)] })))
            Terminal.output(JSON.text(.record(fields)) + "\n")
        } else {
            Terminal.output(discovery.text)
            for (line, answer) in answers { Terminal.output("\(line): \(answer.sentence)\n") }
        }
        if let draft, let target { try write(draft, to: target, isMerge: arguments.has("--merge")) }
        return .pass
    }

    private static func name(of file: String) -> String {
        let last = file.split(separator: "/").last.map(String.init) ?? file
        let base = last.hasSuffix(".yaml") ? String(last.dropLast(5)) : last
        let name = base.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        return name.isEmpty ? "bench" : name
    }

    private static func write(_ draft: RigDraft, to file: String, isMerge: Bool) throws {
        guard !(isMerge && draft.added.isEmpty) else {
            Terminal.error("\(file): nothing new\n")
            return
        }
        do {
            // A person's file keeps its place behind a link, and its rights.
            let place = Files.resolved(file) ?? file
            try Files.write(
                Array(draft.text.utf8), to: place, permissions: Files.permissions(of: place)?.mode ?? 0o644)
        } catch {
            throw UsageFailure("\(error)")
        }
        let complaints = RigDraft.complaints(about: draft.text, file: file)
        for added in draft.added { Terminal.error("\(file): added \(added)\n") }
        for complaint in complaints { Terminal.error("\(complaint)\n") }
        if complaints.isEmpty { Terminal.error("\(file): fit to be used; then `knxrig rig check \(file)`\n") }
    }

    private enum Answer {
        case transceiver, silent
        case closed(String)

        var word: String {
            switch self {
            case .transceiver: "transceiver"
            case .silent: "silent"
            case .closed: "closed"
            }
        }

        var sentence: String {
            switch self {
            case .transceiver: "a transceiver with the TP-UART protocol answers"
            case .silent: "it opens, and no transceiver answers at 19200 baud: another device, or a line without power"
            case .closed(let reason): "it can't be asked: \(reason)"
            }
        }
    }

    /// Asks a line for a second, by a reset, which sends nothing on the bus.
    private static func ask(_ line: String) throws -> Answer {
        guard Files.exists(line) else { throw UsageFailure("there is no \(line)") }
        // Two readers of one line take each other's octets.
        if let holder = Machine().holder(ofLine: line) { return .closed(holder) }
        let probe = try ChipProbe("probe", port: .serial(path: line))
        defer { probe.stop() }
        let deadline = MonotonicClock.now() + .seconds(1)
        var last = probe.reading(at: MonotonicClock.now())
        while last != .answers, MonotonicClock.now() < deadline {
            MonotonicClock.sleep(for: .milliseconds(20))
            last = probe.reading(at: MonotonicClock.now())
        }
        switch last {
        case .answers: return .transceiver
        case .silent: return .silent
        case .closed(let reason): return .closed(reason)
        }
    }
}
