import Events
import Relays
import Synchronization
import Twin
import USB

/// A transport straight to device models in this process: what USB does to them, and the kernel's rule of claims.
final class DirectTransport: USBTransport {
    struct Plugged {
        var model: DcttechBoard
        var isPlugged = true
        /// New at each plugging in; an opened device of an older one is gone.
        var generation = 0
    }

    private let boards: Mutex<[String: Plugged]>
    private let opens = Mutex(0)

    init(_ models: [(path: String, model: DcttechBoard)]) {
        var boards: [String: Plugged] = [:]
        for (path, model) in models {
            boards[path] = Plugged(model: model)
            boards[path]?.model.powerUp(at: Instant(nanoseconds: 0))
        }
        self.boards = Mutex(boards)
    }

    var name: String { "direct" }
    /// How often a device was opened.
    var openCount: Int { opens.withLock { $0 } }

    func devices() throws(TransportFailure) -> [DeviceInfo] {
        boards.withLock { boards in
            boards.filter(\.value.isPlugged).keys.sorted().map { path in
                DeviceInfo(path: path, vendor: 0x16C0, product: 0x05DF, deviceVersion: 0x0100)
            }
        }
    }

    func open(_ path: String) throws(TransportFailure) -> any USBDevice {
        guard let board = boards.withLock({ $0[path] }), board.isPlugged else { throw .notFound(path: path) }
        opens.withLock { $0 += 1 }
        return DirectDevice(self, path, board.generation)
    }

    /// Changes the board at `path`.
    @discardableResult
    func with<Result: Sendable>(_ path: String = "1-1", _ body: @Sendable (inout DcttechBoard) -> Result) -> Result? {
        boards.withLock { boards in boards[path].map { _ in body(&boards[path]!.model) } }
    }

    func unplug(_ path: String = "1-1") {
        boards.withLock { boards in
            boards[path]?.isPlugged = false
            boards[path]?.model.powerDown(at: Instant(nanoseconds: 0))
        }
    }

    func plug(_ path: String = "1-1") {
        boards.withLock { boards in
            boards[path]?.isPlugged = true
            boards[path]?.generation += 1
            boards[path]?.model.powerUp(at: Instant(nanoseconds: 0))
        }
    }

    fileprivate func control(
        _ path: String, _ generation: Int, _ setup: SetupPacket, _ data: [UInt8], _ timeoutMilliseconds: Int
    ) throws(TransportFailure) -> [UInt8] {
        let reply = boards.withLock { boards -> USBReply? in
            guard let board = boards[path], board.isPlugged, board.generation == generation else { return nil }
            let reply = boards[path]!.model.control(setup, data: data, at: Instant(nanoseconds: 0))
            if !boards[path]!.model.isPresent { boards[path]!.isPlugged = false }
            return boards[path]!.isPlugged ? reply : nil
        }
        switch reply {
        case nil: throw .gone
        case .data(let octets): return octets
        case .acknowledged: return []
        case .stall: throw .stall
        case .silence: throw .timedOut(milliseconds: timeoutMilliseconds)
        }
    }
}

private final class DirectDevice: USBDevice {
    private let transport: DirectTransport
    private let path: String
    private let generation: Int
    private let isOpen = Mutex(true)

    init(_ transport: DirectTransport, _ path: String, _ generation: Int) {
        self.transport = transport
        self.path = path
        self.generation = generation
    }

    private let isClaimed = Mutex(false)

    func claim(interface: UInt8) throws(TransportFailure) { isClaimed.withLock { $0 = true } }
    func release(interface: UInt8) { isClaimed.withLock { $0 = false } }
    func close() { isOpen.withLock { $0 = false } }

    func control(_ setup: SetupPacket, data: [UInt8], timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        guard isOpen.withLock({ $0 }) else { throw .gone }
        // As the kernel has it: an interface answers only who has claimed it.
        guard setup.requestType & 0x1F != 1 || isClaimed.withLock({ $0 }) else { throw .io("not claimed") }
        return try transport.control(path, generation, setup, data, timeoutMilliseconds)
    }

    // The one endpoint of this board brings nothing.
    func send(_ octets: [UInt8], to endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) { throw .stall }
    func receive(_ length: Int, from endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        throw .timedOut(milliseconds: timeoutMilliseconds)
    }
}

/// What was noted from other threads, in order.
final class Notes<Element: Sendable>: Sendable {
    private let list = Mutex<[Element]>([])

    var all: [Element] { list.withLock { $0 } }
    func add(_ element: Element) { list.withLock { $0.append(element) } }
}
