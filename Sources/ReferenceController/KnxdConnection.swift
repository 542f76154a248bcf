import Glibc
import Synchronization

/// The group connection to knxd's Unix socket, on a thread of its own that owns the socket.
///
/// While it is open nothing but its end tells of trouble: knxd neither reports a dead bus nor refuses what it cannot
/// send.
final class KnxdConnection: Sendable {
    private struct Content {
        var connected = false
        var outbound: [[UInt8]] = []
        var stopping = false

        mutating func takeOutbound() -> [UInt8] {
            defer { outbound.removeAll(keepingCapacity: true) }
            return Array(outbound.joined())
        }
    }

    /// Telegrams that wait for knxd to read them. More than these are refused: a knxd that reads nothing is no bus.
    private static let greatestOutbound = 256
    private static let retryMilliseconds = 200
    private static let openTimeoutNanoseconds: Int64 = 2_000_000_000

    private let supervisor: KnxdSupervisor
    private let rereadGroups: [GroupAddress]
    private let protections: Set<Protection>
    private let status: Status
    private let mqtt: MqttLink
    private let commands: CommandService
    private let intake: Intake
    private let content = Mutex(Content())
    private let wakeup = Wakeup()

    init(
        supervisor: KnxdSupervisor, points: PointTable, protections: Set<Protection>, status: Status, mqtt: MqttLink,
        commands: CommandService, intake: Intake
    ) {
        self.supervisor = supervisor
        rereadGroups = points.declarations.values.filter(\.reread).map(\.group).sorted()
        self.protections = protections
        self.status = status
        self.mqtt = mqtt
        self.commands = commands
        self.intake = intake
    }

    /// Hands a telegram to knxd.
    /// - Returns: False when there is no connection or knxd does not read; the telegram is then forgotten.
    func send(_ apdu: [UInt8], to group: GroupAddress) -> Bool {
        let accepted = content.withLock { content in
            guard content.connected, content.outbound.count < Self.greatestOutbound else { return false }
            content.outbound.append(KnxdMessage.groupPacket(to: group, apdu))
            return true
        }
        if accepted { wakeup.signal() }
        return accepted
    }

    func stop() {
        content.withLock { $0.stopping = true }
        wakeup.signal()
    }

    private var isStopping: Bool { content.withLock { $0.stopping } }

    /// The loop of the connection's thread; it returns after `stop()`.
    func run() {
        var isFirst = true
        while !isStopping {
            if supervisor.isRunning, let socket = open() {
                Log.info("knx connected")
                setConnected(true)
                let readsOut = isFirst || protections.contains(.knxdReread)
                isFirst = false
                let reason = serve(socket, ReadOut(readsOut ? rereadGroups : [], at: monotonicNanoseconds()))
                close(socket)
                setConnected(false)
                Log.write(ordinary: isStopping, "knx disconnected", ["reason": .string(reason)])
                commands.connectionLost()
            }
            if !isStopping { wakeup.wait(milliseconds: Self.retryMilliseconds) }
        }
    }

    private func setConnected(_ connected: Bool) {
        content.withLock { content in
            content.connected = connected
            // What was not sent in its time is stale.
            content.outbound.removeAll()
        }
        status.knxConnected.store(connected, ordering: .relaxed)
        mqtt.healthChanged()
    }

    /// Connects and opens the group connection; nil when knxd is not there yet.
    private func open() -> Int32? {
        let descriptor = streamSocket(AF_UNIX)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: KnxdSupervisor.socketPath.utf8)
        }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        // Not blocking from the start: connecting to a stopped knxd waits for ever once its backlog is full.
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let connected = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
        }
        guard connected == 0, send(KnxdMessage.openGroupConnection, descriptor), awaitOpened(descriptor) else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private func awaitOpened(_ descriptor: Int32) -> Bool {
        var decoder = KnxdMessageDecoder()
        let deadline = monotonicNanoseconds() + Self.openTimeoutNanoseconds
        while !isStopping, monotonicNanoseconds() < deadline {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&entry, 1, 100) > 0 else { continue }
            // Octet by octet: whatever follows the answer belongs to the connection.
            var octet: [UInt8] = [0]
            guard unsafe read(descriptor, &octet, 1) == 1 else { return false }
            decoder.feed(octet)
            if let message = decoder.next() { return message == .groupConnectionOpened }
        }
        return false
    }

    private func send(_ octets: [UInt8], _ descriptor: Int32) -> Bool {
        unsafe octets.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) } == octets.count
    }

    /// Receives, sends and reads out until the connection ends.
    /// - Returns: Why it ended.
    private func serve(_ descriptor: Int32, _ initial: ReadOut) -> String {
        var readOut = initial
        var reading = !readOut.isFinished
        if reading { Log.info("knx reread started", ["points": JSON(rereadGroups.count)]) }
        var decoder = KnxdMessageDecoder()
        var unsent: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let now = monotonicNanoseconds()
            if let group = readOut.next(at: now) { _ = send(GroupTelegram.read.apdu, to: group) }
            if reading, readOut.isFinished {
                reading = false
                Log.info(
                    "knx reread finished",
                    ["answered": JSON(readOut.answered), "unanswered": JSON(readOut.unanswered)])
            }
            if unsent.isEmpty { unsent = content.withLock { $0.takeOutbound() } }
            if !unsent.isEmpty {
                let written = unsafe unsent.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
                if written > 0 {
                    unsent.removeFirst(written)
                } else if errno != EAGAIN, errno != EINTR {
                    return systemError()
                }
            }

            var entries = [
                pollfd(fd: descriptor, events: Int16(unsent.isEmpty ? POLLIN : POLLIN | POLLOUT), revents: 0),
                pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let wait = readOut.due.map { max(0, $0 - monotonicNanoseconds()) / 1_000_000 + 1 } ?? -1
            _ = unsafe poll(&entries, 2, Int32(clamping: wait))
            if entries[1].revents != 0 {
                wakeup.clear()
                if isStopping { return "stopping" }
            }
            guard entries[0].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 else { continue }
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count == 0 { return "knxd closed the connection" }
            if count < 0 {
                if errno == EAGAIN || errno == EINTR { continue }
                return systemError()
            }
            decoder.feed(buffer[..<count])
            while let message = decoder.next() {
                guard case .group(let source, let destination, let apdu) = message else { continue }
                if intake.receive(apdu, from: source, to: destination) { readOut.received(destination) }
            }
        }
    }
}
