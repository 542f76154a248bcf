public import Events
import Glibc
public import Platform
import Synchronization

/// A link of the rig's own, over TCP inside the host's network or between two Unix sockets: the system under test reaches a service through it, or one part of the
/// system another, and the rig can close it. Open, it hands octets through in both directions, half-closed connections included. Closed, its listener is gone (a
/// connect is refused) and every connection was cut, over TCP with RST. It can be in trouble, too: cut for a while, half open, slow, late, or damaging what passes. Before a database that takes
/// rows it also tells of each write, and damages writes.
///
/// Reports `.link` events of the source `gate`. One thread does all of it; while nobody writes it sleeps.
public final class Gate: Sendable {
    private enum Order: Hashable, Sendable {
        case open, close, stop
        case trouble(LinkTrouble?, seed: UInt64)
    }

    private struct State {
        var orders: [(order: Order, done: Arrival<SystemFailure?>)] = []
        var isOpen = false
        var isStopped = false
        var rounds = 0
        var octets: (toService: Int64, toSystem: Int64) = (0, 0)
        var damage: WriteDamage?
        var writes: Int64 = 0
        /// Writes of the system since the damage began.
        var damaged = 0
    }

    /// The gate's id, such as `broker`.
    public let id: String
    /// Where the system connects to.
    public let entrance: LinkEnd
    /// What is behind it.
    public let service: LinkEnd
    private let writes: WriteTap.Writes?
    private let sink: EventSink
    private let wakeup: Wakeup
    private let state = Mutex(State())
    private let thread = Mutex<NamedThread?>(nil)

    /// Makes a closed gate between two TCP ports.
    ///
    /// - Parameter host: a process whose network namespace the gate stands in; nil for ours.
    /// - Throws: why that namespace could not be entered.
    public convenience init(
        id: String, port: UInt16, servicePort: UInt16, inNetworkOf host: Int32?, sink: @escaping EventSink
    ) throws(SystemFailure) {
        try self.init(id: id, entrance: .tcp(port), service: .tcp(servicePort), inNetworkOf: host, sink: sink)
    }

    /// Makes a closed gate.
    ///
    /// - Parameter writes: which requests are writes of rows; nil where none are.
    init(
        id: String, entrance: LinkEnd, service: LinkEnd, writes: WriteTap.Writes? = nil, inNetworkOf host: Int32?,
        sink: @escaping EventSink
    ) throws(SystemFailure) {
        self.writes = writes
        self.id = id
        self.entrance = entrance
        self.service = service
        self.sink = sink
        wakeup = try Wakeup()
        let entered = try Arrival<SystemFailure?>()
        let loop = GateLoop(self)
        let started = NamedThread.start("gate \(id)") {
            do throws(SystemFailure) {
                if let host { try NetworkNamespace.enter(ofProcess: host) }
                entered.put(nil)
            } catch {
                entered.put(error)
                return
            }
            loop.run()
        }
        thread.withLock { $0 = started }
        if let failure = entered.wait(until: nil) ?? nil { throw failure }
    }

    /// Lets traffic through from now on. Returns once a connect succeeds.
    ///
    /// - Throws: why the port could not be listened on.
    public func open() throws(SystemFailure) { try give(.open) }

    /// Cuts every connection with RST and refuses new ones. Returns once that is so.
    public func close() { try? give(.close) }

    /// Gives the link a trouble from now on, or takes it away. Returns once that is so; a link that was half open has then reset its connections.
    ///
    /// - Parameter seed: where octets are damaged.
    public func trouble(_ trouble: LinkTrouble?, seed: UInt64 = 0) throws(SystemFailure) {
        try give(.trouble(trouble, seed: seed))
    }

    /// Damages every write that comes from now on, or none any more.
    public func damage(_ damage: WriteDamage?) {
        state.withLock { state in
            state.damage = damage
            state.damaged = 0
        }
    }

    /// Closes the gate for good and joins its thread.
    public func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let running else { return }
        try? give(.stop)
        running.join()
    }

    public var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Octets handed through since the start.
    public var octets: (toService: Int64, toSystem: Int64) { state.withLock { $0.octets } }

    /// How often the gate's thread was woken.
    var rounds: Int { state.withLock { $0.rounds } }

    private func give(_ order: Order) throws(SystemFailure) {
        let done = try Arrival<SystemFailure?>()
        let isStopped = state.withLock { state in
            if !state.isStopped { state.orders.append((order, done)) }
            if order == .stop { state.isStopped = true }
            return state.isStopped && order != .stop
        }
        guard !isStopped else { throw SystemFailure("order", "the stopped gate \(id)", code: ESHUTDOWN) }
        wakeup.signal()
        guard let answer = done.wait(until: MonotonicClock.now() + .seconds(5)) else {
            throw SystemFailure("order", "the gate \(id)", code: ETIMEDOUT)
        }
        if let answer { throw answer }
    }

    /// The gate's thread and what it alone touches.
    private final class GateLoop: Sendable {
        // Strong: an open gate stays until `stop()`.
        private let gate: Gate
        init(_ gate: Gate) { self.gate = gate }

        func run() {
            var listener: Descriptor?
            var connections: [GateConnection] = []
            var valve = LinkValve()
            /// Taken while the link was half open: nobody will ever answer them.
            var ghosts: [Descriptor] = []
            /// Until then nothing is accepted, because this process had no descriptor left.
            var rest: Instant?
            /// Its listener comes back when the cut is over.
            var isCutWhileOpen = false
            func listen() -> SystemFailure? {
                guard listener == nil else { return nil }
                do throws(SystemFailure) { listener = try gate.entrance.listen() } catch {
                    return error
                }
                change(.opened)
                return nil
            }
            func shut() {
                let wasOpen = listener != nil
                if let listener { refuseWaiting(on: listener) }
                listener = nil
                for connection in connections { cut(connection, "cut by the rig") }
                connections = []
                forget(&ghosts)
                if wasOpen { change(.closed) }
            }
            while true {
                var wanted: [(descriptor: Descriptor, for: Readiness)] = [(gate.wakeup.descriptor, .readable)]
                if let due = rest, due <= MonotonicClock.now() { rest = nil }
                var listening: Int?
                if let listener, rest == nil, ghosts.count < Self.mostGhosts {
                    listening = wanted.count
                    wanted.append((listener, .readable))
                }
                let haunted = ghosts.count < Self.mostGhosts ? [] : ghosts
                let haunting = wanted.count
                wanted += haunted.map { ($0, .ended) }
                // A wish that is empty is left out: hang-up would be reported for it again and again.
                let wishes = connections.map { ($0.system.wish(peer: $0.service), $0.service.wish(peer: $0.system)) }
                for (connection, wish) in zip(connections, wishes) {
                    if !wish.0.isEmpty { wanted.append((connection.system.socket, wish.0)) }
                    if !wish.1.isEmpty { wanted.append((connection.service.socket, wish.1)) }
                }
                let due = connections.compactMap { $0.nextRelease(after: MonotonicClock.now()) }.min()
                let ready = Poll.wait(wanted, until: [due, rest].compactMap(\.self).min())
                if !haunted.isEmpty {
                    // Who has given up waits for no answer: it misses none.
                    ghosts = zip(haunted, ready[haunting...]).filter { $0.1.isEmpty }.map(\.0)
                }
                for (order, done) in takeOrders() {
                    var failure: SystemFailure?
                    switch order {
                    case .open: failure = listen()
                    case .close, .stop:
                        shut()
                        isCutWhileOpen = false
                    case .trouble(let trouble, let seed):
                        if valve.trouble == .halfOpen {
                            for connection in connections { cut(connection, "forgotten by a half-open link") }
                            connections = []
                            forget(&ghosts)
                            if let listener { forgetWaiting(on: listener) }
                        }
                        valve = LinkValve(trouble, seed: seed)
                        for connection in connections { connection.put(valve) }
                        if trouble == .cut {
                            isCutWhileOpen = isCutWhileOpen || listener != nil
                            shut()
                        } else if isCutWhileOpen {
                            failure = listen()
                            isCutWhileOpen = failure != nil
                        }
                    }
                    let isOpen = listener != nil
                    gate.state.withLock { $0.isOpen = isOpen }
                    done.put(failure)
                    if order == .stop { return }
                }
                if let listener, let listening, !ready[listening].isEmpty {
                    do throws(SystemFailure) {
                        while ghosts.count < Self.mostGhosts,
                            let socket = try Socket.accept(listener, until: MonotonicClock.now())
                        {
                            if valve.trouble == .halfOpen {
                                ghosts.append(socket)
                            } else if let connection = connect(socket, valve) {
                                connections.append(connection)
                            }
                        }
                    } catch {
                        // Whoever waits goes on waiting, and is reported as ready all the time.
                        rest = MonotonicClock.now() + .milliseconds(100)
                    }
                }
                // Both directions of all: a read that finds nothing costs less than remembering which was ready.
                connections = connections.filter { connection in
                    guard let ending = pump(connection) else { return true }
                    cut(connection, ending)
                    return false
                }
            }
        }

        /// So many are taken; who comes after them waits in the kernel, which answers as little.
        static let mostGhosts = 128

        private func takeOrders() -> [(order: Order, done: Arrival<SystemFailure?>)] {
            gate.wakeup.drain()
            return gate.state.withLock { state in
                state.rounds += 1
                defer { state.orders = [] }
                return state.orders
            }
        }

        private func forget(_ ghosts: inout [Descriptor]) {
            for socket in ghosts {
                Socket.resetOnClose(socket)
                socket.close()
            }
            ghosts = []
        }

        /// Connections of a half-open link that the kernel took and nobody accepted yet.
        private func forgetWaiting(on listener: Descriptor) {
            while let socket = try? Socket.accept(listener, until: MonotonicClock.now()) {
                Socket.resetOnClose(socket)
                socket.close()
            }
        }

        private func connect(_ socket: Descriptor, _ valve: LinkValve) -> GateConnection? {
            let isSystems = !gate.entrance.isRigs(socket)
            do throws(SystemFailure) {
                // On the same machine a connect is answered at once or the service's backlog is full.
                let service = try gate.service.connect(asRig: false, until: MonotonicClock.now() + .milliseconds(200))
                if isSystems { change(.connected) }
                let connection = GateConnection(
                    system: GateEnd(socket), service: GateEnd(service), isSystems: isSystems,
                    tap: gate.writes.map { tap($0, isSystems: isSystems) })
                connection.put(valve)
                return connection
            } catch {
                Socket.resetOnClose(socket)
                socket.close()
                if isSystems { change(.refused, "behind the gate: \(SystemFailure.text(code: error.code))") }
                return nil
            }
        }

        private func tap(_ writes: WriteTap.Writes, isSystems: Bool) -> WriteTap {
            let gate = gate
            return WriteTap(writes) {
                gate.state.withLock { state in
                    state.writes += 1
                    let turn = state.damaged
                    if isSystems, state.damage != nil { state.damaged += 1 }
                    return (state.writes, state.damage, turn)
                }
            } tell: { payload in
                guard isSystems else { return }
                gate.sink(
                    Event(
                        at: MonotonicClock.now(), uncertaintyNanoseconds: 1_000_000, source: WriteTap.source, payload))
            }
        }

        /// Connections that the kernel took but nobody accepted yet.
        private func refuseWaiting(on listener: Descriptor) {
            while let socket = try? Socket.accept(listener, until: MonotonicClock.now()) {
                let isSystems = !gate.entrance.isRigs(socket)
                Socket.resetOnClose(socket)
                socket.close()
                if isSystems { change(.refused) }
            }
            listener.close()
        }

        private func cut(_ connection: GateConnection, _ why: String) {
            for end in [connection.system, connection.service] {
                if !(connection.system.isDone && connection.service.isDone) { Socket.resetOnClose(end.socket) }
                end.socket.close()
            }
            connection.tap?.ended(why)
            if connection.isSystems { change(.disconnected, why) }
        }

        /// Moves what can be moved; why the connection is over, when it is.
        private func pump(_ connection: GateConnection) -> String? {
            let now = MonotonicClock.now()
            do throws(SystemFailure) {
                let toService = try connection.system.move(to: connection.service, isSystems: true, at: now) {
                    connection.fromSystem($0)
                }
                let toSystem = try connection.service.move(
                    to: connection.system, isSystems: false, at: now, holdsEnd: connection.holdsServicesEnd
                ) { connection.fromService($0) }
                gate.state.withLock {
                    $0.octets.toService += Int64(toService)
                    $0.octets.toSystem += Int64(toSystem)
                }
            } catch {
                return SystemFailure.text(code: error.code)
            }
            if connection.isCutByRig { return "cut by the rig" }
            guard connection.system.isDone, connection.service.isDone else { return nil }
            return connection.system.endedFirst ? "ended by the system" : "ended by the service"
        }

        private func change(_ change: Event.LinkChange.Change, _ detail: String? = nil) {
            gate.sink(
                Event(
                    at: MonotonicClock.now(), uncertaintyNanoseconds: 1_000_000, source: "gate",
                    .link(.init(link: gate.id, change: change, detail: detail))))
        }
    }
}

private final class GateConnection {
    let system: GateEnd
    let service: GateEnd
    /// Not one of the rig's own.
    let isSystems: Bool
    let tap: WriteTap?
    private var isCutAtTap = false

    /// It is over, and the rest of what was taken before has passed.
    var isCutByRig: Bool { (isCutAtTap || system.isCut) && !system.isWaiting || service.isCut && !service.isWaiting }

    /// What passes from now on passes as `valve` lets it; what waited in the one before passes at once.
    func put(_ valve: LinkValve) {
        system.put(valve)
        service.put(valve)
    }

    func nextRelease(after instant: Instant) -> Instant? {
        [system.nextRelease(after: instant), service.nextRelease(after: instant)].compactMap(\.self).min()
    }

    init(system: GateEnd, service: GateEnd, isSystems: Bool, tap: WriteTap?) {
        self.system = system
        self.service = service
        self.isSystems = isSystems
        self.tap = tap
    }

    func fromSystem(_ octets: [UInt8]) -> [UInt8] {
        guard let tap else { return octets }
        let passage = tap.fromSystem(octets)
        service.say(passage.toSystem)
        if passage.isCut { isCutAtTap = true }
        return passage.toService
    }

    /// Where nobody is to answer, the end of the connection would be an answer too.
    var holdsServicesEnd: Bool { tap?.swallowsAnswers ?? false && !system.isDone }

    func fromService(_ octets: [UInt8]) -> [UInt8] { tap?.fromService(octets) ?? octets }
}

/// One side of a connection, with what was read from it and not yet written to the other. Touched by the gate's thread only.
private final class GateEnd {
    let socket: Descriptor
    private var waiting: [UInt8] = []
    private var hasEnded = false
    private(set) var endedFirst = false
    /// Ended, and the other side told so.
    private(set) var isDone = false

    private var valve = LinkValve()

    /// Something of it has not been written to the other side yet.
    var isWaiting: Bool { !waiting.isEmpty || !valve.isEmpty }

    var isCut: Bool { valve.isCut }

    func put(_ valve: LinkValve) {
        waiting += self.valve.empty()
        self.valve = valve
    }

    /// When something that it holds back may pass; nil: nothing does, or what passes already waits for the peer.
    func nextRelease(after instant: Instant) -> Instant? { waiting.isEmpty ? valve.nextRelease(after: instant) : nil }

    /// Puts octets behind those that wait, as if they had come from this side.
    func say(_ octets: [UInt8]) { waiting += octets }

    init(_ socket: Descriptor) { self.socket = socket }

    /// What to wait for on this side: room for the peer's octets, octets of its own while there is room for them.
    func wish(peer: GateEnd) -> Readiness {
        var wish: Readiness = []
        if !hasEnded && waiting.isEmpty && valve.isTaking { wish.insert(.readable) }
        if !peer.waiting.isEmpty { wish.insert(.writable) }
        return wish
    }

    /// Reads what is there and writes what the valve lets go and the peer takes; the count of octets written.
    ///
    /// - Parameter holdsEnd: the peer is not told of this side's end.
    /// - Parameter filter: what of the octets read goes on.
    func move(
        to peer: GateEnd, isSystems: Bool, at now: Instant, holdsEnd: Bool = false, _ filter: ([UInt8]) -> [UInt8]
    ) throws(SystemFailure) -> Int {
        var moved = 0
        while true {
            if waiting.isEmpty { waiting = valve.release(at: now) }
            if waiting.isEmpty, !hasEnded, valve.isTaking {
                guard let octets = try socket.read(maximum: LinkValve.most) else { return moved }
                if octets.isEmpty {
                    hasEnded = true
                    endedFirst = !peer.hasEnded
                } else {
                    let passing = filter(octets)
                    if !passing.isEmpty { valve.take(passing, isSystems: isSystems, at: now) }
                    continue
                }
            }
            if waiting.isEmpty {
                if hasEnded, valve.isEmpty, !isDone, !holdsEnd {
                    isDone = true
                    shutdown(peer.socket.number, Int32(SHUT_WR))
                }
                return moved
            }
            let count = try peer.socket.write(waiting)
            waiting.removeFirst(count)
            moved += count
            if !waiting.isEmpty { return moved }
        }
    }
}
