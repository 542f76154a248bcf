import CPlatform
import Glibc
import Synchronization

/// A pseudo-terminal that stands for a serial line: this side is the device, the path is what a program opens.
public final class PseudoTerminal: Sendable {
    /// The device's side, non-blocking.
    public let primary: Descriptor
    /// The terminal's own path, `/dev/pts/N`.
    public let path: String
    /// Kept open so that reading the primary is no error while no program has the terminal open.
    private let secondary: Descriptor
    private let published = Mutex<String?>(nil)

    public init() throws(SystemFailure) {
        var numbers: (Int32, Int32) = (-1, -1)
        var name = [CChar](repeating: 0, count: 128)
        guard unsafe platform_open_pty(&numbers.0, &numbers.1, &name, 128) == 0 else {
            throw SystemFailure("open", "a pseudo-terminal")
        }
        primary = Descriptor(owning: numbers.0)
        secondary = Descriptor(owning: numbers.1)
        path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try primary.setNonblocking(true)
    }

    /// Makes `symlink` point at the terminal, replacing what stood there in one step.
    public func publish(as symlink: String) throws(SystemFailure) {
        let temporary = symlink + ".new"
        unsafe unlink(temporary)
        guard unsafe Glibc.symlink(path, temporary) == 0, unsafe rename(temporary, symlink) == 0 else {
            throw SystemFailure("publish a terminal as", symlink)
        }
        published.withLock { $0 = symlink }
    }

    /// Gives the next opener something to change: glibc 2.36's tcsetattr reports EINVAL when none of the requested changes took effect, and a
    /// pseudo-terminal cannot do parity, so that knxd's second open of the same terminal would fail (measured with 0.14.54).
    public func rearm() {
        var settings = termios()
        guard unsafe tcgetattr(primary.number, &settings) == 0 else { return }
        unsafe cfsetspeed(&settings, speed_t(B38400))
        unsafe tcsetattr(primary.number, TCSANOW, &settings)
    }

    /// Makes it pass octets as they are even before a program has set it up: else the terminal would echo what the device sends.
    public func makeRaw() {
        var settings = termios()
        guard unsafe tcgetattr(primary.number, &settings) == 0 else { return }
        unsafe cfmakeraw(&settings)
        unsafe tcsetattr(primary.number, TCSANOW, &settings)
    }

    /// Takes the device away: the path goes, and whoever has it open sees the hang-up.
    public func unplug() {
        published.withLock { symlink in
            if let symlink { unsafe unlink(symlink) }
            symlink = nil
        }
        secondary.close()
        primary.close()
    }
}
