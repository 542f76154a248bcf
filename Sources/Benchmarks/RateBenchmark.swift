import Bus
import Events
import Glibc
import KNX
import Platform
import Rehearsal
import Synchronization
import Twin

/// Telegrams per second at saturation against the strict cycle of TP1: in virtual time, and in real time as a busmonitor on the line sees them.
struct RateBenchmark {
    /// Of the line's time, for each kind of telegram.
    private static let seconds: Int64 = 3_600
    private static let realSeconds: Int64 = 10

    /// - Returns: the exit status: 1 when a rate in virtual time is more than 0.1 % off, or one in real time more than 0.5 %.
    func run() throws -> Int32 {
        print("data octets  priority  cycle bits  in theory  in virtual time  off by  in real time  off by")
        var isRight = true
        for dataOctets in [0, 1, 2, 4, 14] {
            for priority in [Priority.low, .system] {
                let bits = BusTiming.cycleBits(
                    octets: 9 + dataOctets,
                    idleBits: BusTiming.idleBits(priority: priority, isRepetition: false))
                let theory = Double(BusTiming.bitsPerSecond) / Double(bits)
                let rate = TelegramRate(dataOctets: dataOctets, priority: priority).measure(seconds: Self.seconds)
                let virtual = Self.partsPerMillion(rate, theory)
                isRight = isRight && virtual.magnitude <= 1_000
                var line = [
                    Self.pad("\(dataOctets)", 11), Self.pad("\(priority)", 9), Self.pad("\(bits)", 11),
                    Self.pad("\(Self.rounded(theory))/s", 10), Self.pad("\(Self.rounded(rate))/s", 16),
                    Self.pad("\(virtual) ppm", 7),
                ]
                if priority == .low {
                    let real = try RealTelegramRate(dataOctets: dataOctets).measure(seconds: Self.realSeconds)
                    let off = Self.partsPerMillion(real, theory)
                    isRight = isRight && off.magnitude <= 5_000
                    line += [Self.pad("\(Self.rounded(real))/s", 13), "\(off) ppm"]
                }
                print(line.joined(separator: " "))
            }
        }
        return isRight ? 0 : 1
    }

    private static func partsPerMillion(_ rate: Double, _ theory: Double) -> Int {
        Int(((rate / theory - 1) * 1e6).rounded())
    }

    private static func rounded(_ rate: Double) -> Double { (rate * 1_000).rounded() / 1_000 }
    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

/// Telegrams per second of a saturated line in real time, by the instants at which a busmonitor on a terminal of it had them.
private struct RealTelegramRate {
    var dataOctets: Int

    func measure(seconds: Int64) throws -> Double {
        let directory = try TemporaryDirectory(heldWithPrefix: "knxrig-rate-")
        defer { directory.remove() }
        let group = GroupAddress(raw: 0x3000)
        let sender = SimulatedDevice.Configuration(
            id: "sender", address: IndividualAddress(raw: 0x110A), actuators: [])
        let listener = SimulatedDevice.Configuration(
            id: "listener", address: IndividualAddress(raw: 0x11F0), actuators: [], acknowledges: [group...group])
        let line = TwinConfiguration.Line(
            id: "main", chips: [TwinConfiguration.Chip(id: "witness")], devices: [sender, listener])
        let shell = try TwinShell(TwinConfiguration(lines: [line], directory: directory.path)) { _ in }
        defer { shell.stop() }
        let ends = Mutex<[Instant]>([])
        let witness = try TPUARTWitness(
            TPUARTWitness.Configuration(
                source: "witness", line: "main", port: .serial(path: directory.path + "/main-witness"))
        ) { event in
            guard case .frame(let frame) = event.payload, frame.flaw == nil, frame.acknowledge == TP1.acknowledge else {
                return
            }
            ends.withLock { $0.append(event.instant) }
        }
        defer { witness.stop() }
        let ready = MonotonicClock.now() + .seconds(5)
        while !witness.isArmed {
            guard MonotonicClock.now() < ready else { throw SystemFailure("arm", "the witness", code: ETIMEDOUT) }
            MonotonicClock.sleep(for: .milliseconds(10))
        }
        let octets = TP1Frame(
            priority: .low, source: sender.address, destination: .group(group),
            transportUnit: [0x00, 0x80] + Array(repeating: 0x55, count: dataOctets)
        ).octets
        let deadline = MonotonicClock.now() + .seconds(seconds)
        var given = 0
        while MonotonicClock.now() < deadline {
            // Never out of work, and never far ahead.
            while given < ends.withLock(\.count) + 20 {
                shell.send(octets, line: "main", device: sender.id)
                given += 1
            }
            MonotonicClock.sleep(for: .milliseconds(20))
        }
        return ends.withLock { ends in
            guard ends.count > 1 else { return 0 }
            return Double(ends.count - 1) * 1e9 / Double((ends[ends.count - 1] - ends[0]).nanoseconds)
        }
    }
}
