import Documents
import Events
import Glibc
import Platform
import Rigs

/// What is asked of an installed keeper.
extension Command {
    private static let keptRig = Option.value(
        "--rig", "NAME", "which keeper, by the name in knxrig-keeper@NAME (default: bench)")
    private static let keptSocket = Option.value("--socket", "PATH", "where it listens, instead of its unit's place")

    static let rigChannels = Command(
        name: "rig channels", summary: "List what an installed keeper holds, and what each channel is in",
        options: [keptRig, keptSocket, .flag("--json", "print JSON")],
        examples: ["knxrig rig channels", "knxrig rig channels --rig cellar --json"],
        notes:
            "The keeper is a service: scripts/install brings its unit. Members of the group knxrig may ask it; nobody has to be root."
    ) { arguments in
        try arguments.refuseOperands()
        return try withKeeper(arguments) { keeper in
            let listed = try keeper.list()
            if arguments.has("--json") {
                Terminal.output(JSON.text(listed) + "\n")
            } else {
                for board in listed["boards"]?.list ?? [] {
                    Terminal.output("\(board["id"]?.text ?? ""): \(board["identity"]?.text ?? "")\n")
                    for channel in board["channels"]?.list ?? [] {
                        Terminal.output(
                            "    \(channel["number"]?.integer ?? 0) \(channel["id"]?.text ?? "") feeds \(channel["feeds"]?.text ?? ""): "
                                + "\(channel["is"]?.text ?? "unknown")\n")
                    }
                }
            }
            return .pass
        }
    }

    static let rigCycle = Command(
        name: "rig cycle", summary: "Have an installed keeper cut a channel for a time", operands: "CHANNEL",
        options: [keptRig, keptSocket, .value("--milliseconds", "N", "how long (default: 1000)")],
        examples: ["knxrig rig cycle bus-power", "knxrig rig cycle bus-power --milliseconds 5000"],
        notes:
            "Interlocks, dwell and the longest cut of the rig file hold. Whatever ends this command, the keeper powers the channel."
    ) { arguments in
        guard arguments.operands.count == 1 else {
            throw UsageFailure("one channel is needed, by its id in the rig file")
        }
        let channel = arguments.operands[0]
        let duration = try arguments.integer("--milliseconds", 10...3_600_000, default: 1_000)
        let signals = try Signals.descriptor(for: [SIGINT, SIGTERM, SIGHUP])
        return try withKeeper(arguments) { keeper in
            let cut = try keeper.set(channel: channel, meaning: "cut", due: MonotonicClock.now(), purpose: "by hand")
            Terminal.output("\(channel) \(cut.meaning) (\(cut.readback.rawValue))\n")
            let ready = Poll.wait([(signals, .readable)], until: MonotonicClock.now() + .milliseconds(Int64(duration)))
            let powered = try keeper.set(
                channel: channel, meaning: "powered", due: MonotonicClock.now(), purpose: "by hand")
            Terminal.output("\(channel) \(powered.meaning) (\(powered.readback.rawValue))\n")
            guard ready[0].isEmpty else { return .aborted }
            return cut.readback == .failed || powered.readback == .failed ? .invalid : .pass
        }
    }

    private static func withKeeper(
        _ arguments: Arguments, _ body: (KeeperClient) throws -> ExitStatus
    ) throws -> ExitStatus {
        let socket =
            arguments.value("--socket") ?? KeeperClient.installedSocket(rig: arguments.value("--rig") ?? "bench")
        do {
            let keeper = try KeeperClient(joining: socket, rigFile: nil, run: "knxrig rig, by hand") { push in
                if case .tripped(let reason) = push { Terminal.error("knxrig: \(reason)\n") }
            }
            let status = Result { try body(keeper) }
            let isSafe = keeper.bye()
            if !isSafe { Terminal.error("knxrig: the keeper did not confirm the safe state: look at its journal\n") }
            return isSafe ? try status.get() : .invalid
        } catch let failure as KeeperFailure {
            Terminal.error("knxrig: \(failure)\n")
            return failure.kind == .input ? .usage : .invalid
        }
    }
}
