import Glibc

/// How a terminal passes on what is typed, kept so that it can be put back: a program that takes single keys owes that to the next.
public struct TerminalSettings: Sendable {
    private let saved: termios
    private let number: Int32

    /// The settings of a terminal as they are; nil when the descriptor is none.
    public init?(of number: Int32) {
        var settings = termios()
        guard isatty(number) == 1, unsafe tcgetattr(number, &settings) == 0 else { return nil }
        saved = settings
        self.number = number
    }

    /// Keys come one by one and are not echoed. Ctrl-C and Ctrl-Z remain signals.
    public func takeSingleKeys() {
        var settings = saved
        settings.c_lflag &= ~UInt32(ICANON | ECHO)
        settings.c_iflag &= ~UInt32(IXON)
        unsafe tcsetattr(number, TCSADRAIN, &settings)
    }

    /// Puts everything back as it was.
    public func restore() {
        var settings = saved
        unsafe tcsetattr(number, TCSADRAIN, &settings)
    }

    /// Columns and rows of a terminal; nil when it does not say.
    public static func size(of number: Int32) -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard unsafe ioctl(number, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
