import Synchronization

/// What else a telegram goes to before the next is taken: the stores that are kept on the live path, and the rows of the time series.
final class LivePath: Sendable {
    private let store = Mutex<StateStore?>(nil)
    private let timeSeries: TimeSeriesLink?

    init(timeSeries: TimeSeriesLink?) {
        self.timeSeries = timeSeries
    }

    /// From here on each telegram waits until it is in the database.
    func writeThrough(to store: StateStore) {
        self.store.withLock { $0 = store }
    }

    /// - Parameter stamp: When the telegram arrived, in nanoseconds since 1970.
    func pointChanged(_ group: GroupAddress, _ value: JSON, stamp: Int64) {
        let store = store.withLock { $0 }
        store?.writeThrough()
        timeSeries?.take(group, value, stamp: stamp)
    }
}
