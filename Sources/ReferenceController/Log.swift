import Glibc
import Synchronization

/// One JSON object per line on standard output. The texts of messages are stable and listed in the README.
enum Log {
    enum Level: String {
        case info
        case warning
        case error
    }

    private static let output = Mutex<Void>(())

    /// For what is ordinary at some times and not at others.
    static func write(ordinary: Bool, _ message: String, _ fields: JSON = [:]) {
        write(ordinary ? .info : .warning, message, fields)
    }

    static func info(_ message: String, _ fields: JSON = [:]) { write(.info, message, fields) }
    static func warning(_ message: String, _ fields: JSON = [:]) { write(.warning, message, fields) }
    static func error(_ message: String, _ fields: JSON = [:]) { write(.error, message, fields) }

    private static func write(_ level: Level, _ message: String, _ fields: JSON) {
        guard case .object(let extra) = fields else { preconditionFailure("fields of a log line are an object") }
        // The stamp is taken under the lock, so that stamps never run backwards from line to line.
        output.withLock { _ in
            let members: [JSON.Member] =
                [
                    .init(name: "time", value: .string(wallTimestamp())),
                    .init(name: "level", value: .string(level.rawValue)),
                    .init(name: "message", value: .string(message)),
                ] + extra
            writeAll(JSON.object(members).text + "\n", to: STDOUT_FILENO)
        }
    }
}

/// Writes a text to a descriptor, in as many parts as it takes.
/// - Returns: Whether all of it was written; if not, `errno` says why.
@discardableResult
func writeAll(_ text: String, to descriptor: Int32) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        if written > 0 {
            rest = rest.dropFirst(written)
        } else if errno != EINTR {
            return false
        }
    }
    return true
}

/// The system's words for an error number.
func systemError(_ number: Int32 = errno) -> String {
    unsafe String(cString: strerror(number))
}
