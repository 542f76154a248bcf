import Events
import Glibc
import KNX
import Platform
import Synchronization

@testable import Twin

/// A twin in the test's own process, with everything that it has said.
final class TwinFixture: Sendable {
    let shell: TwinShell
    let directory: TemporaryDirectory
    private let heard: Heard

    private final class Heard: Sendable {
        let records = Mutex<[TwinRecord]>([])
    }

    init(
        chips: [String] = ["sut"], devices: [SimulatedDevice.Configuration] = [actuator(), listener],
        supply: SupplyParameters = SupplyParameters(), boards: [TwinConfiguration.Board] = [],
        interfaces: [TwinConfiguration.NetworkInterface] = [],
        usbInterfaces: [TwinConfiguration.PluggedInterface] = [], model: TransceiverModel = .tpuart2,
        overTCP: Bool = false
    ) throws {
        // A host that is gone is no reason to end.
        Signals.ignorePipe()
        directory = try TemporaryDirectory(prefix: "twin-")
        let line = TwinConfiguration.Line(
            id: "main", supply: supply,
            chips: chips.map {
                var chip = TwinConfiguration.Chip(id: $0, model: model)
                if overTCP { chip.tcpPort = 0 }
                return chip
            }, devices: devices, interfaces: interfaces, usbInterfaces: usbInterfaces)
        let heard = Heard()
        self.heard = heard
        shell = try TwinShell(TwinConfiguration(lines: [line], boards: boards, directory: directory.path)) { record in
            heard.records.withLock { $0.append(record) }
        }
    }

    func path(_ chip: String = "sut") -> String { directory.path + "/main-" + chip }
    /// Where a chip is served over TCP.
    func port(_ chip: String = "sut") -> UInt16 { shell.servers.first { $0.name == "main/" + chip }?.port ?? 0 }
    var records: [TwinRecord] { heard.records.withLock { $0 } }
    var frames: [LineRecord.Frame] {
        records.compactMap { if case .line(_, .frame(let frame)) = $0 { frame } else { nil } }
    }

    /// Waits until `condition` holds; false when it does not within the time.
    func wait(seconds: Int64 = 10, until condition: () -> Bool) -> Bool {
        let deadline = MonotonicClock.now() + .seconds(seconds)
        while !condition() {
            guard MonotonicClock.now() < deadline else { return false }
            MonotonicClock.sleep(for: .milliseconds(5))
        }
        return true
    }

    func end() {
        shell.stop()
        directory.remove()
    }
}

/// What a host reads from a serial line until it has `count` octets or the time is up.
func read(_ count: Int, from descriptor: Descriptor, seconds: Int64 = 5) throws -> [UInt8] {
    let deadline = MonotonicClock.now() + .seconds(seconds)
    var octets: [UInt8] = []
    while octets.count < count {
        guard !Poll.wait([(descriptor, .readable)], until: deadline)[0].isEmpty else { break }
        octets += try descriptor.read(maximum: count - octets.count) ?? []
    }
    return octets
}
