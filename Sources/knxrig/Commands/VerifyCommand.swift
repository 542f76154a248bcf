import Checkers
import Evidence
import Platform
import Scenarios

extension Command {
    static let verify = Command(
        name: "verify", summary: "Check a run's evidence and judge it again", operands: "RUN…",
        examples: ["knxrig verify knxrig-runs/20261126T221530Z/HW-1/cut-20s/001"],
        notes: """
            RUN is the directory of a run, or its evidence.jsonl. Exit status: 0 intact and the same verdict, 1 altered or another verdict, 2 not a
            run, 5 torn or without a seal with the part before intact.
            """
    ) { arguments in
        guard !arguments.operands.isEmpty else {
            throw UsageFailure("name a run: the directory that holds its evidence.jsonl")
        }
        var worst = ExitStatus.pass
        for path in arguments.operands {
            let status = verify(path)
            if severity(status) > severity(worst) { worst = status }
        }
        return worst
    }

    private static func severity(_ status: ExitStatus) -> Int {
        switch status {
        case .pass: 0
        case .error: 1
        case .usage: 2
        default: 3
        }
    }

    private static func verify(_ path: String) -> ExitStatus {
        let verification: Verification
        do {
            verification = try Verification(path: path)
        } catch {
            Terminal.error("knxrig: \(path) is no run: \(error)\n")
            return .usage
        }
        switch verification.integrity {
        case .altered:
            Terminal.output("\(path): altered: \(verification.integrity)\n")
            return .fail
        case .torn, .unsealed:
            guard verification.reason == nil else {
                Terminal.error("knxrig: \(path) is no run: \(verification.reason ?? "")\n")
                return .usage
            }
            let verdict =
                verification.recomputed.map { "; as far as it goes: \($0.outcome.rawValue), \($0.sentence)" } ?? ""
            Terminal.output("\(path): \(verification.integrity)\(verdict)\n")
            return .error
        case .intact:
            guard let sealed = verification.sealed, let recomputed = verification.recomputed else {
                Terminal.error("knxrig: \(path) is no run: \(verification.reason ?? "it holds no verdict")\n")
                return .usage
            }
            if verification.agrees {
                let versions =
                    sealed.checkerVersion == recomputed.checkerVersion
                    ? "" : " by checkers \(recomputed.checkerVersion) as by \(sealed.checkerVersion)"
                Terminal.output(
                    "\(path): intact, same verdict\(versions): \(sealed.outcome.rawValue), \(sealed.sentence)\n")
                return .pass
            }
            Terminal.output(
                """
                \(path): intact, another verdict: \(verification.differences.joined(separator: ", "))
                  sealed by checkers \(sealed.checkerVersion): \(sealed.outcome.rawValue), \(sealed.sentence)
                  now by checkers \(recomputed.checkerVersion): \(recomputed.outcome.rawValue), \(recomputed.sentence)

                """)
            return .fail
        }
    }
}
