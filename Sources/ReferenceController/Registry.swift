import Synchronization

/// The building's areas, rooms and devices, and the tiles of its panels, in the database: made, changed and removed through the interface. A change is answered when it is committed to the
/// write-ahead log, so that what was answered outlives the process.
///
/// One thread does it all, with a connection of its own; what waits for it is bounded, in number and in time: a request that meets a locked database, or
/// stands behind one that does, is done or refused within 3 s of its coming.
@safe final class Registry: Sendable {
    enum Request: Sendable {
        case put(id: String, name: String)
        case create(RegistryTable, id: String, name: String, parent: String?)
        case change(RegistryTable, id: String, name: String?, parent: String?)
        case patch(id: String, attributes: [JSON.Member])
        /// The second half of a change that was read before: what a registry does that lets others come between.
        case store(id: String, attributes: JSON)
        case delete(RegistryTable, id: String)
        case list(RegistryTable)
        case get(RegistryTable, id: String)
    }

    private struct Pending: Sendable {
        let request: Request
        let came: Int64
        let answer: @Sendable (HttpResponse) -> Void
    }

    private struct Content {
        var pending: [Pending] = []
        var stopping = false
        var closes = true
    }

    static let greatestPending = 64
    static let greatestIDLength = 64
    private static let greatestNameLength = 200
    /// Without the protection changes are answered at once and gathered for so long.
    private static let gatherMilliseconds = 5000

    private let protections: Set<Protection>
    private let content = Mutex(Content())
    private let wakeup = Wakeup()
    /// Used by the thread of `run()` alone.
    nonisolated(unsafe) private let database: RegistryDatabase

    /// - Parameter path: of a database whose schema is there.
    init(_ path: String, protections: Set<Protection>) throws(StateStore.OpenError) {
        self.protections = protections
        unsafe database = try RegistryDatabase(path, protections: protections)
    }

    /// Why an id is refused; nil for a good one. Ids stand in paths and topics.
    static func objection(toID id: String) -> String? {
        let isPlain = id.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return id.isEmpty || id.utf8.count > greatestIDLength || !isPlain
            ? "an id is 1 to \(greatestIDLength) of a-z, A-Z, 0-9, - and _" : nil
    }

    static func objection(toName name: String) -> String? {
        name.isEmpty || name.utf8.count > greatestNameLength ? "a name has 1 to \(greatestNameLength) octets" : nil
    }

    /// Hands a request over; `answer` is called once, from another thread.
    /// - Returns: False when too much waits already; `answer` is then not called.
    func submit(_ request: Request, answer: @escaping @Sendable (HttpResponse) -> Void) -> Bool {
        let taken = content.withLock { content in
            guard !content.stopping, content.pending.count < Self.greatestPending else { return false }
            content.pending.append(Pending(request: request, came: monotonicNanoseconds(), answer: answer))
            return true
        }
        if taken { wakeup.signal() }
        return taken
    }

    /// The loop of the registry's thread; it returns after `stop()`, with everything answered.
    func run() {
        let database = unsafe database
        let isWritten = protections.contains(.databaseCommitBeforeAnswer)
        var gatheredSince: Int64?
        while true {
            let wait = gatheredSince.map {
                Int(max(0, $0 + Int64(Self.gatherMilliseconds) * 1_000_000 - monotonicNanoseconds()) / 1_000_000) + 1
            }
            wakeup.wait(milliseconds: wait ?? -1)
            let (pending, stopping) = content.withLock { content in
                defer { content.pending.removeAll() }
                return (content.pending, content.stopping)
            }
            for pending in pending { serve(pending, database, isWritten: isWritten, gatheredSince: &gatheredSince) }
            if let since = gatheredSince,
                stopping || monotonicNanoseconds() >= since + Int64(Self.gatherMilliseconds) * 1_000_000
            {
                database.came = monotonicNanoseconds()
                for (id, name) in database.gathered { _ = database.perform(.put(id: id, name: name)) }
                database.gathered.removeAll()
                gatheredSince = nil
            }
            if stopping { break }
        }
        if content.withLock({ $0.closes }) { database.close() }
    }

    private func serve(
        _ pending: Pending, _ database: RegistryDatabase, isWritten: Bool, gatheredSince: inout Int64?
    ) {
        database.came = pending.came
        if !isWritten, case .put(let id, let name) = pending.request {
            database.gathered[id] = name
            gatheredSince = gatheredSince ?? monotonicNanoseconds()
            return pending.answer(Self.done(id, name))
        }
        guard case .patch(let id, let members) = pending.request else {
            return pending.answer(told(pending.request, database.perform(pending.request)))
        }
        switch database.merged(id, members) {
        case .failure(let refusal): pending.answer(refusal.response)
        case .success(let attributes):
            let store = Request.store(id: id, attributes: attributes)
            if protections.contains(.apiSerialise) { return pending.answer(database.perform(store)) }
            // Whoever waits already comes first, and reads what is about to be overwritten.
            content.withLock {
                $0.pending.append(Pending(request: store, came: pending.came, answer: pending.answer))
            }
            wakeup.signal()
        }
    }

    /// What is answered to a request of which this came.
    private func told(_ request: Request, _ outcome: HttpResponse) -> HttpResponse {
        guard outcome.status >= 500, case .put(let id, let name) = request,
            !protections.contains(.apiErrorsTold)
        else { return outcome }
        Log.error("device not stored", ["id": .string(id)])
        return Self.done(id, name)
    }

    /// - Parameter closes: whether the database is closed, or left to the end of the process.
    func stop(closes: Bool) {
        content.withLock { content in
            content.stopping = true
            content.closes = closes
        }
        wakeup.signal()
    }

    private static func done(_ id: String, _ name: String) -> HttpResponse {
        HttpResponse(status: 200, body: ["id": .string(id), "name": .string(name)])
    }
}
