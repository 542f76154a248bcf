public import Checkers
public import Events
public import Evidence
import Glibc
public import Platform

/// `knxrig capture`: from the line into a file, until a signal or the end of its time.
public struct CaptureSession {
    /// What it came to.
    public struct Outcome: Sendable {
        public var frames: Int
        public var files: Int
        /// The file that was written last.
        public var path: String
        public var dropped: Int
        /// What is missing in it, and what could tell.
        public var witness: WitnessConclusion
        /// Why it ended early; nil when it did not.
        public var failure: SystemFailure?
    }

    /// What is heard within this time is written at once: to wake up for each frame costs more than to write it.
    private static let gathering = Instant.Span.milliseconds(200)

    private let signals: Descriptor
    private var writer: CaptureWriter
    private var account: WitnessAccount

    /// Opens the first file. Called before any thread is there, since it takes the signals.
    ///
    /// - Parameters:
    ///   - interface: what the frames will come from.
    ///   - isEveryTelegramCounted: nothing is on the line but tracers of ours.
    public init(
        path: String, interface: String, rotation: CaptureRotation, overwrites: Bool,
        isEveryTelegramCounted: Bool = false
    ) throws(SystemFailure) {
        account = WitnessAccount(isEveryTelegramCounted: isEveryTelegramCounted)
        signals = try LiveSignals.descriptor(isScreen: false)
        writer = try CaptureWriter(path: path, interfaces: [interface], rotation: rotation, overwrites: overwrites)
    }

    /// Writes what the line says until `span` is over (nil: until a signal), and tells what its witness has to say of itself.
    public mutating func run(
        _ queue: EventQueue, for span: Instant.Span?, notice: (String) -> Void
    ) -> Outcome {
        let deadline = span.map { MonotonicClock.now() + $0 }
        var dropped = 0
        var failure: SystemFailure?
        var isEnding = false
        while failure == nil {
            let taken = queue.take()
            dropped += taken.dropped
            for text in taken.events.compactMap(MonitorText.notice) { notice(text) }
            for event in taken.events { account.observe(event) }
            for text in account.takeNews() { notice("lost: \(text)") }
            do { try writer.write(taken.events) } catch { failure = error }
            if isEnding || failure != nil { break }
            let ready = Poll.wait([(signals, .readable), (queue.descriptor, .readable)], until: deadline)
            var isAsked = !ready[0].isEmpty
            if !isAsked, !ready[1].isEmpty {
                let gathered = min(deadline ?? .init(nanoseconds: .max), MonotonicClock.now() + Self.gathering)
                isAsked = !Poll.wait([(signals, .readable)], until: gathered)[0].isEmpty
            }
            // What was heard before the signal is written.
            isEnding = isAsked || (deadline.map { MonotonicClock.now() >= $0 } ?? false)
        }
        let conclusion = account.conclude()
        if failure == nil { for text in account.takeNews() { notice("lost: \(text)") } }
        if failure == nil { do { try writer.finish() } catch { failure = error } }
        return Outcome(
            frames: writer.frames, files: writer.files, path: writer.path, dropped: dropped,
            witness: conclusion, failure: failure)
    }
}
