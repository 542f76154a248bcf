import Events
import Glibc
import KNX
public import Platform
import Synchronization

/// The twin as a process: lines in real time, boards over USB/IP, sockets for sense and truth.
public enum Twin {
    /// How long the boards stay reachable after the end has been asked for, so that a keeper can still command the safe state.
    private static let grace = Instant.Span.milliseconds(1_500)

    /// Runs a twin until SIGTERM, SIGINT or the end of its lifeline, and says when it is ready: `{"ready":true,"usbip":PORT,
    /// "attachments":{"main/sut":PATH,…},"realtime":…}` on the lifeline, or on standard output where there is none. With KNXnet/IP interfaces on its
    /// lines it says too where those are: `"knxnetip":{"main/ip":"ADDRESS:PORT"}`; where chips are served over TCP: `"tcp":{"main/sut":"127.0.0.1:PORT"}`;
    /// with KNX USB interfaces, as what its USB/IP server has them: `"knxusb":{"main/usb":"1-2"}`.
    ///
    /// To be called on the main thread before any other is started. On the lifeline it answers `{"statistics":true}` and `{"finish":true}`
    /// with its punctuality, nanoseconds; after `finish` it ends. `{"contact":…}` gives the contact in a line's feed a timing of its own, as a bench's
    /// programmable switch has (`ContactRequest`); it is answered with `{"wired":true}` or `{"refused":"why"}`. `{"inject":…}` puts octets on a line as
    /// they are (`LineInjection`), and is answered with `{"injected":true}` or `{"refused":"why"}`.
    ///
    /// - Returns: the exit status: 0 after an orderly end, 1 when it could not start, with the reason on standard error.
    public static func run(_ configuration: TwinConfiguration, lifeline: RecordChannel?) -> Int32 {
        Signals.ignorePipe()
        Signals.block([SIGTERM, SIGINT])
        _ = LockedMemory.lockAll()
        do throws(SystemFailure) {
            let signals = try Signals.descriptor(for: [SIGTERM, SIGINT])
            let twin = try RunningTwin(configuration)
            defer { twin.end() }
            try tellReady(twin, lifeline: lifeline)
            serve(twin, lifeline: lifeline, signals: signals)
            let deadline = MonotonicClock.now() + grace
            while twin.boards.connectedClients > 0, MonotonicClock.now() < deadline {
                MonotonicClock.sleep(for: .milliseconds(10))
            }
            return 0
        } catch {
            let text = "the twin cannot run: \(error)\n"
            _ = unsafe write(STDERR_FILENO, text, text.utf8.count)
            return 1
        }
    }

    private static func tellReady(_ twin: RunningTwin, lifeline: RecordChannel?) throws(SystemFailure) {
        let attachments = twin.shell.attachments.map { Value.Field($0.name, .text($0.path)) }
        let interfaces = twin.shell.interfaces.map { Value.Field($0.name, .text("\($0.host):\($0.port)")) }
        let servers = twin.shell.servers.map { Value.Field($0.name, .text("127.0.0.1:\($0.port)")) }
        let plugged = twin.shell.usbInterfaces.compactMap { interface in
            twin.boards.busID(of: interface.device).map { Value.Field(interface.name, .text($0)) }
        }
        let ready: Value = .record(
            [
                Value.Field("ready", true), Value.Field("usbip", .integer(Int64(twin.boards.port))),
                Value.Field("attachments", .record(attachments)),
            ] + (interfaces.isEmpty ? [] : [Value.Field("knxnetip", .record(interfaces))])
                + (servers.isEmpty ? [] : [Value.Field("tcp", .record(servers))])
                + (plugged.isEmpty ? [] : [Value.Field("knxusb", .record(plugged))])
                + [Value.Field("realtime", .bool(twin.shell.isRealtime))])
        guard let lifeline else {
            let text = JSON.text(ready) + "\n"
            _ = unsafe write(STDOUT_FILENO, text, text.utf8.count)
            return
        }
        try lifeline.send(ready)
    }

    /// Returns when the twin is to end.
    private static func serve(_ twin: RunningTwin, lifeline: RecordChannel?, signals: Descriptor) {
        while true {
            var wanted: [(descriptor: Descriptor, for: Readiness)] = [(signals, .readable)]
            if let lifeline { wanted.append((lifeline.descriptor, .readable)) }
            let ready = Poll.wait(wanted, until: nil)
            if !ready[0].isEmpty { return }
            guard let lifeline else { continue }
            // All requests that have come; the channel may hold more than one.
            while true {
                guard let received = try? lifeline.receive(until: MonotonicClock.now()) else { return }
                if case .timeout = received { break }
                guard case .record(let request) = received else { return }
                let figures = twin.shell.punctuality.fields
                if let wish = request["contact"] {
                    try? lifeline.send(twin.wire(wish))
                } else if let wish = request["inject"] {
                    try? lifeline.send(twin.inject(wish))
                } else if request["statistics"]?.bool == true {
                    try? lifeline.send(.record([Value.Field("statistics", true)] + figures))
                } else if request["finish"]?.bool == true {
                    try? lifeline.send(.record([Value.Field("finished", true)] + figures))
                    return
                }
            }
        }
    }
}

/// Everything of a twin that runs, and how it ends.
private final class RunningTwin {
    let shell: TwinShell
    let boards: USBIPServer
    private let publisher: RecordPublisher
    private let hands: Hands
    private let lines: [TwinConfiguration.Line]

    init(_ bare: TwinConfiguration) throws(SystemFailure) {
        var configuration = bare
        for line in configuration.lines.indices {
            configuration.lines[line].devices.append(
                SimulatedDevice.Configuration(id: Hands.visitor, address: IndividualAddress(raw: 0xFFFE), actuators: [])
            )
        }
        lines = configuration.lines
        let wiring = Wiring(configuration.boards)
        let supplies = configuration.lines.map { line in
            let isSupplied = wiring.isConnected(.supply(line: line.id))
            return (line: line.id, millivolts: isSupplied ? line.supply.nominalMillivolts : 0)
        }
        let publisher = try RecordPublisher(
            directory: configuration.directory, journal: configuration.journal, supplies: supplies)
        self.publisher = publisher
        let shell: TwinShell
        do throws(SystemFailure) {
            shell = try TwinShell(configuration) { publisher.publish($0) }
        } catch {
            publisher.stop()
            throw error
        }
        self.shell = shell
        do throws(SystemFailure) {
            // The boards first: what drives them relies on their places.
            let relays: [(id: String, model: any USBDeviceModel)] = configuration.boards.map {
                ($0.id, DcttechBoard(channelCount: $0.channels, serial: $0.serial))
            }
            let interfaces: [(id: String, model: any USBDeviceModel)] = shell.usbInterfaces.map {
                ($0.device, $0.model)
            }
            boards = try USBIPServer(
                port: configuration.usbipPort, boards: relays + interfaces,
                changed: { board, channel, isEnergised, instant in
                    shell.boardChanged(board: board, channel: channel, energised: isEnergised, at: instant)
                })
        } catch {
            shell.stop()
            publisher.stop()
            throw error
        }
        shell.carry(by: boards)
        do throws(SystemFailure) {
            hands = try Hands(
                directory: configuration.directory, configuration: configuration, shell: shell, boards: boards)
        } catch {
            boards.stop()
            shell.stop()
            publisher.stop()
            throw error
        }
    }

    /// Fulfils a run's wish for a contact with a timing of its own, and says whether it could.
    func wire(_ wish: Value) -> Value {
        do throws(ContactRequest.Refusal) {
            let request = try ContactRequest(wish, lines: lines)
            shell.wire(request.contact, line: request.line)
            return ["wired": true]
        } catch {
            return ["refused": .text(error.reason)]
        }
    }

    /// Puts the octets of a run's wish on their line, and says whether it could.
    func inject(_ wish: Value) -> Value {
        do throws(LineInjection.Refusal) {
            shell.inject(try LineInjection(wish, lines: lines), device: Hands.visitor)
            return ["injected": true]
        } catch {
            return ["refused": .text(error.reason)]
        }
    }

    func end() {
        hands.stop()
        boards.stop()
        shell.stop()
        publisher.stop()
    }
}
