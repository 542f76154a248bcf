import Synchronization

/// Writes every value that a point takes to the time-series database, in batches, on a thread of its own: no telegram waits for it. What cannot be
/// written waits in a bounded buffer and is written again with the stamps it has, so that a row that had arrived all the same is only repeated.
final class TimeSeriesLink: Sendable {
    static let path = "/write"
    /// For the last write, which nothing comes after.
    private static let lastWriteNanoseconds: Int64 = 1_000_000_000

    private let configuration: Configuration.TimeSeries
    private let protections: Set<Protection>
    private let status: Status
    private let isOffLivePath: Bool
    private let buffer: Mutex<RowBuffer>
    private let isFailing = Atomic(false)
    /// When everything must be over, in nanoseconds of CLOCK_MONOTONIC.
    private let end = Atomic(Int64.max)
    private let wakeup = Wakeup()

    init(_ configuration: Configuration.TimeSeries, protections: Set<Protection>, status: Status) {
        self.configuration = configuration
        self.protections = protections
        self.status = status
        isOffLivePath = protections.contains(.timeSeriesAsync)
        buffer = Mutex(
            RowBuffer(bound: protections.contains(.timeSeriesBufferBound) ? configuration.bufferRows : nil))
    }

    /// Takes a value on the thread that brought it; one that is no number has no row.
    /// - Parameter stamp: When the telegram arrived, in nanoseconds since 1970.
    func take(_ group: GroupAddress, _ value: JSON, stamp: Int64) {
        guard let number = value.rowValue else { return }
        let waiting = buffer.withLock { buffer in
            buffer.append(TimeSeriesRow(group: group, value: number, stamp: stamp))
            report(buffer)
            return buffer.rows.count
        }
        if !isOffLivePath { return write() }
        if waiting >= configuration.batchRows, !isFailing.load(ordering: .relaxed) { wakeup.signal() }
    }

    /// The loop of the link's thread. After `stop()` it writes the rest, once, and returns.
    func run() {
        while true {
            wakeup.wait(milliseconds: configuration.flushMilliseconds)
            let isLast = end.load(ordering: .acquiring) != Int64.max
            if isOffLivePath || isLast { write() }
            if isLast { return }
        }
    }

    /// No row comes after this.
    func stop() {
        end.store(monotonicNanoseconds() + Self.lastWriteNanoseconds, ordering: .releasing)
        wakeup.signal()
    }

    /// Writes what waits, batch by batch, until all is written or one fails.
    private func write() {
        while true {
            let rows = buffer.withLock { $0.begin(atMost: configuration.batchRows) }
            guard !rows.isEmpty else { return }
            let deadline = monotonicNanoseconds() + Int64(configuration.timeoutMilliseconds) * 1_000_000
            do throws(HttpPost.Failure) {
                let body = rows.map { $0.line + "\n" }.joined()
                try HttpPost.send(Array(body.utf8), to: Self.path, at: configuration.database) {
                    min(deadline, end.load(ordering: .acquiring))
                }
                finish { $0.written() }
                status.rowsWritten.add(rows.count, ordering: .relaxed)
                if isFailing.exchange(false, ordering: .relaxed) { Log.info("time series written again") }
            } catch {
                failed(error)
                return
            }
        }
    }

    private func failed(_ failure: HttpPost.Failure) {
        finish { buffer in
            if failure.isFinal {
                buffer.giveUp(counted: true)
            } else if protections.contains(.timeSeriesRetry) {
                let sameStamp = protections.contains(.timeSeriesSameStamp)
                let now = wallNanoseconds()
                buffer.keep {
                    sameStamp ? $0 : TimeSeriesRow(group: $0.group, value: $0.value, stamp: now)
                }
            } else {
                buffer.giveUp(counted: false)
            }
        }
        if !isFailing.exchange(true, ordering: .relaxed) {
            Log.error("time series write failed", ["error": .string(failure.message)])
        }
    }

    private func finish(_ change: (inout RowBuffer) -> Void) {
        buffer.withLock { buffer in
            change(&buffer)
            report(buffer)
        }
    }

    private func report(_ buffer: borrowing RowBuffer) {
        status.rowsWaiting.store(buffer.rows.count, ordering: .relaxed)
        status.rowsDropped.store(buffer.dropped, ordering: .relaxed)
    }
}

extension JSON {
    /// What a row has for the value; nil when it is no number and no truth.
    fileprivate var rowValue: Double? {
        switch self {
        case .bool(let flag): flag ? 1 : 0
        case .integer(let integer): Double(integer)
        case .number(let number) where number.isFinite: number
        default: nil
        }
    }
}
