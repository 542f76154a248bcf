import Glibc
import Synchronization

/// The group connection to knxd's Unix socket, by way of the bridge, on a thread of its own that owns the socket.
///
/// While it is open nothing but its end tells of trouble: knxd neither reports a dead bus nor refuses what it cannot
/// send.
final class KnxdConnection: Sendable {
    private struct Content {
        var connected = false
        var outbound: [[UInt8]] = []
        var stopping = false
        var wantsReread = false

        mutating func takeReread() -> Bool {
            defer { wantsReread = false }
            return wantsReread
        }

        mutating func takeOutbound() -> [UInt8] {
            defer { outbound.removeAll(keepingCapacity: true) }
            return Array(outbound.joined())
        }
    }

    /// Telegrams that wait for knxd to read them. More than these are refused: a knxd that reads nothing is no bus.
    private static let greatestOutbound = 256
    private static let retryMilliseconds = 200

    private let supervisor: KnxdSupervisor
    private let rereadGroups: [GroupAddress]
    private let protections: Set<Protection>
    private let status: Status
    private let mqtt: MqttLink
    private let commands: CommandService
    private let intake: Intake
    /// Without the protection that lets go of connections.
    private let left: LeftConnections?
    private let content = Mutex(Content())
    private let wakeup = Wakeup()

    init(
        supervisor: KnxdSupervisor, points: PointTable, protections: Set<Protection>, status: Status, mqtt: MqttLink,
        commands: CommandService, intake: Intake, left: LeftConnections?
    ) {
        self.supervisor = supervisor
        rereadGroups = points.declarations.values.filter(\.reread).map(\.group).sorted()
        self.protections = protections
        self.status = status
        self.mqtt = mqtt
        self.commands = commands
        self.intake = intake
        self.left = left
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

    /// Reads the points again on the connection that there is: knxd was away for a while, and what it missed it does not tell.
    func reread() {
        guard protections.contains(.knxdReread) else { return }
        content.withLock { $0.wantsReread = $0.connected }
        wakeup.signal()
    }

    private var isStopping: Bool { content.withLock { $0.stopping } }

    /// The loop of the connection's thread; it returns after `stop()`.
    func run() {
        var isFirst = true
        /// The last read-out ended with its connection, before every point had answered.
        var isInterrupted = false
        var decoder = KnxdMessageDecoder()
        while !isStopping {
            if supervisor.isRunning, let socket = KnxdSocket.open(Bridge.socketPath, orderedToStop: { self.isStopping })
            {
                Log.info("knx connected")
                setConnected(true)
                let readsOut =
                    isFirst
                    || protections.contains(.knxdReread)
                        && (!isInterrupted || protections.contains(.knxdRereadInterrupted))
                isFirst = false
                let readOut = ReadOut(readsOut ? rereadGroups : [], at: monotonicNanoseconds())
                // Half a message may be left of the connection before.
                if protections.contains(.parserFreshMessage) { decoder = KnxdMessageDecoder() }
                let (reason, isReadOut) = serve(socket, readOut, &decoder)
                isInterrupted = !isReadOut
                close(socket)
                left?.keep()
                setConnected(false)
                intake.lineLost()
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

    /// Receives, sends and reads out until the connection ends.
    /// - Returns: Why it ended, and whether the read-out was finished by then.
    private func serve(
        _ descriptor: Int32, _ initial: ReadOut, _ decoder: inout KnxdMessageDecoder
    ) -> (reason: String, isReadOut: Bool) {
        var readOut = initial
        var reading = !readOut.isFinished
        if reading { Log.info("knx reread started", ["points": JSON(rereadGroups.count)]) }
        var unsent: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let now = monotonicNanoseconds()
            if content.withLock({ $0.takeReread() }) {
                readOut = ReadOut(rereadGroups, at: now)
                reading = !readOut.isFinished
                if reading { Log.info("knx reread started", ["points": JSON(rereadGroups.count)]) }
            }
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
                    return (systemError(), readOut.isFinished)
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
                if isStopping { return ("stopping", readOut.isFinished) }
            }
            guard entries[0].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 else { continue }
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count == 0 { return ("knxd closed the connection", readOut.isFinished) }
            if count < 0 {
                if errno == EAGAIN || errno == EINTR { continue }
                return (systemError(), readOut.isFinished)
            }
            decoder.feed(buffer[..<count])
            while let message = decoder.next() {
                guard case .group(let source, let destination, let apdu) = message else { continue }
                switch intake.receive(apdu, from: source, to: destination) {
                case .taken: readOut.received(destination)
                case .passed: break
                case .malformed:
                    // What a client does that takes an error of its parser for the end of the connection.
                    if !protections.contains(.parserKeepConnection) {
                        return ("malformed telegram", readOut.isFinished)
                    }
                }
            }
        }
    }
}
