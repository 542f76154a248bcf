import Platform
import Scenarios
import Systems

extension Command {
    static let run = Command(name: "run", summary: "Make one run for `knxrig test`", isInternal: true) { _ in
        guard let lifeline = Lifeline.inherited() else { throw UsageFailure("a run is started by `knxrig test`") }
        return ExitStatus(rawValue: Worker.run(program: Program.path, version: KnxRig.version, lifeline: lifeline))
            ?? .error
    }

    static let host = Command(name: "host", summary: "Be the first process of a system's namespaces", isInternal: true)
    { _ in
        guard let lifeline = Lifeline.inherited() else { throw UsageFailure("a host is started by a run") }
        return ExitStatus(rawValue: HostBody.run(lifeline: lifeline)) ?? .error
    }
}
