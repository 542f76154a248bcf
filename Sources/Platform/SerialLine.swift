import CPlatform
import Glibc

/// A serial line, raw and non-blocking; also a pseudo-terminal, which keeps the speed and drops the parity.
public final class SerialLine: Sendable {
    public let descriptor: Descriptor

    private let isExclusive: Bool

    private init(_ descriptor: Descriptor, isExclusive: Bool) {
        self.descriptor = descriptor
        self.isExclusive = isExclusive
    }

    /// Only what was taken has to be given back: the descriptor closes itself, and may be all that somebody kept of a line.
    deinit {
        if isExclusive { close() }
    }

    /// Closes the line and lets others open it. Calling it again does nothing.
    public func close() {
        if isExclusive { descriptor.close { platform_release_terminal($0) } } else { descriptor.close() }
    }

    /// Opens the device and sets 8 data bits, one stop bit, no flow control. Opening raises DTR and RTS, which resets some devices.
    ///
    /// - Parameters:
    ///   - baudRate: 9600, 19200, 38400 or 115200.
    ///   - isExclusive: keeps every other program off until it is closed, and leaves the modem lines up then.
    /// - Throws: what the system says to opening it; EINVAL for another speed; EBUSY when another program has it.
    public static func open(
        path: String, baudRate: Int, evenParity: Bool, isExclusive: Bool = false
    ) throws(SystemFailure) -> SerialLine {
        let speeds: [Int: Int32] = [9600: B9600, 19_200: B19200, 38_400: B38400, 115_200: B115200]
        guard let speed = speeds[baudRate] else { throw SystemFailure("set \(baudRate) baud on", path, code: EINVAL) }
        let number = unsafe Glibc.open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard number >= 0 else { throw SystemFailure("open", path) }
        let descriptor = Descriptor(owning: number)
        // Before anything is changed: the settings may be another program's.
        if isExclusive {
            let code = platform_claim_terminal(number)
            guard code == 0 else { throw SystemFailure("take", path, code: code) }
        }
        var settings = termios()
        guard unsafe tcgetattr(number, &settings) == 0 else { throw SystemFailure("read the settings of", path) }
        unsafe cfmakeraw(&settings)
        unsafe cfsetspeed(&settings, speed_t(speed))
        settings.c_cflag |= tcflag_t(CLOCAL | CREAD)
        settings.c_cflag &= ~(tcflag_t(CSTOPB) | tcflag_t(CRTSCTS))
        if evenParity { settings.c_cflag |= tcflag_t(PARENB) } else { settings.c_cflag &= ~tcflag_t(PARENB) }
        // EINVAL here may only mean that a pseudo-terminal has no parity; that the line works is for the chip's answer to show.
        if unsafe tcsetattr(number, TCSANOW, &settings) != 0 && errno != EINVAL {
            throw SystemFailure("set up", path)
        }
        // FTDI adapters hold octets back for 16 ms without this; adapters that don't know it refuse, which is fine.
        _ = platform_set_low_latency(number)
        tcflush(number, TCIOFLUSH)
        return SerialLine(descriptor, isExclusive: isExclusive)
    }
}
