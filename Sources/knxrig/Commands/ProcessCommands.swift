import Platform
import Scenarios
import Systems

extension Command {
    static let run = Command(name: "run", summary: "Make one run for `knxrig test`", isInternal: true) { _ in
        guard let lifeline = Lifeline.inherited() else { throw UsageFailure("a run is started by `knxrig test`") }
        return ExitStatus(rawValue: Worker.run(program: Program.path, version: KnxRig.version, lifeline: lifeline))
            ?? .error
    }

    static let host = Command(
        name: "host", summary: "Be the first process of a system's namespaces", operands: "[without-namespaces]",
        isInternal: true
    ) { arguments in
        guard let lifeline = Lifeline.inherited() else { throw UsageFailure("a host is started by a run") }
        return ExitStatus(rawValue: HostBody.run(lifeline: lifeline, isApart: arguments.operands.isEmpty)) ?? .error
    }
}

extension Command {
    static let holdDatabase = Command(
        name: "hold-database", summary: "Hold the lock of an SQLite database for a run", operands: "PATH",
        isInternal: true
    ) { arguments in
        guard let lifeline = Lifeline.inherited(), let path = arguments.operands.first else {
            throw UsageFailure("what holds a lock is started by a run")
        }
        return ExitStatus(rawValue: DatabaseLockHolder.run(path: path, lifeline: lifeline)) ?? .error
    }
}
