import Bus
import Events
import Glibc
import KNX
import Platform
import Synchronization
import Twin

/// A simulated line with three chips, a witness and stimuli of our own on it, and a real knxd as the interface of a system under test.
final class LineFixture: Sendable {
    /// What it saw, and what was true.
    private final class Log: Sendable {
        let events = Mutex<[Event]>([])
        let truth = Mutex<[LineRecord]>([])
    }

    static let witness = "witness"

    let shell: TwinShell
    let witness: TPUARTWitness
    let stimuli: [TPUARTStimulus]
    let directory: TemporaryDirectory
    private let model: TransceiverModel
    private let log = Log()

    /// - Parameter model: what all chips are.
    init(stimuli count: Int = 1, model: TransceiverModel = .tpuart2) throws {
        self.model = model
        Signals.ignorePipe()
        directory = try TemporaryDirectory(prefix: "line-")
        let names = (0..<count).map { "stimulus\($0 + 1)" }
        let line = TwinConfiguration.Line(
            id: "main", chips: (["sut", Self.witness] + names).map { TwinConfiguration.Chip(id: $0, model: model) },
            devices: [
                SimulatedDevice.Configuration(
                    id: "lamp", address: IndividualAddress(raw: 0x1114),
                    actuators: [
                        SimulatedDevice.Actuator(
                            command: GroupAddress(raw: 0x0A00), status: GroupAddress(raw: 0x0A64), isOn: false)
                    ])
            ])
        let log = log
        shell = try TwinShell(TwinConfiguration(lines: [line], directory: directory.path)) { record in
            if case .line(_, let record) = record { log.truth.withLock { $0.append(record) } }
        }
        let path = directory.path
        let sink: EventSink = { event in log.events.withLock { $0.append(event) } }
        let port = { (chip: String) in
            BusPort.serial(path: path + "/main-" + chip, baudRate: model.baudRate, evenParity: model.hasParity)
        }
        witness = try TPUARTWitness(
            .init(source: Self.witness, line: "main", port: port(Self.witness)), sink: sink)
        stimuli = try names.enumerated().map { index, name in
            var configuration = TPUARTStimulus.Configuration(
                source: name, line: "main", port: port(name), address: IndividualAddress(raw: 0x110A + UInt16(index)))
            configuration.chip = model.chip == .ncn51xx ? .ncn51xx : .tpuart2
            return try TPUARTStimulus(configuration, sink: sink)
        }
    }

    var sink: EventSink {
        { [log] event in log.events.withLock { $0.append(event) } }
    }

    var events: [Event] { log.events.withLock { $0 } }

    /// Frames as the witness told them, with the instants of their ends.
    var heard: [(frame: Event.Frame, end: Instant)] {
        events.compactMap {
            if case .frame(let frame) = $0.payload, $0.source == Self.witness { (frame, $0.instant) } else { nil }
        }
    }

    /// Frames as they were on the line.
    var sent: [LineRecord.Frame] {
        log.truth.withLock { $0 }.compactMap { if case .frame(let frame) = $0 { frame } else { nil } }
    }

    func count(_ outcome: Event.Stimulation.Outcome) -> Int {
        events.count {
            if case .stimulus(let stimulation) = $0.payload { stimulation.outcome == outcome } else { false }
        }
    }

    func reports(of source: String) -> [Event.InterfaceReport.Report] {
        events.compactMap {
            if case .interface(let report) = $0.payload, $0.source == source { report.report } else { nil }
        }
    }

    var isReady: Bool { witness.isArmed && stimuli.allSatisfy(\.isReady) }

    func wait(seconds: Int64 = 30, until condition: () -> Bool) -> Bool {
        let deadline = MonotonicClock.now() + .seconds(seconds)
        while !condition() {
            guard MonotonicClock.now() < deadline else { return false }
            MonotonicClock.sleep(for: .milliseconds(5))
        }
        return true
    }

    /// Starts knxd on the system's chip and connects a client to it.
    func knxd(received: @escaping @Sendable (KnxdGroupClient.Telegram) -> Void) throws -> (
        ChildProcess, KnxdGroupClient
    ) {
        let socket = directory.path + "/knx"
        let configuration = """
            [main]
            addr=1.1.200
            client-addrs=1.1.201:10
            connections=A.unix,B.tp
            [A.unix]
            server=knxd_unix
            path=\(socket)
            [B.tp]
            driver=\(model.chip == .ncn51xx ? "ncn5120" : "tpuart")
            device=\(directory.path)/main-sut
            filters=q
            [q]
            filter=queue

            """
        try Files.write(Array(configuration.utf8), to: directory.path + "/knxd.ini")
        let request = ChildProcess.Request(path: "knxd", arguments: [directory.path + "/knxd.ini"])
        let process = try ChildProcess.spawn(request)
        var client: KnxdGroupClient?
        guard
            wait(until: {
                client = try? KnxdGroupClient(.unix(path: socket), received: received)
                return client != nil
            }), let client
        else {
            process.send(signal: SIGKILL)
            _ = process.wait()
            throw SystemFailure("reach", socket, code: ETIMEDOUT)
        }
        return (process, client)
    }

    func end() {
        for stimulus in stimuli { stimulus.stop() }
        witness.stop()
        shell.stop()
        directory.remove()
    }
}
