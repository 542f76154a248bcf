import Events
import Platform

/// The TCP side of an interface: a listener and its connections, each under a number. Of one thread; it never waits.
struct StreamServer {
    private struct Connection {
        let number: Int
        let descriptor: Descriptor
        /// What the client has not taken yet.
        var unsent: [UInt8] = []
    }

    /// What a client does.
    enum Happening {
        case opened(Int)
        case octets([UInt8], from: Int)
        case closed(Int)
    }

    /// Connections that are served at a time; more are closed at once.
    private static let mostConnections = 64
    /// A client that lets so many octets wait is given up.
    private static let mostUnsent = 1 << 20
    private static let octetsAtOnce = 4_096

    private let listener: Descriptor
    private var connections: [Connection] = []
    /// The numbers of those that are waited for.
    private var watched: [Int] = []
    private var lastNumber = 0

    init(listener: Descriptor) {
        self.listener = listener
    }

    /// What to wait for, the listener first.
    mutating func watch() -> [(descriptor: Descriptor, for: Readiness)] {
        watched = connections.map(\.number)
        return [(listener, .readable)]
            + connections.map { ($0.descriptor, $0.unsent.isEmpty ? .readable : [.readable, .writable]) }
    }

    /// What clients have done since; `ready` is the readiness of all that is watched.
    mutating func happenings(_ ready: ArraySlice<Readiness>) -> [Happening] {
        var happenings: [Happening] = []
        for (number, readiness) in zip(watched, ready.dropFirst()) where !readiness.isEmpty {
            // One that was watched may have been closed since.
            guard let connection = connections.first(where: { $0.number == number }) else { continue }
            let isFlushed = !readiness.contains(.writable) || flush(connection.number)
            if isFlushed, readiness == .writable { continue }
            do throws(SystemFailure) {
                guard let octets = try connection.descriptor.read(maximum: Self.octetsAtOnce) else { continue }
                if octets.isEmpty {
                    close(connection.number)
                    happenings.append(.closed(connection.number))
                } else {
                    happenings.append(.octets(octets, from: connection.number))
                }
            } catch {
                close(connection.number)
                happenings.append(.closed(connection.number))
            }
        }
        if ready.first?.isEmpty == false, let descriptor = try? Socket.accept(listener, until: MonotonicClock.now()) {
            if connections.count < Self.mostConnections {
                lastNumber += 1
                connections.append(Connection(number: lastNumber, descriptor: descriptor))
                happenings.append(.opened(lastNumber))
            } else {
                descriptor.close()
            }
        }
        return happenings
    }

    /// Sends after what waits.
    ///
    /// - Parameter isHeld: leaves it to wait as well.
    mutating func send(_ octets: [UInt8], to number: Int, isHeld: Bool) {
        guard let index = connections.firstIndex(where: { $0.number == number }) else { return }
        connections[index].unsent += octets
        if !isHeld { _ = flush(number) }
    }

    /// Closes a connection.
    mutating func close(_ number: Int) {
        guard let index = connections.firstIndex(where: { $0.number == number }) else { return }
        connections.remove(at: index).descriptor.close()
    }

    mutating func closeAll() {
        listener.close()
        for connection in connections { connection.descriptor.close() }
        connections = []
    }

    /// False when the connection is broken, or its client takes nothing for too long.
    private mutating func flush(_ number: Int) -> Bool {
        guard let index = connections.firstIndex(where: { $0.number == number }) else { return false }
        while !connections[index].unsent.isEmpty {
            guard let count = try? connections[index].descriptor.write(connections[index].unsent) else {
                connections[index].unsent = []
                return false
            }
            if count == 0 { break }
            connections[index].unsent.removeFirst(count)
        }
        guard connections[index].unsent.count <= Self.mostUnsent else {
            connections[index].unsent = []
            Socket.shutDown(connections[index].descriptor)
            return false
        }
        return true
    }
}
