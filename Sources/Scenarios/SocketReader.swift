public import Events
import Glibc
public import Platform
import Synchronization

/// Reads JSON lines from a Unix socket of the twin on a thread of its own until it is stopped or the other side ends.
public final class SocketReader: Sendable {
    private let channel: RecordChannel
    private let thread: NamedThread

    init(_ name: String, path: String, onRecord: @escaping @Sendable (Value) -> Void) throws(SystemFailure) {
        let channel = RecordChannel(try Socket.connectUnix(path: path, until: MonotonicClock.now() + .seconds(5)))
        self.channel = channel
        thread = NamedThread.start(name) {
            while case .record(let value)? = try? channel.receive() { onRecord(value) }
        }
    }

    /// Returns when the thread has ended.
    public func stop() {
        shutdown(channel.descriptor.number, Int32(SHUT_RDWR))
        thread.join()
    }
}

extension SocketReader {
    /// The twin's sense input: what a voltmeter at the line would say, and the twin's own slips.
    public static func sense(path: String, sink: @escaping EventSink) throws(SystemFailure) -> SocketReader {
        try SocketReader("sense", path: path) { value in
            guard let nanoseconds = value["t"]?.integer else { return }
            let instant = Instant(nanoseconds: nanoseconds)
            switch value["k"]?.text {
            case "supply":
                guard let line = value["line"]?.text, let millivolts = value["millivolts"]?.integer else { return }
                let reading = Event.SupplyReading(line: line, millivolts: millivolts)
                sink(Event(at: instant, uncertaintyNanoseconds: 1_000_000, source: "sense", .supply(reading)))
            case "slip":
                guard let thread = value["thread"]?.text, let late = value["late"]?.integer else { return }
                sink(Event(at: instant, source: "sense", .slip(Event.Slip(thread: thread, lateNanoseconds: late))))
            default: break
            }
        }
    }

    /// The twin's ground truth, kept in evidence under a source of its own that no checker reads.
    static func truth(path: String, sink: @escaping EventSink) throws(SystemFailure) -> SocketReader {
        try SocketReader("truth", path: path) { value in
            guard let nanoseconds = value["t"]?.integer else { return }
            sink(Event(at: Instant(nanoseconds: nanoseconds), source: "truth", .other(kind: "truth", value)))
        }
    }
}
