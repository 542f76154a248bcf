public import Events
public import KNX
public import Platform
import Synchronization

/// A client of knxd's group socket: sends and receives the group telegrams that knxd routes. What knxd accepts is not yet on the line, and
/// what it delivers has passed its router; only a witness on the line says when and whether.
public final class KnxdGroupClient: Sendable {
    public enum Server: Hashable, Sendable, CustomStringConvertible {
        case unix(path: String)
        case tcp(host: String, port: UInt16 = 6720)

        public var description: String {
            switch self {
            case .unix(let path): path
            case .tcp(let host, let port): "\(host):\(port)"
            }
        }
    }

    public enum Failure: Error, CustomStringConvertible {
        case system(SystemFailure)
        case refused(Server, KnxdReply)
        case noAnswer(Server)
        case message(KnxdRequest.Refusal)

        public var description: String {
            switch self {
            case .system(let failure): failure.description
            case .refused(let server, .failure(.reset)):
                "knxd at \(server) has no client address left: give it more (client-addrs)"
            case .refused(let server, let reply): "knxd at \(server) did not open its group socket: \(reply)"
            case .noAnswer(let server): "what listens at \(server) did not answer as knxd does within its time"
            case .message(let refusal): refusal.description
            }
        }
    }

    public struct Telegram: Hashable, Sendable {
        public var source: IndividualAddress
        public var group: GroupAddress
        public var service: GroupService
    }

    private static let writeTime = Instant.Span.seconds(5)

    private let socket: Descriptor
    private let wakeup: Wakeup
    private let isStopping = Mutex(false)
    private let sending = Mutex(())
    private let thread = Mutex<NamedThread?>(nil)

    /// Connects and opens the group socket.
    ///
    /// - Parameters:
    ///   - timeout: for the connection and knxd's answer together.
    ///   - received: called on the client's thread for each telegram with a group service.
    ///   - ended: called once on that thread when knxd closes the connection, not when `close` does.
    public init(
        _ server: Server, timeout: Instant.Span = .seconds(5), received: @escaping @Sendable (Telegram) -> Void,
        ended: @escaping @Sendable () -> Void = {}
    ) throws(Failure) {
        let deadline = MonotonicClock.now() + timeout
        var stream = KnxdStream()
        do throws(SystemFailure) {
            wakeup = try Wakeup()
            switch server {
            case .unix(let path): socket = try Socket.connectUnix(path: path, until: deadline)
            case .tcp(let host, let port): socket = try Socket.connectTCP(host: host, port: port, until: deadline)
            }
        } catch {
            throw .system(error)
        }
        let rest = try Self.open(socket, server, &stream, until: deadline)
        let decoder = stream
        thread.withLock { thread in
            thread = NamedThread.start("knxd client") { [self] in
                for reply in rest { Self.deliver(reply, received) }
                if run(decoder, received) { ended() }
            }
        }
    }

    /// Hands a telegram to knxd. Blocks while knxd takes nothing, at most 5 s.
    public func send(_ service: GroupService, to group: GroupAddress) throws(Failure) {
        let octets: [UInt8]
        do {
            octets = try KnxdRequest.groupPacket(group, apdu: service.transportUnit).octets
        } catch {
            throw .message(error)
        }
        do {
            try sending.withLock { _ throws(SystemFailure) in
                try socket.writeAll(octets, until: MonotonicClock.now() + Self.writeTime)
            }
        } catch {
            throw .system(error)
        }
    }

    /// Ends the client. Not to be called from its own callbacks.
    public func close() {
        isStopping.withLock { $0 = true }
        wakeup.signal()
        thread.withLock { $0 }?.join()
        socket.close()
    }

    /// Opens the group socket; gives what came together with the answer.
    private static func open(
        _ socket: Descriptor, _ server: Server, _ stream: inout KnxdStream, until deadline: Instant
    ) throws(Failure) -> ArraySlice<KnxdReply> {
        var writeFailure: SystemFailure?
        do throws(SystemFailure) {
            let request = KnxdRequest.openGroupConnection(isWriteOnly: false)
            try socket.writeAll((try? request.octets) ?? [], until: deadline)
        } catch {
            // A knxd without a client address left says so and closes before it has read anything: what it said is still there to read.
            writeFailure = error
        }
        let replies: [KnxdReply]
        do {
            replies = try firstReplies(socket, &stream, until: deadline)
        } catch {
            throw .system(writeFailure ?? error)
        }
        switch (replies.first, writeFailure) {
        case (.opened?, nil): return replies.dropFirst()
        case (let reply?, _): throw .refused(server, reply)
        case (nil, let failure?): throw .system(failure)
        case (nil, nil): throw .noAnswer(server)
        }
    }

    private static func firstReplies(_ socket: Descriptor, _ stream: inout KnxdStream, until deadline: Instant)
        throws(SystemFailure) -> [KnxdReply]
    {
        while MonotonicClock.now() < deadline {
            if Poll.wait([(socket, .readable)], until: deadline)[0].isEmpty { break }
            guard let octets = try socket.read(maximum: 4096) else { continue }
            if octets.isEmpty { break }
            let replies = stream.feed(octets)
            if !replies.isEmpty { return replies }
        }
        return []
    }

    /// Reads until `close` (false) or until knxd ends the connection (true).
    private func run(_ decoder: KnxdStream, _ received: @Sendable (Telegram) -> Void) -> Bool {
        var stream = decoder
        while true {
            let ready = Poll.wait([(socket, .readable), (wakeup.descriptor, .readable)], until: nil)
            if isStopping.withLock({ $0 }) { return false }
            if ready[0].isEmpty { continue }
            let octets: [UInt8]
            do {
                guard let some = try socket.read(maximum: 4096) else { continue }
                octets = some
            } catch {
                return true
            }
            if octets.isEmpty { return true }
            for reply in stream.feed(octets) { Self.deliver(reply, received) }
        }
    }

    private static func deliver(_ reply: KnxdReply, _ received: @Sendable (Telegram) -> Void) {
        guard case .groupPacket(let source, let group, let apdu) = reply,
            let service = try? GroupService(transportUnit: apdu)
        else { return }
        received(Telegram(source: source, group: group, service: service))
    }
}
