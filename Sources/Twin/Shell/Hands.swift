import Events
import Glibc
import Platform
import Synchronization

/// What a person could do at a bench with their hands: pull the relay board's plug and put it back, hold a stranger's device to the line. JSON lines
/// over the Unix socket `<directory>/hands`, one answer each:
///
/// - `{"unplug":"BOARD"}` and `{"plug":"BOARD"}`, and of a KNX USB interface `{"unplug":"LINE/INTERFACE"}`
/// - `{"send":{"line":"LINE","octets":"bc…"}}`: a whole frame with its check octet, from whatever address it says
/// - `{"wire":{"board":"BOARD","channel":1,"feeds":"main","contact":"NO"}}`: the wire of that channel goes to another place: `LINE`, `LINE/ATTACHMENT`,
///   `nothing`
/// - `{"disturb":{"interface":"main/ip","silent":true}}`: what is wrong with a KNXnet/IP interface from now on; what is not named is right:
///   `silent`, `acknowledge_delay` (ms), `acknowledges_lost`, `confirms_nothing`, `confirms_wrongly`, `indication_copies`, `keeps_slots`; with a
///   KNX USB interface: `silent`, `hung`, `stalling`, `vanishes_after_reports`, `confirms_nothing`, `confirms_wrongly`, `reports_lost`,
///   `report_delay` (ms)
/// - `{"disturb":{"chip":"main/sut","deaf":true}}`: the same with a transceiver: `silent`, `confirms_nothing`, `confirms_wrongly`,
///   `confirmation_delay` (ms), `deaf`, `busy`, `hot`
/// - `{"short":{"line":"main","shorted":true}}`: the wires of a line touch, or no longer
/// - `{"break":{"board":"BOARD","channel":1,"as":"stuck"}}`: its contact stays where it is (`stuck`), its coil does (`deaf`), or it is sound again (`sound`)
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
            let known =
                configuration.boards.map { (name: $0.id, device: $0.id) }
                + shell.usbInterfaces.map { (name: $0.name, device: $0.device) }
            if let name = request["unplug"]?.text ?? request["plug"]?.text {
                guard let device = known.first(where: { $0.name == name })?.device else {
                    return ["refused": .text("there is no board '\(name)'")]
                }
                if request["unplug"] != nil { boards.unplug(device) } else { boards.plug(device) }
                return ["done": true]
            }
            if let wire = request["wire"] { return Hands.wire(wire, configuration, shell) }
            if let disturbance = request["disturb"] { return Hands.disturb(disturbance, shell) }
            if let wish = request["short"] {
                guard let line = wish["line"]?.text, let isShorted = wish["shorted"]?.bool,
                    configuration.lines.contains(where: { $0.id == line })
                else { return ["refused": "short names a line, and whether it is shorted"] }
                shell.short(isShorted, line: line)
                return ["done": true]
            }
            if let damage = request["break"] { return Hands.damage(damage, configuration, boards) }
            guard let line = request["send"]?["line"]?.text, let octets = request["send"]?["octets"]?.octets,
                !octets.isEmpty, configuration.lines.contains(where: { $0.id == line })
            else {
                return [
                    "refused":
                        "this twin can unplug, plug, wire, break, short, disturb, or send octets on one of its lines"
                ]
            }
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

    private static func wire(_ wire: Value, _ configuration: TwinConfiguration, _ shell: TwinShell) -> Value {
        guard let board = configuration.boards.first(where: { $0.id == wire["board"]?.text }),
            let channel = wire["channel"]?.integer, (1...Int64(board.channels)).contains(channel)
        else { return ["refused": "wire names a board and a channel of it"] }
        guard let text = wire["feeds"]?.text, let feed = configuration.feed(text) else {
            return ["refused": "there is nothing of that name to wire a channel to"]
        }
        shell.rewire(
            board: board.id,
            TwinConfiguration.WiredChannel(
                number: Int(channel), feed: feed, energisedMeansCut: wire["contact"]?.text != "NO"))
        return ["done": true]
    }

    private static func disturb(_ disturbance: Value, _ shell: TwinShell) -> Value {
        if let chip = disturbance["chip"] { return disturb(chip: chip.text ?? "", disturbance, shell) }
        if let name = disturbance["interface"]?.text, shell.usbInterfaces.contains(where: { $0.name == name }) {
            shell.disturb(usbInterface: name, USBInterfaceFaults(disturbance))
            return ["done": true]
        }
        let isTrue = { (key: String) in disturbance[key]?.bool == true }
        let number = { (key: String) in max(0, min(disturbance[key]?.integer ?? 0, 1_000_000)) }
        var faults = IPInterfaceFaults()
        faults.isSilent = isTrue("silent")
        faults.acknowledgeDelay = .milliseconds(number("acknowledge_delay"))
        faults.acknowledgesLost = Int(number("acknowledges_lost"))
        faults.confirmsNothing = isTrue("confirms_nothing")
        faults.confirmsWrongly = isTrue("confirms_wrongly")
        faults.indicationCopies = Int(min(number("indication_copies"), 16))
        faults.keepsSlots = isTrue("keeps_slots")
        guard let name = disturbance["interface"]?.text, shell.disturb(interface: name, faults) else {
            return ["refused": "disturb names a KNXnet/IP or USB interface of this twin, such as main/ip"]
        }
        return ["done": true]
    }

    private static func disturb(chip name: String, _ disturbance: Value, _ shell: TwinShell) -> Value {
        let known = [
            "chip", "silent", "confirms_nothing", "confirms_wrongly", "confirmation_delay", "deaf", "busy", "hot",
        ]
        // A word that is not known would leave a chip sound that somebody believes to be disturbed.
        if let stranger = disturbance.fields?.map(\.key).first(where: { !known.contains($0) }) {
            return [
                "refused": .text(
                    "nothing of a chip is called '\(stranger)': \(known.dropFirst().joined(separator: ", "))")
            ]
        }
        let isTrue = { (key: String) in disturbance[key]?.bool == true }
        var faults = ChipFaults()
        faults.isSilent = isTrue("silent")
        if isTrue("confirms_wrongly") { faults.confirmation = .wrong }
        if isTrue("confirms_nothing") { faults.confirmation = .none }
        faults.confirmationDelay = .milliseconds(
            max(0, min(disturbance["confirmation_delay"]?.integer ?? 0, 1_000_000)))
        faults.isDeaf = isTrue("deaf")
        faults.isStuckBusy = isTrue("busy")
        faults.isHot = isTrue("hot")
        guard shell.disturb(chip: name, faults) else {
            return ["refused": "disturb names a transceiver of this twin, such as main/sut"]
        }
        return ["done": true]
    }

    private static func damage(_ damage: Value, _ configuration: TwinConfiguration, _ boards: USBIPServer) -> Value {
        guard let board = configuration.boards.first(where: { $0.id == damage["board"]?.text }),
            let channel = damage["channel"]?.integer, (1...Int64(board.channels)).contains(channel),
            let kind = damage["as"]?.text, ["stuck", "deaf", "sound"].contains(kind)
        else { return ["refused": "break names a board, a channel of it, and stuck, deaf or sound"] }
        boards.withModel(of: board.id, as: DcttechBoard.self) { model in
            model.faults.stuckContacts.remove(Int(channel))
            model.faults.deafChannels.remove(Int(channel))
            if kind == "stuck" { model.faults.stuckContacts.insert(Int(channel)) }
            if kind == "deaf" { model.faults.deafChannels.insert(Int(channel)) }
        }
        return ["done": true]
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

extension USBInterfaceFaults {
    /// As a person names them; what is not named is right.
    fileprivate init(_ disturbance: Value) {
        func isTrue(_ key: String) -> Bool { disturbance[key]?.bool == true }
        func number(_ key: String) -> Int64? { disturbance[key]?.integer.map { max(0, min($0, 1_000_000)) } }
        self.init()
        isSilent = isTrue("silent")
        isHung = isTrue("hung")
        isStalling = isTrue("stalling")
        vanishesAfterReports = number("vanishes_after_reports").map { max(1, Int($0)) }
        confirmsNothing = isTrue("confirms_nothing")
        confirmsWrongly = isTrue("confirms_wrongly")
        reportsLost = Int(number("reports_lost") ?? 0)
        reportDelay = .milliseconds(number("report_delay") ?? 0)
    }
}
