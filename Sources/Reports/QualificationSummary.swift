public import Checkers

/// What a person at a terminal reads of a calibration: whether the rig is qualified, and if not, every reason.
public enum QualificationSummary {
    public static func text(_ qualification: Qualification) -> String {
        let clean = qualification.clean
        let null = qualification.null
        var lines = [
            "\(qualification.isQualified ? "QUALIFIED" : "NOT QUALIFIED")  clean runs \(clean.good) of \(clean.of), sabotages caught "
                + "\(qualification.caught) of \(qualification.sabotages.count), null runs without alarm \(null.good) of \(null.of)"
        ]
        for scenario in qualification.scenarios {
            let name = "\(scenario.id)/\(scenario.variant)"
            lines += scenario.clean.bad.map { "  \(name): a clean run did not pass: \($0)" }
            for sabotage in scenario.sabotages where !sabotage.isCaught {
                lines.append(
                    "  \(name) without \(sabotage.protection): \(sabotage.outcome == .fail ? "failed for another reason" : "not caught") "
                        + "(\(sabotage.outcome.rawValue)): \(sabotage.sentence)")
            }
            lines += scenario.null.bad.map { "  \(name): a null run raised an alarm: \($0)" }
            if scenario.sabotages.isEmpty {
                lines.append("  \(name): no sabotage, no qualification: nothing shows that it can fail")
            }
        }
        if null.of == 0 { lines.append("  there was no null run") }
        return (lines + byProtection(qualification) + byBystanders(qualification)).map { $0 + "\n" }.joined()
    }

    /// Which scenarios caught the same protection missing, where several were asked: a protection that many miss is what most depends on.
    private static func byProtection(_ qualification: Qualification) -> [String] {
        var names: [String] = []
        var caught: [String: [String]] = [:]
        var asked: [String: Int] = [:]
        for scenario in qualification.scenarios {
            for sabotage in scenario.sabotages {
                if asked[sabotage.protection] == nil { names.append(sabotage.protection) }
                asked[sabotage.protection, default: 0] += 1
                if sabotage.isCaught {
                    caught[sabotage.protection, default: []].append("\(scenario.id)/\(scenario.variant)")
                }
            }
        }
        return names.filter { asked[$0, default: 0] > 1 }.map {
            "  without \($0): \(caught[$0, default: []].count) of \(asked[$0, default: 0]) caught it: "
                + caught[$0, default: ["none"]].joined(separator: ", ")
        }
    }

    /// Which scenarios that do not name a protection failed without it all the same. What was no verdict is not counted as one.
    private static func byBystanders(_ qualification: Qualification) -> [String] {
        var seen: Set<String> = []
        let names = qualification.bystanders.map(\.protection).filter { seen.insert($0).inserted }
        return names.map { name in
            let asked = qualification.bystanders.filter { $0.protection == name }
            let failed = asked.filter { $0.outcome == .fail }.map { "\($0.scenario)/\($0.variant)" }
            let unclear = asked.filter { $0.outcome != .fail && $0.outcome != .pass }.map {
                "\($0.scenario)/\($0.variant) (\($0.outcome.rawValue))"
            }
            return "  without \(name), \(failed.count) of \(asked.count) others failed"
                + (failed.isEmpty ? "" : ": " + failed.joined(separator: ", "))
                + (unclear.isEmpty ? "" : "; no verdict: " + unclear.joined(separator: ", "))
        }
    }
}
