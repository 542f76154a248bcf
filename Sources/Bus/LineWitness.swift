/// Whatever hears a line for the rig and never sends on it. What one of its kind can see its `VisibilityClass` says.
public protocol LineWitness: Sendable {
    /// True while it hears the line as far as anybody can know.
    var isArmed: Bool { get }
    /// Ends it; its last events have been delivered when this returns.
    func stop()
}

extension TPUARTWitness: LineWitness {}
extension KNXnetIPWitness: LineWitness {}
extension KnxdWitness: LineWitness {}
