import Events
import Platform

/// The place of the guardian beside its keeper: somebody is to stand there all the time. Who dies is followed by another one, and nothing is to be cut
/// until that one has said that it is armed.
struct GuardianPost {
    enum Change: Equatable {
        /// It answers: from now on the keeper may die.
        case armed
        /// It is gone. Whether it was armed before.
        case died(wasArmed: Bool)
    }

    /// How soon after one that was never armed, or could not be started, another one is.
    private static let pause = Instant.Span.milliseconds(500)

    private let program: String
    private let arguments: [String]
    private var standing: (process: ChildProcess, channel: RecordChannel)?
    /// Those that have died and not been waited for.
    private var departed: [ChildProcess] = []
    private(set) var isArmed = false
    /// When another one is to be started; nil while one is there.
    private(set) var nextStart: Instant?

    /// Starts the first one.
    ///
    /// - Parameter arguments: the keeper's own.
    init(program: String, arguments: [String]) throws(SystemFailure) {
        self.program = program
        self.arguments = ["guardian"] + arguments
        try start()
    }

    /// Readable when `take` has something to say.
    var descriptor: Descriptor? { standing?.channel.descriptor }

    private mutating func start() throws(SystemFailure) {
        let (near, far) = try Socket.pair()
        var request = ChildProcess.Request(path: program, arguments: arguments)
        request.descriptors = [(Lifeline.childDescriptorNumber, far)]
        request.newSession = true
        let process = try ChildProcess.spawn(request)
        far.close()
        let channel = RecordChannel(near)
        standing = (process, channel)
        nextStart = nil
        // Said before it can listen: should the keeper die now, it finds this first and the end behind it. One that has died already is found dead by `take`.
        try? channel.send(["armed": .text(Keeper.holder)])
    }

    /// Starts another one where one is due.
    mutating func fill(at now: Instant) {
        guard let due = nextStart, due <= now else { return }
        departed.removeAll { $0.wait(until: now) != nil }
        do throws(SystemFailure) {
            try start()
        } catch {
            nextStart = now + Self.pause
        }
    }

    /// What became of it; nil when there is nothing new.
    mutating func take(at now: Instant) -> Change? {
        guard let channel = standing?.channel else { return nil }
        switch try? channel.receive(until: now) {
        case .timeout: return nil
        case .record(let value):
            guard value["armed"]?.bool == true, !isArmed else { return nil }
            isArmed = true
            return .armed
        case .end, nil: break
        }
        if let standing { departed.append(standing.process) }
        standing = nil
        defer { isArmed = false }
        nextStart = isArmed ? now : now + Self.pause
        return .died(wasArmed: isArmed)
    }

    /// Sends it home: the keeper ends in order.
    func dismiss() {
        guard let standing else { return }
        try? standing.channel.send(["farewell": true])
        _ = standing.process.wait(until: MonotonicClock.now() + .seconds(2))
    }
}
