import Documents
public import Events
import Glibc
import Platform

/// A profile's services on the host: started, waited for, killed and started again. A service with a gate is reached through it by the
/// system, and only by the system.
public final class ServiceRunner: Sendable {
    private struct Entry: Sendable {
        var service: SystemProfile.Service
        var gate: Gate?
        var restart: ServiceRestart?
    }

    private let host: Host
    private let substitution: Substitution
    private let entries: [Entry]

    /// From start to the port that accepts.
    private static let readyWithin: Instant.Span = .seconds(10)

    /// Makes the gates, closed, and starts nothing.
    ///
    /// - Parameter profile: whose services they are, and whose rows pass a gate, if any do.
    /// - Parameter substitution: with a port for every `service.ID` and `gate.ID`.
    public init(
        profile: SystemProfile, host: Host, substitution: Substitution, sink: @escaping EventSink
    ) throws(SystemFault) {
        self.host = host
        self.substitution = substitution
        var entries: [Entry] = []
        // Every unit is made before a thread of a restart begins: what cannot be made is refused with nothing to clean up.
        let units = try profile.services.map { service throws(SystemFault) in try Self.unit(of: service, substitution) }
        for service in profile.services {
            var entry = Entry(service: service)
            if let id = service.gate {
                guard let port = substitution["gate." + id].flatMap({ UInt16($0) }),
                    let servicePort = substitution["service." + service.id].flatMap({ UInt16($0) })
                else { throw SystemFault("the gate '\(id)' has no ports") }
                do throws(SystemFailure) {
                    entry.gate = try Gate(
                        id: id, entrance: .tcp(port), service: .tcp(servicePort), writes: profile.writes(through: id),
                        inNetworkOf: host.pid, sink: sink)
                } catch {
                    throw SystemFault("the gate '\(id)' could not be made: \(error)")
                }
            }
            entries.append(entry)
        }
        for (index, unit) in units.enumerated() {
            guard let after = entries[index].service.restartAfterNanoseconds else { continue }
            entries[index].restart = ServiceRestart(unit, host: host, delay: Instant.Span(nanoseconds: after))
        }
        self.entries = entries
    }

    /// The gate of this id.
    public func gate(_ id: String) -> Gate? {
        entries.first { $0.service.gate == id }?.gate
    }

    /// The gate before a service.
    public func gate(before service: String) -> Gate? {
        entries.first { $0.service.id == service }?.gate
    }

    /// Starts every service in the profile's order and opens its gate once it is ready.
    public func startAll() throws(SystemFault) {
        for entry in entries where host.isolation == .namespaces || !entry.service.needsOwnNetwork {
            try start(entry.service.id)
            try openGate(before: entry.service.id)
        }
    }

    /// Starts one service and waits until it accepts; its gate stays as it is.
    public func start(_ id: String) throws(SystemFault) {
        let entry = try entry(id)
        let unit = try Self.unit(of: entry.service, substitution)
        let port: UInt16?
        do throws(DocumentFailure) { port = try entry.service.readyPort?.port(by: substitution) } catch {
            throw SystemFault(error.description)
        }
        try host.start(unit)
        if let port { try waitAccepting(id, port) }
        entry.restart?.hold(false)
    }

    private static func unit(
        of service: SystemProfile.Service, _ substitution: Substitution
    ) throws(SystemFault) -> Host.Unit {
        do throws(DocumentFailure) {
            return try Host.Unit(id: service.id, run: service.run, files: service.files, substitution: substitution)
        } catch {
            throw SystemFault(error.description)
        }
    }

    public func openGate(before id: String) throws(SystemFault) {
        guard let gate = try entry(id).gate else { return }
        do throws(SystemFailure) { try gate.open() } catch {
            throw SystemFault("the gate before \(id) did not open: \(error)")
        }
    }

    /// Kills one service at `due` with SIGKILL and then closes the gate before it.
    ///
    /// - Returns: the instants of the command and of the process's end (nil: it was not running, or did not end within 5 s).
    public func kill(_ id: String, due: Instant) throws(SystemFault) -> (commanded: Instant, ended: Instant?) {
        let entry = try entry(id)
        let gate = entry.gate
        let wasRunning = host.isRunning(id)
        MonotonicClock.sleep(until: due)
        entry.restart?.hold(true)
        let commanded = MonotonicClock.now()
        host.signal(id, SIGKILL)
        let end = wasRunning ? host.waitEnd(of: id, until: commanded + .seconds(5)) : nil
        gate?.close()
        return (commanded, end?.instant)
    }

    /// Closes all gates for good, and starts nothing again.
    public func stop() {
        for entry in entries {
            entry.restart?.stop()
            entry.gate?.stop()
        }
    }

    private func entry(_ id: String) throws(SystemFault) -> Entry {
        guard let entry = entries.first(where: { $0.service.id == id }) else {
            let ids = entries.map(\.service.id)
            throw SystemFault("the system has no service '\(id)'" + Nearest.suggestion(for: id, among: ids))
        }
        return entry
    }

    private func waitAccepting(_ id: String, _ port: UInt16) throws(SystemFault) {
        let deadline = MonotonicClock.now() + Self.readyWithin
        let accepted: Bool
        do throws(SystemFailure) {
            accepted = try HostNetwork.run(of: host.pid) { [host] in
                while MonotonicClock.now() < deadline, host.isRunning(id) {
                    if (try? Socket.connectTCP(host: "127.0.0.1", port: port, until: deadline)) != nil { return true }
                    MonotonicClock.sleep(for: .milliseconds(10))
                }
                return false
            }
        } catch {
            throw SystemFault("\(id) could not be asked whether it is ready: \(error)")
        }
        guard !accepted else { return }
        if let end = host.waitEnd(of: id, until: MonotonicClock.now()) {
            throw SystemFault("\(id) ended with \(end.exit) before it accepted on port \(port); its log says why")
        }
        throw SystemFault("\(id) does not accept on port \(port) within 10 s; its log may say why")
    }
}

extension SystemProfile {
    /// Which of the requests that pass a gate are writes of rows; nil where none are.
    fileprivate func writes(through gate: String) -> WriteTap.Writes? {
        guard let rows, rows.gate == gate, let rowDecoder else { return nil }
        return WriteTap.Writes(method: rows.method, path: rows.path, decoder: rowDecoder)
    }
}

/// Work in the network of a host, on a thread of its own.
enum HostNetwork {
    static func run<Result: Sendable>(
        of pid: Int32, _ body: @escaping @Sendable () -> Result
    ) throws(SystemFailure) -> Result {
        let outcome = try Arrival<Swift.Result<Result, SystemFailure>>()
        let thread = NamedThread.start("host network") {
            do throws(SystemFailure) { try NetworkNamespace.enter(ofProcess: pid) } catch {
                outcome.put(.failure(error))
                return
            }
            outcome.put(.success(body()))
        }
        thread.join()
        guard let result = outcome.present else { preconditionFailure("the thread put its outcome before it ended") }
        return try result.get()
    }
}

extension Host.Unit {
    /// A unit from what a profile says about it.
    init(id: String, run: [Template], files: [SystemProfile.File], substitution: Substitution) throws(DocumentFailure) {
        var words: [String] = []
        for word in run { words.append(try word.filled(by: substitution)) }
        self.init(id: id, path: words[0], arguments: Array(words.dropFirst()))
        for file in files {
            let path = try file.path.filled(by: substitution)
            self.files.append((path, try file.text.filled(by: substitution)))
            if file.isExecutable { executables.insert(path) }
        }
    }
}
