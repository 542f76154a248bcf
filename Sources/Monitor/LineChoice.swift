public import Bus
public import Documents
public import Rigs

/// One line of a rig with the witness that hears it, before anything is opened.
public struct LineChoice: Sendable {
    public let rig: Rig
    public let line: RigLine
    let witness: RigLine.Attachment
    private let traffic: LiveLine.Traffic

    /// - Parameters:
    ///   - id: one of the rig's lines; nil for the first.
    ///   - traffic: what is to be sent on it, where it is a twin's.
    public init(_ rig: Rig, line id: String?, traffic: LiveLine.Traffic) throws(DocumentFailure) {
        func failure(_ message: String) -> DocumentFailure {
            DocumentFailure(file: rig.file, position: nil, message: message)
        }
        let found = id == nil ? rig.lines.first : rig.lines.first { $0.id == id }
        guard let line = found else {
            let known = rig.lines.map(\.id)
            throw failure(
                "there is no line '\(id ?? "")'; it has \(known.joined(separator: ", "))"
                    + Nearest.suggestion(for: id ?? "", among: known))
        }
        guard let witness = line.attachments(.witness).first else {
            throw failure("line '\(line.id)' has no witness: nothing hears it")
        }
        if case .load(100) = traffic, line.attachments(.stimulus).contains(where: { $0.loadAddress == nil }) {
            throw failure("a load of 100 % needs a 'load_address' at each stimulus of line '\(line.id)'")
        }
        self.rig = rig
        self.traffic = traffic
        self.line = line
        self.witness = witness
    }

    /// The name of the rig and of the line.
    public var name: String { "\(rig.name) \(line.id)" }

    /// What the witness can see.
    public var visibility: VisibilityClass { witness.visibility }

    /// Nothing is on the line but tracers of ours.
    public var isEveryTelegramCounted: Bool {
        guard rig.kind == .twin, case .load(let percent) = traffic else { return false }
        return percent > 0
    }

    /// How the frames' interface is called in a capture.
    public var interface: String { "\(line.id) (witness)" }
}
