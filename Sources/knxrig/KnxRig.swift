import Documents
import Glibc
import Platform

@main
struct KnxRig {
    static let version = "0.1.0"

    static let commands: [Command] =
        [.test, .calibrate, .report, .systemCheck, .scenarios, .verify, .audit, .monitor, .capture, .decode, .encode]
        + Command.relayCommands + Command.rigCommands
        + [.twin, .run, .keeper, .guardian, .relayRestore, .host, .holdDatabase, .guardTerminal]

    static func main() {
        // A reader that went away is an error where it happens; and no signal is lost that comes before its reader is there.
        Signals.ignorePipe()
        Signals.block([SIGINT, SIGTERM, SIGHUP])
        exit(status(of: Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    private static func status(of words: [String]) -> ExitStatus {
        guard let first = words.first else {
            Terminal.error(overview)
            return .usage
        }
        switch first {
        case "--help", "-h", "help":
            let asked = first == "help" ? Array(words.dropFirst()) : []
            Terminal.output(match(asked)?.command.helpText ?? asked.first.flatMap(overview(ofGroup:)) ?? overview)
            return .pass
        case "--version":
            Terminal.output("knxrig \(version)\n")
            return .pass
        default: break
        }
        guard let (command, rest) = match(words) else {
            if let group = overview(ofGroup: first), words.count == 1 || ["--help", "-h"].contains(words[1]) {
                if words.count > 1 { Terminal.output(group) } else { Terminal.error(group) }
                return words.count > 1 ? .pass : .usage
            }
            let names = commands.filter { !$0.isInternal }.map(\.name)
            let suggestion = Nearest.suggestion(for: words.prefix(2).joined(separator: " "), among: names)
            let single = suggestion.isEmpty ? Nearest.suggestion(for: first, among: names) : suggestion
            return refuse("there is no command '\(first)'\(single); `knxrig --help` lists them")
        }
        if rest.contains("--help") || rest.contains("-h") {
            Terminal.output(command.helpText)
            return .pass
        }
        do {
            return try command.run(try Arguments(rest, options: command.options))
        } catch let failure as UsageFailure {
            return refuse("\(command.name): \(failure); `knxrig \(command.name) --help` says more")
        } catch let failure as DocumentFailure {
            return refuse(failure.description)
        } catch {
            Terminal.error("knxrig: \(error)\n")
            return .error
        }
    }

    /// The command whose words begin `words`, and what follows them. The longest name wins.
    private static func match(_ words: [String]) -> (command: Command, rest: [String])? {
        let matching = commands.filter { command in
            words.starts(with: command.name.split(separator: " ").map(String.init))
        }
        guard let command = matching.max(by: { $0.name.count < $1.name.count }) else { return nil }
        return (command, Array(words.dropFirst(command.name.split(separator: " ").count)))
    }

    private static func refuse(_ message: String) -> ExitStatus {
        Terminal.error("knxrig: \(message)\n")
        return .usage
    }

    private static func list(_ commands: [Command]) -> String {
        let shown = commands.filter { !$0.isInternal }
        let width = shown.map(\.name.count).max() ?? 0
        return shown.map { command in
            "  \(command.name)\(String(repeating: " ", count: width - command.name.count))  \(command.summary)\n"
        }.joined()
    }

    /// The commands whose names begin with this word and go on: those of `relay`. Nil when there are none.
    private static func overview(ofGroup word: String) -> String? {
        let group = commands.filter { !$0.isInternal && $0.name.hasPrefix(word + " ") }
        guard !group.isEmpty else { return nil }
        return """
            Usage: knxrig \(word) COMMAND [OPTIONS]

            Commands:
            \(list(group))
            `knxrig \(word) COMMAND --help` explains one of them.

            """
    }

    private static var overview: String {
        """
        knxrig: breaks a KNX bench on purpose and proves whether the building controller recovered.

        Usage: knxrig COMMAND [OPTIONS]

        Commands:
        \(list(commands))
        `knxrig COMMAND --help` explains one of them. First try, without hardware: knxrig test HW-1

        Exit status: 0 pass, 1 fail, 2 usage or bad input, 3 invalid (the rig could not prove it), 4 inconclusive, 5 error, 130 aborted.

        """
    }
}
