import Glibc
import Platform

/// The lines of a file, one after the other.
struct LineReader {
    enum Item {
        /// A line without its end.
        case line([UInt8])
        /// What follows the last line end; once.
        case partial([UInt8])
        case end
    }

    private let file: Descriptor
    private let path: String
    private var buffer: [UInt8] = []
    private var start = 0
    /// Octets of `buffer` from `start` that are known to hold no line end.
    private var searched = 0
    private var isAtEnd = false

    init(path: String) throws(SystemFailure) {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw SystemFailure("open", path) }
        file = Descriptor(owning: number)
        self.path = path
    }

    mutating func next() throws(SystemFailure) -> Item {
        while true {
            if let end = buffer[(start + searched)...].firstIndex(of: 0x0A) {
                defer {
                    start = end + 1
                    searched = 0
                }
                return .line(Array(buffer[start..<end]))
            }
            searched = buffer.count - start
            if isAtEnd {
                defer { start = buffer.count }
                defer { searched = 0 }
                return searched == 0 ? .end : .partial(Array(buffer[start...]))
            }
            buffer.removeSubrange(..<start)
            start = 0
            do {
                let octets = try file.read(maximum: 1 << 16) ?? []
                isAtEnd = octets.isEmpty
                buffer += octets
            } catch {
                throw SystemFailure("read", path, code: error.code)
            }
        }
    }
}
