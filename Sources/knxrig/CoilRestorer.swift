import Events
import Platform
import Relays
import Rigs

/// A process beside `relay cycle` that turns the coil back should the command die, or not get it back itself.
struct CoilRestorer {
    private static let patience = Instant.Span.seconds(5)

    private let lifeline: RecordChannel
    private let process: ChildProcess

    /// Starts it, and returns once it is there.
    ///
    /// - Parameter words: the command line that has it open the board and turn the coil back.
    init(_ words: [String]) throws {
        let (near, far) = try Socket.pair()
        var request = ChildProcess.Request(path: Program.path, arguments: ["relay-restore"] + words)
        request.descriptors = [(Lifeline.childDescriptorNumber, far)]
        request.newSession = true
        process = try ChildProcess.spawn(request)
        far.close()
        lifeline = RecordChannel(near)
        guard case .record = try lifeline.receive(until: MonotonicClock.now() + Self.patience) else {
            throw RelayFailure.system("nobody could be started who would turn the coil back: nothing was switched")
        }
    }

    /// The coil is back: there is nothing to do any more.
    func dismiss() {
        try? lifeline.send(["farewell": true])
        _ = process.wait(until: MonotonicClock.now() + .seconds(2))
    }

    /// In that process: waits for the end of the command, and does its last step unless it was done.
    static func run(_ lifeline: RecordChannel, restore: () throws -> Void) -> ExitStatus {
        try? lifeline.send(["ready": true])
        while case .record(let value)? = try? lifeline.receive() {
            if value["farewell"]?.bool == true { return .pass }
        }
        let deadline = MonotonicClock.now() + patience
        while true {
            do {
                // The command's board and lock may be given back a moment after its lifeline.
                try restore()
                return .pass
            } catch {
                guard MonotonicClock.now() < deadline else {
                    Terminal.error("knxrig: the coil could not be turned back: \(error)\n")
                    return .invalid
                }
                MonotonicClock.sleep(for: .milliseconds(20))
            }
        }
    }
}
