import Documents
import Events
import Glibc
import Rigs

extension Command {
    static let rigCommands: [Command] = [rigDiscover, rigCheck, rigSafe, rigChannels, rigCycle]

    private static let rigSafe = Command(
        name: "rig safe", summary: "Turn all coils of a rig's boards off and read them back, without a run",
        options: [
            .value("--rig", "FILE", "the rig file (default: twin)"), data,
            .value("--usbip", "HOST:PORT", "where boards with the transport usbip are"), .flag("--json", "print JSON"),
        ],
        examples: ["knxrig rig safe --rig bench.yaml"],
        notes: """
            What must stay powered runs through normally closed contacts, so with all coils off everything is powered. Exit status 3 when a board did not
            confirm it, or a run has it. A mark of an unsafe rig stays: `knxrig rig check` clears it.
            """
    ) { arguments in
        try arguments.refuseOperands()
        let path = try dataDirectories(arguments).find(arguments.value("--rig") ?? "twin", folder: "")
        let access = try arguments.usbip().map { BoardAccess(usbipHost: $0.host, usbipPort: $0.port) } ?? BoardAccess()
        let outcomes = try Rig(path: path).commandSafeState(access, holder: "knxrig rig safe, process \(getpid())")
        if arguments.has("--json") {
            Terminal.output(JSON.text(["boards": .list(outcomes.map(\.value))]) + "\n")
        } else {
            for outcome in outcomes { Terminal.output(outcome.text + "\n") }
        }
        return outcomes.allSatisfy { $0.readback != .failed } ? .pass : .invalid
    }
}
