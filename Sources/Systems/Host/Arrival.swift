import Events
import Platform
import Synchronization

/// Something that arrives once on one thread while others wait for it.
final class Arrival<Content: Sendable>: Sendable {
    private let content = Mutex<Content?>(nil)
    private let wakeup: Wakeup

    init() throws(SystemFailure) {
        wakeup = try Wakeup()
    }

    /// The first content stays.
    func put(_ content: Content) {
        self.content.withLock { if $0 == nil { $0 = content } }
        wakeup.signal()
    }

    var present: Content? { content.withLock { $0 } }

    /// nil when nothing arrived until `deadline`.
    func wait(until deadline: Instant?) -> Content? {
        if let present { return present }
        _ = Poll.wait([(wakeup.descriptor, .readable)], until: deadline)
        return present
    }
}
