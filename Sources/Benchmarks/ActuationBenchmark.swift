import Events
import Platform
import Relays
import Synchronization
import Twin

/// How late a relay is commanded after its due instant, on an emulated board, against a bare thread that waits for an instant in the same way. Both
/// take turns, so that other work on the machine meets both.
struct ActuationBenchmark {
    var count: Int

    /// From giving an order to its due instant.
    private static let notice = Instant.Span.milliseconds(2)
    /// As a keeper asks for.
    private static let realtimePriority: Int32 = 30

    /// - Returns: the exit status: 1 when a command was not confirmed, 5 when there could be no board.
    func run() -> Int32 {
        do {
            return try measure()
        } catch {
            print("benchmarks: \(error)")
            return 5
        }
    }

    private func measure() throws -> Int32 {
        let server = try USBIPServer(boards: [("board", DcttechBoard())]) { _, _, _, _ in }
        defer { server.stop() }
        let transport = USBIPTransport(host: "127.0.0.1", port: server.port)
        let board = try RelayBoardDrivers.open("dcttech", on: transport, matching: BoardMatch())
        let actuator = try RelayActuator(
            board: board, channels: [ChannelWiring(id: "relay", number: 1, settleMilliseconds: 0)],
            realtimePriority: Self.realtimePriority
        ) { _ in }
        defer { actuator.stop() }
        let timer = try BareTimer(realtimePriority: Self.realtimePriority)
        defer { timer.stop() }

        var commanded: [Int64] = []
        var readBack: [Int64] = []
        var bare: [Int64] = []
        var isCut = false
        for _ in 0..<count {
            isCut.toggle()
            let actuation = try actuator.set(
                "relay", isCut ? .cut : .powered, due: MonotonicClock.now() + Self.notice)
            guard actuation.readback == .confirmed, let observed = actuation.observed else {
                print("benchmarks: a command was not confirmed: \(actuation.reason ?? "no reason")")
                return 1
            }
            commanded.append((actuation.commanded - actuation.due).nanoseconds)
            readBack.append((observed - actuation.commanded).nanoseconds)
            bare.append(timer.lateness(of: MonotonicClock.now() + Self.notice).nanoseconds)
        }
        let rows = [
            ("due → commanded", commanded), ("commanded → read back", readBack), ("bare timer, due → awake", bare),
        ]
        print(
            "\(count) actuations of an emulated board over USB/IP, \(timer.isRealtime ? "SCHED_FIFO" : "normal scheduling")"
        )
        for (name, nanoseconds) in rows {
            print(
                "  \(name): p50 \(Self.microseconds(nanoseconds, 500)) p99 \(Self.microseconds(nanoseconds, 990)) "
                    + "max \(Self.microseconds(nanoseconds, 1_000)) µs")
        }
        print(
            "  due → commanded against the bare timer: p50 \(Self.ratio(commanded, bare, 500)) "
                + "p99 \(Self.ratio(commanded, bare, 990))")
        return 0
    }

    /// The value that `share` per mille of them do not exceed.
    private static func quantile(_ values: [Int64], _ share: Int) -> Int64 {
        values.sorted()[min(values.count - 1, values.count * share / 1_000)]
    }

    private static func microseconds(_ nanoseconds: [Int64], _ share: Int) -> Int64 {
        (quantile(nanoseconds, share) + 500) / 1_000
    }

    /// With two places.
    private static func ratio(_ left: [Int64], _ right: [Int64], _ share: Int) -> String {
        let hundredths = quantile(left, share) * 100 / max(1, quantile(right, share))
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}

/// A thread that does nothing but wait for instants and say how late it woke.
private final class BareTimer: Sendable {
    private struct State {
        var due: Instant?
        var lateness: Instant.Span?
        var isStopping = false
    }

    private let state = Mutex(State())
    private let order: Wakeup
    private let answer: Wakeup
    private let thread = Mutex<NamedThread?>(nil)

    init(realtimePriority: Int32) throws {
        order = try Wakeup()
        answer = try Wakeup()
        let started = NamedThread.start("bare timer", realtimePriority: realtimePriority) { [self] in run() }
        thread.withLock { $0 = started }
    }

    var isRealtime: Bool { thread.withLock { $0?.isRealtime ?? false } }

    /// Waits for `due` on the thread and returns how late it was awake.
    func lateness(of due: Instant) -> Instant.Span {
        state.withLock { $0.due = due }
        order.signal()
        _ = Poll.wait([(answer.descriptor, .readable)], until: nil)
        answer.drain()
        return state.withLock { $0.lateness ?? .zero }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        order.signal()
        thread.withLock { $0 }?.join()
    }

    private func run() {
        while true {
            _ = Poll.wait([(order.descriptor, .readable)], until: nil)
            order.drain()
            let (due, isStopping) = state.withLock { ($0.due, $0.isStopping) }
            if isStopping { return }
            guard let due else { continue }
            // The actuator's wait: a poll that an order could end.
            _ = Poll.wait([(order.descriptor, .readable)], until: due)
            let awake = MonotonicClock.now()
            state.withLock { $0.lateness = awake - due }
            answer.signal()
        }
    }
}
