import Documents
import Glibc

/// One subcommand: what it is called, what it says about itself, and what it does.
struct Command: Sendable {
    /// Its words, such as `relay list`.
    var name: String
    /// One line for the list of commands.
    var summary: String
    /// The operands, for the usage line: `ID…`.
    var operands = ""
    var options: [Option] = []
    var examples: [String] = []
    /// More to know, printed below the options.
    var notes = ""
    /// Internal processes don't show in the list of commands.
    var isInternal = false
    /// Runs the command and returns the exit status.
    var run: @Sendable (Arguments) throws -> ExitStatus

    static let help = Option.flag("--help", "print this and exit")

    var helpText: String {
        var text = "\(summary)\n\nUsage: knxrig \(name)\(options.isEmpty ? "" : " [OPTIONS]")"
        text += operands.isEmpty ? "\n" : " \(operands)\n"
        let all = options + [Command.help]
        text += "\nOptions:\n"
        let labels = all.map { $0.name + ($0.value.map { " \($0)" } ?? "") }
        let width = labels.map(\.count).max() ?? 0
        for (label, option) in zip(labels, all) {
            text += "  \(label)\(String(repeating: " ", count: width - label.count))  \(option.help)\n"
        }
        if !notes.isEmpty { text += "\n\(notes)\n" }
        if !examples.isEmpty {
            text += "\nExamples:\n" + examples.map { "  \($0)\n" }.joined()
        }
        return text
    }
}

/// Exit statuses of every command (the same everywhere, so that a script can rely on them).
enum ExitStatus: Int32 {
    case pass = 0
    case fail = 1
    case usage = 2
    case invalid = 3
    case inconclusive = 4
    case error = 5
    case aborted = 130
}

/// Standard output and standard error, written whole and at once.
enum Terminal {
    static func output(_ text: String) {
        write(Array(text.utf8), to: STDOUT_FILENO)
    }

    static func output(_ octets: [UInt8]) {
        write(octets, to: STDOUT_FILENO)
    }

    static func error(_ text: String) {
        write(Array(text.utf8), to: STDERR_FILENO)
    }

    static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }
    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    private static func write(_ octets: [UInt8], to number: Int32) {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
            if count < 0 && errno != EINTR && errno != EAGAIN { return }
            rest = rest.dropFirst(max(0, count))
        }
    }
}
