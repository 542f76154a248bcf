import Synchronization

/// What a telegram waits for before the next is taken: nothing, unless the database is kept on the live path.
final class LivePath: Sendable {
    private let store = Mutex<StateStore?>(nil)

    /// From here on each telegram waits until it is in the database.
    func writeThrough(to store: StateStore) {
        self.store.withLock { $0 = store }
    }

    func pointChanged() {
        let store = store.withLock { $0 }
        store?.writeThrough()
    }
}
