public import Events
import Glibc
public import Platform
import Synchronization

/// The writer of evidence: appends events to a hash-chained file, in the order in which they were handed over. One file has one writer
/// thread of its own, so that no thread that measures ever waits for a disk.
///
/// After a failed write (a full disk) no further event is written: evidence may end early, but it has no hole. What was written whole
/// before stays, and the file is cut back to it.
public final class Journal: Sendable {
    public let path: String
    private let planSource: String
    private let shared: Shared
    private let thread: NamedThread

    /// Creates the file and writes event 0; the directory must exist.
    ///
    /// - Parameters:
    ///   - plan: all that judges the run; becomes event 0.
    ///   - planSource: the source of event 0 and of the seal.
    ///   - observer: called on the writer thread for each event once its line is in the file, with its number, in the order of the file.
    ///     It may append, but must not wait for the journal.
    ///   - onFailure: called once on the writer thread when the file can take no more.
    /// - Throws: EEXIST when there is such a file already (evidence is never written over), and whatever else keeps event 0 from the disk.
    public convenience init(
        path: String, plan: Value, planSource: String, at instant: Instant = MonotonicClock.now(),
        observer: (@Sendable (Int, Event) -> Void)? = nil, onFailure: (@Sendable (SystemFailure) -> Void)? = nil
    ) throws(SystemFailure) {
        let number = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard number >= 0 else { throw SystemFailure("create", path) }
        let file = Descriptor(owning: number)
        try Journal.syncDirectory(of: path)
        try self.init(
            file: file, path: path, plan: plan, planSource: planSource, at: instant, observer: observer,
            onFailure: onFailure)
    }

    /// For a file that is open already and empty.
    init(
        file: Descriptor, path: String, plan: Value, planSource: String, at instant: Instant,
        observer: (@Sendable (Int, Event) -> Void)?, onFailure: (@Sendable (SystemFailure) -> Void)?
    ) throws(SystemFailure) {
        self.path = path
        self.planSource = planSource
        let shared = Shared(wakeup: try Wakeup())
        self.shared = shared
        thread = NamedThread.start("journal") {
            var writer = Writer(file: file, path: path, shared: shared, observer: observer, onFailure: onFailure)
            writer.run()
        }
        append(Event(at: instant, source: planSource, .plan(plan)))
        try sync()
    }

    deinit { shared.close() }

    /// Hands an event over to be written. Callable from any thread; never waits for the disk. After the end (`seal`, `close`, a write
    /// failure) the event is dropped.
    public func append(_ event: Event) {
        shared.append(event)
    }

    /// The journal as the place where sources deliver their events.
    public var sink: EventSink {
        { [shared] event in shared.append(event) }
    }

    /// Returns once everything appended so far is on the disk (fsync). Not for a thread that must be on time, nor for `observer`.
    ///
    /// - Throws: the failure that ended the writing, also when it happened earlier.
    public func sync() throws(SystemFailure) {
        let written = try Wakeup()
        if shared.wait(written) { _ = Poll.wait([(written.descriptor, .readable)], until: nil) }
        if let failure = shared.failure { throw failure }
    }

    /// Writes the last event, waits until all is on the disk and closes the file. Nothing is written after the seal.
    ///
    /// - Returns: the hash of the seal's line: what a copy of the evidence can be compared with, since whoever alters a file could also
    ///   compute its chain anew.
    /// - Throws: the failure that ended the writing; the file then has no seal.
    @discardableResult
    public func seal(_ verdict: Value, at instant: Instant = MonotonicClock.now()) throws(SystemFailure) -> String {
        shared.append(Event(at: instant, source: planSource, .seal(verdict)), isLast: true)
        thread.join()
        if let failure = shared.failure { throw failure }
        return shared.lastHash
    }

    /// Writes what was appended so far and closes the file without a seal: the run was aborted.
    public func close() throws(SystemFailure) {
        shared.close()
        thread.join()
        if let failure = shared.failure { throw failure }
    }

    /// Number of events in the file.
    public var count: Int { shared.count }

    private static func syncDirectory(of path: String) throws(SystemFailure) {
        let directory =
            path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let number = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw SystemFailure("open", directory) }
        let descriptor = Descriptor(owning: number)
        // A file system that cannot sync a directory says EINVAL; its files are then as durable as it makes them.
        guard fsync(descriptor.number) == 0 || errno == EINVAL else { throw SystemFailure("sync", directory) }
    }
}

/// What the threads that append and the writer thread share.
private final class Shared: Sendable {
    struct State {
        var queue: [Event] = []
        var waiting: [Wakeup] = []
        /// No event is taken any more.
        var isClosed = false
        /// The writer thread has ended.
        var hasEnded = false
        var failure: SystemFailure?
        var lastHash = EvidenceLine.hashBeforeFirst
        var count = 0
    }

    struct Work {
        var events: [Event]
        var waiting: [Wakeup]
        var isLast: Bool
    }

    let wakeup: Wakeup
    private let state = Mutex(State())

    init(wakeup: Wakeup) {
        self.wakeup = wakeup
    }

    var failure: SystemFailure? { state.withLock { $0.failure } }
    var lastHash: String { state.withLock { $0.lastHash } }
    var count: Int { state.withLock { $0.count } }

    func append(_ event: Event, isLast: Bool = false) {
        let wakes = state.withLock { state in
            guard !state.isClosed else { return false }
            state.isClosed = isLast
            // The writer takes the whole queue at once, so only its first event has to wake it.
            let wakes = state.queue.isEmpty || isLast
            state.queue.append(event)
            return wakes
        }
        if wakes { wakeup.signal() }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        wakeup.signal()
    }

    /// Has `wakeup` signalled when all that was appended so far is on the disk; false when the writer has ended and that is so already.
    func wait(_ written: Wakeup) -> Bool {
        let waits = state.withLock { state in
            if !state.hasEnded { state.waiting.append(written) }
            return !state.hasEnded
        }
        if waits { wakeup.signal() }
        return waits
    }

    func take() -> Work {
        state.withLock { state in
            defer {
                state.queue = []
                state.waiting = []
            }
            return Work(events: state.queue, waiting: state.waiting, isLast: state.isClosed)
        }
    }

    func record(count: Int, lastHash: String) {
        state.withLock { state in
            state.count = count
            state.lastHash = lastHash
        }
    }

    /// Ends the taking of events; true the first time.
    func fail(_ failure: SystemFailure) -> Bool {
        state.withLock { state in
            guard state.failure == nil else { return false }
            state.failure = failure
            return true
        }
    }

    /// Says that the writer ends and returns those who came to wait since it last took work.
    func end() -> [Wakeup] {
        state.withLock { state in
            state.hasEnded = true
            return state.waiting
        }
    }
}

/// The writer thread's own state: the file, and the end of the chain so far.
private struct Writer {
    let file: Descriptor
    let path: String
    let shared: Shared
    let observer: (@Sendable (Int, Event) -> Void)?
    let onFailure: (@Sendable (SystemFailure) -> Void)?
    var number = 0
    var hash = EvidenceLine.hashBeforeFirst
    /// Length of the file up to the end of its last whole line.
    var length = 0
    var hasFailed = false

    mutating func run() {
        while true {
            let work = shared.take()
            if !hasFailed { write(work.events) }
            if !hasFailed && (work.isLast || !work.waiting.isEmpty) && fsync(file.number) != 0 && errno != EINVAL {
                fail(SystemFailure("sync", path))
            }
            for waiting in work.waiting { waiting.signal() }
            if work.isLast { break }
            _ = Poll.wait([(shared.wakeup.descriptor, .readable)], until: nil)
            shared.wakeup.drain()
        }
        file.close()
        for waiting in shared.end() { waiting.signal() }
    }

    private mutating func write(_ events: [Event]) {
        guard !events.isEmpty else { return }
        var octets: [UInt8] = []
        var ends: [(offset: Int, hash: String)] = []
        var chained = hash
        for (index, event) in events.enumerated() {
            let head = EvidenceLine.head(number: number + index, event)
            chained = EvidenceLine.hash(of: head, after: chained)
            octets += head
            octets += EvidenceLine.tail(hash: chained).utf8
            octets.append(0x0A)
            ends.append((octets.count, chained))
        }
        var written = 0
        var failure: SystemFailure?
        while written < octets.count && failure == nil {
            do {
                written += try file.write(octets[written...])
            } catch {
                failure = SystemFailure("write", path, code: error.code)
            }
        }
        let whole = ends.prefix { $0.offset <= written }
        let first = number
        number += whole.count
        hash = whole.last?.hash ?? hash
        length += whole.last?.offset ?? 0
        shared.record(count: number, lastHash: hash)
        if let failure {
            // Half a line would read as torn, which it is not: the rig knows where its evidence ends.
            _ = ftruncate(file.number, length)
            _ = fsync(file.number)
            fail(failure)
        }
        if let observer {
            for index in whole.indices { observer(first + index, events[index]) }
        }
    }

    private mutating func fail(_ failure: SystemFailure) {
        hasFailed = true
        if shared.fail(failure) { onFailure?(failure) }
    }
}
