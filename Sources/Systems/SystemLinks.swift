import Documents
import Events
import Platform

/// The links inside a system in which the rig stands for one run.
final class SystemLinks: Sendable {
    private let gates: [(gate: Gate, question: SystemProfile.Link.Question)]

    /// Makes the gates, closed.
    ///
    /// - Parameter asked: the links that the run stands in.
    /// - Parameter substitution: with `gate.ID` of each, as `put` has it.
    init(
        _ links: [SystemProfile.Link], asked: Set<String>, substitution: Substitution, network: Int32,
        sink: @escaping EventSink
    ) throws(SystemFault) {
        var gates: [(gate: Gate, question: SystemProfile.Link.Question)] = []
        for link in links where asked.contains(link.id) {
            do {
                let entrance = substitution["gate." + link.id] ?? ""
                let service = try Self.filled(link.behind, substitution)
                let end = service.port == nil ? .unix(entrance) : UInt16(entrance).map { LinkEnd.tcp($0) }
                guard let end else { throw SystemFault("the gate '\(link.id)' has no port") }
                let gate = try Gate(
                    id: link.id, entrance: end, service: service, inNetworkOf: network, sink: sink)
                gates.append((gate, link.question))
            } catch {
                for (gate, _) in gates { gate.stop() }
                throw SystemFault("the gate '\(link.id)' could not be made: \(error)")
            }
        }
        self.gates = gates
    }

    /// Gives every `${gate.ID}` its meaning: until here it is a port for a gate that may be put in the link.
    ///
    /// - Parameter directory: where the sockets of gates lie.
    static func put(
        _ links: [SystemProfile.Link], asked: Set<String>, below directory: String,
        into substitution: inout Substitution
    ) throws(DocumentFailure) {
        for link in links {
            let behind = try filled(link.behind, substitution)
            let name = "gate." + link.id
            switch behind {
            case .tcp(let port): if !asked.contains(link.id) { substitution[name] = String(port) }
            case .unix(let path):
                substitution[name] = asked.contains(link.id) ? "\(directory)/\(link.id).sock" : path
            }
        }
    }

    private static func filled(
        _ end: SystemProfile.Link.End, _ substitution: Substitution
    ) throws(DocumentFailure) -> LinkEnd {
        switch end {
        case .tcp(let port): .tcp(try port.port(by: substitution))
        case .unix(let path): .unix(try path.filled(by: substitution))
        }
    }

    /// One for each gate.
    func probes(sink: @escaping EventSink) -> [GateProbe] {
        gates.map { gate, question in
            GateProbe(gate: gate.id, ends: (gate.entrance, gate.service), source: "link-probe", sink: sink) {
                LinkQuestion.answer(question, at: $0, until: $1)
            }
        }
    }

    func gate(_ id: String) -> Gate? { gates.first { $0.gate.id == id }?.gate }

    func open() throws(SystemFault) {
        for (gate, _) in gates {
            do throws(SystemFailure) { try gate.open() } catch {
                throw SystemFault("the gate \(gate.id) did not open: \(error)")
            }
        }
    }

    func stop() { for (gate, _) in gates { gate.stop() } }
}
