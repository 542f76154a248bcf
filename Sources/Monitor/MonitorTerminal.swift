import Glibc
import Platform

/// The terminal that the monitor draws on: single keys, the other screen, and everything put back at the end.
final class MonitorTerminal {
    let input: Descriptor
    private let output: Descriptor
    private let settings: TerminalSettings
    private let watch: TerminalGuard
    private let hasColours: Bool
    private var isTaken = false

    /// - Parameter hasColours: whether looks are told by colours.
    /// - Throws: when standard input is no terminal, among others.
    init(program: String, hasColours: Bool) throws(SystemFailure) {
        guard let settings = TerminalSettings(of: STDIN_FILENO) else {
            throw SystemFailure("read keys from", "standard input", code: ENOTTY)
        }
        self.settings = settings
        self.hasColours = hasColours
        input = Descriptor(owning: dup(STDIN_FILENO))
        output = Descriptor(owning: dup(STDOUT_FILENO))
        watch = try TerminalGuard(program: program, terminal: input)
    }

    var size: (columns: Int, rows: Int) { TerminalSettings.size(of: output.number) ?? (80, 24) }

    func take() {
        isTaken = true
        settings.takeSingleKeys()
        write(TerminalGuard.entering)
    }

    func giveBack() {
        guard isTaken else { return }
        isTaken = false
        write(TerminalGuard.leaving)
        settings.restore()
    }

    /// Ends the guard too.
    func end() {
        giveBack()
        watch.dismiss()
    }

    func draw(_ lines: [[MonitorScreen.Piece]]) {
        var text = "\u{1B}[H"
        for (index, line) in lines.enumerated() {
            if index > 0 { text += "\r\n" }
            for piece in line { text += code(piece.look) + piece.text }
            text += "\u{1B}[0m"
        }
        write(text)
    }

    private func write(_ text: String) {
        try? output.writeAll(Array(text.utf8))
    }

    private func code(_ look: MonitorScreen.Piece.Look) -> String {
        // Without colours, bold and reverse still say what is selected.
        switch look {
        case .plain: "\u{1B}[0m"
        case .title: "\u{1B}[0;1m"
        case .selected: "\u{1B}[0;7m"
        case .faint: hasColours ? "\u{1B}[0;2m" : "\u{1B}[0m"
        case .good: hasColours ? "\u{1B}[0;32m" : "\u{1B}[0m"
        case .warning: hasColours ? "\u{1B}[0;33m" : "\u{1B}[0;1m"
        case .trouble: hasColours ? "\u{1B}[0;31m" : "\u{1B}[0;1m"
        }
    }
}
