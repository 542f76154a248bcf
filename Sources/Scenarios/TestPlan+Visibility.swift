import Bus
import Catalogue
import Rigs
import Systems

extension TestPlan {
    /// The line's witness.
    var witness: RigLine.Attachment? { line.attachments(.witness).first }

    /// What this scenario's checkers ask of a witness that the line's cannot see; none when it sees all of it.
    var visibilityLacks: [String] {
        guard let witness else { return [] }
        let sees = witness.visibility
        var wanted: [String] = []
        if sees.ownFrames == .early {
            wanted.append("tells a frame when it is on the line, and not when a router passes it on")
        }
        let steps = variant.steps
        let leavings = steps.compactMap(\.telegramLeft)
        if !sees.showsAcknowledges,
            variant.load != nil || leavings.contains(.unacknowledged)
                || steps.contains(where: { $0.action == .starveLine })
        {
            wanted.append("shows acknowledges")
        }
        if !sees.showsBadFrames, leavings.contains(.truncated) || steps.contains(where: { $0.action == .sendMalformed })
        {
            wanted.append("shows bad frames")
        }
        if witness.transceiver == nil, steps.contains(where: { $0.chipsSilent != nil || $0.action == .dipLineSupply }) {
            wanted.append("loses the line's voltage with the line (a transceiver: driver 'tpuart' or 'ncn5120')")
        }
        guard !wanted.isEmpty else { return [] }
        return [
            "a witness that \(wanted.joined(separator: ", that ")): the one with the driver '\(witness.driver)' does not"
        ]
    }

    /// What this scenario's checkers look at and the profile does not declare: a checker with nothing to look at would always pass.
    var declarationLacks: [String] {
        let wanted: [(checker: String, what: String, isThere: Bool)] = [
            ("no-errors", "'command' or 'mutation'", system.command != nil || system.mutation != nil),
            ("healthy", "'health'", system.health != nil),
            ("available", "a view that is polled, not streaming,", system.views.contains { !$0.isStreaming }),
        ]
        return wanted.filter { wanted in
            !wanted.isThere && variant.expectations.contains { $0.checker == wanted.checker }
        }.map { "\($0.what) in the system profile, for the checker '\($0.checker)'" }
    }
}
