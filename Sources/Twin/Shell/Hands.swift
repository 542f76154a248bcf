import Events
import Glibc
import Platform
import Synchronization

/// What a person could do at a bench with their hands: pull the relay board's plug and put it back, hold a stranger's device to the line. JSON lines
/// over the Unix socket `<directory>/hands`, one answer each:
///
/// - `{"unplug":"BOARD"}` and `{"plug":"BOARD"}`
/// - `{"send":{"line":"LINE","octets":"bc…"}}`: a whole frame with its check octet, from whatever address it says
///
/// The answer is `{"done":true}` or `{"refused":"why"}`. A rig never uses this; tests of the rig do, and people who play with a twin.
final class Hands: Sendable {
    /// The device that a stranger's telegrams are sent from.
    static let visitor = "visitor"

    private let path: String
    private let listener: Descriptor
    private let wakeup: Wakeup
    private let thread = Mutex<NamedThread?>(nil)

    init(
        directory: String, configuration: TwinConfiguration, shell: TwinShell, boards: USBIPServer
    ) throws(SystemFailure) {
        path = directory + "/hands"
        listener = try Socket.listenUnix(path: path)
        wakeup = try Wakeup()
        let act: @Sendable (Value) -> Value = { request in
            let known = configuration.boards.map(\.id)
            if let board = request["unplug"]?.text ?? request["plug"]?.text {
                guard known.contains(board) else { return ["refused": .text("there is no board '\(board)'")] }
                if request["unplug"] != nil { boards.unplug(board) } else { boards.plug(board) }
                return ["done": true]
            }
            guard let line = request["send"]?["line"]?.text, let octets = request["send"]?["octets"]?.octets,
                !octets.isEmpty, configuration.lines.contains(where: { $0.id == line })
            else { return ["refused": "this twin can unplug, plug, or send octets on one of its lines"] }
            shell.send(octets, line: line, device: Hands.visitor)
            return ["done": true]
        }
        let started = NamedThread.start("twin hands") { [listener, wakeup] in
            while true {
                let ready = Poll.wait([(wakeup.descriptor, .readable), (listener, .readable)], until: nil)
                if !ready[0].isEmpty { return }
                guard let connection = try? Socket.accept(listener, until: MonotonicClock.now()) else { continue }
                let channel = RecordChannel(connection)
                // One at a time: a bench has one person. Whoever is silent for two seconds is not at it any more.
                while case .record(let request)? = try? channel.receive(until: MonotonicClock.now() + .seconds(2)) {
                    try? channel.send(act(request))
                }
            }
        }
        thread.withLock { $0 = started }
    }

    func stop() {
        wakeup.signal()
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
        listener.close()
        unsafe unlink(path)
    }
}
