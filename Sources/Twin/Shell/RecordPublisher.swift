import Events
import Glibc
import Platform
import Synchronization

/// Tells what happens in a twin to whoever listens: two Unix sockets with any number of readers, and a journal. On a thread of its own, so
/// that nobody who listens can make the lines late.
final class RecordPublisher: Sendable {
    private let queue = Mutex<(records: [TwinRecord], isStopping: Bool)>(([], false))
    private let wakeup: Wakeup
    private let thread = Mutex<NamedThread?>(nil)

    /// Listens on `<directory>/sense` and `<directory>/truth` and appends to the journal.
    ///
    /// - Parameter supplies: the voltage of each line at the start, in millivolts.
    init(
        directory: String, journal: String?, supplies: [(line: String, millivolts: Int64)]
    ) throws(SystemFailure) {
        wakeup = try Wakeup()
        let sense = try Listener(path: directory + "/sense")
        let truth = try Listener(path: directory + "/truth")
        let file = try journal.map { path throws(SystemFailure) in try Self.append(to: path) }
        let now = MonotonicClock.now()
        let first = supplies.map { TwinRecord.line($0.line, .supply(millivolts: $0.millivolts, at: now)) }
        let started = NamedThread.start("twin records") { [self] in
            var publication = Publication(sense: sense, truth: truth, journal: file, supplies: first)
            run(&publication)
        }
        thread.withLock { $0 = started }
    }

    private static func append(to path: String) throws(SystemFailure) -> Descriptor {
        let number = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard number >= 0 else { throw SystemFailure("append to", path) }
        return Descriptor(owning: number)
    }

    /// Takes a record; never waits.
    func publish(_ record: TwinRecord) {
        queue.withLock { $0.records.append(record) }
        wakeup.signal()
    }

    /// Tells what is left, removes the sockets and waits for the end of the thread.
    func stop() {
        queue.withLock { $0.isStopping = true }
        wakeup.signal()
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    private func run(_ publication: inout Publication) {
        while true {
            publication.wait(wakeup)
            let (records, isStopping) = queue.withLock { queue in
                defer { queue.records = [] }
                return queue
            }
            for record in records { publication.tell(record) }
            if isStopping { return publication.end() }
        }
    }
}

/// A socket's path and its listener.
private struct Listener: Sendable {
    let path: String
    let descriptor: Descriptor

    init(path: String) throws(SystemFailure) {
        self.path = path
        descriptor = try Socket.listenUnix(path: path)
        try descriptor.setNonblocking(true)
    }
}

/// What the publisher's thread owns.
private struct Publication {
    /// One who listens, with what it has not taken yet.
    private final class Reader {
        let descriptor: Descriptor
        let isTruth: Bool
        var pending: [UInt8] = []

        init(_ descriptor: Descriptor, isTruth: Bool) {
            self.descriptor = descriptor
            self.isTruth = isTruth
        }

        /// False when the reader is gone, or so slow that it is let go.
        func flush() -> Bool {
            guard !pending.isEmpty else { return true }
            guard let count = try? descriptor.write(pending) else { return false }
            pending.removeFirst(count)
            return pending.count <= Publication.longestBacklog
        }
    }

    /// A reader with more than this unread is let go.
    static let longestBacklog = 4 << 20

    private let sense: Listener
    private let truth: Listener
    private let journal: Descriptor?
    private var readers: [Reader] = []
    /// The latest voltage of each line, for whoever connects.
    private var supplies: [TwinRecord]

    init(sense: Listener, truth: Listener, journal: Descriptor?, supplies: [TwinRecord]) {
        self.sense = sense
        self.truth = truth
        self.journal = journal
        self.supplies = supplies
    }

    /// Waits for records or readers, and serves the readers.
    mutating func wait(_ wakeup: Wakeup) {
        let fixed = [
            (wakeup.descriptor, Readiness.readable), (sense.descriptor, .readable), (truth.descriptor, .readable),
        ]
        let ready = Poll.wait(
            fixed + readers.map { ($0.descriptor, $0.pending.isEmpty ? .readable : [.readable, .writable]) }, until: nil
        )
        if !ready[0].isEmpty { wakeup.drain() }
        readers = zip(readers, ready.dropFirst(3)).filter { reader, readiness in
            if readiness.contains(.hangUp) { return false }
            // Readers have nothing to say; end of file is their goodbye.
            if readiness.contains(.readable), let octets = try? reader.descriptor.read(maximum: 4_096), octets.isEmpty {
                return false
            }
            return !readiness.contains(.writable) || reader.flush()
        }.map(\.0)
        if !ready[1].isEmpty { accept(sense, isTruth: false) }
        if !ready[2].isEmpty { accept(truth, isTruth: true) }
    }

    private mutating func accept(_ listener: Listener, isTruth: Bool) {
        guard let descriptor = try? Socket.accept(listener.descriptor, until: MonotonicClock.now()) else { return }
        let reader = Reader(descriptor, isTruth: isTruth)
        if !isTruth {
            for supply in supplies { reader.pending += Self.text(supply) }
        }
        if reader.flush() { readers.append(reader) }
    }

    mutating func tell(_ record: TwinRecord) {
        if case .line(let line, .supply) = record {
            for (index, supply) in supplies.enumerated() {
                if case .line(line, _) = supply { supplies[index] = record }
            }
        }
        let text = Self.text(record)
        readers = readers.filter { reader in
            guard reader.isTruth || record.isSensed else { return true }
            reader.pending += text
            return reader.flush()
        }
        if record.isJournalled { try? journal?.writeAll(text, until: nil) }
    }

    mutating func end() {
        for reader in readers { _ = reader.flush() }
        readers = []
        for listener in [sense, truth] {
            listener.descriptor.close()
            unsafe unlink(listener.path)
        }
        journal?.close()
    }

    private static func text(_ record: TwinRecord) -> [UInt8] {
        var line: [UInt8] = []
        JSON.append(record.value, to: &line)
        line.append(0x0A)
        return line
    }
}
