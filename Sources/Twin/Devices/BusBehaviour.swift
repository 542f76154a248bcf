/// What an output does when the bus fails and when it is back, as actuators have it among their parameters (a choice of the manufacturers; the terms are
/// those of their parameter dialogs).
public struct BusBehaviour: Hashable, Sendable {
    /// Done when the logic of the device dies, with what energy is left.
    public enum Failure: String, CaseIterable, Sendable {
        case unchanged, on, off
    }

    /// Done when the device works again.
    public enum Return: String, CaseIterable, Sendable {
        case unchanged, on, off
        /// The value that it had before the failure.
        case before
        /// The other value than before: a change while the line is dead.
        case toggled = "toggle"
    }

    public var onFailure: Failure
    public var onReturn: Return
    /// Whether it sends its status when it is back; silent where not.
    public var sendsStatus: Bool
    /// From working again to its first telegram of its own accord: devices of one line are given different ones, so that they don't all speak at once.
    public var sendDelayNanoseconds: Int64

    public init(
        onFailure: Failure = .unchanged, onReturn: Return = .unchanged, sendsStatus: Bool = false,
        sendDelayNanoseconds: Int64 = 0
    ) {
        precondition(sendDelayNanoseconds >= 0, "a device sends after it has come back")
        self.onFailure = onFailure
        self.onReturn = onReturn
        self.sendsStatus = sendsStatus
        self.sendDelayNanoseconds = sendDelayNanoseconds
    }

    /// The level, 0…255, that an output goes to when the bus fails.
    func level(afterFailureAt level: UInt8) -> UInt8 {
        // The contact turns while nobody looks.
        if onReturn == .toggled { return level == 0 ? 255 : 0 }
        return switch onFailure {
        case .unchanged: level
        case .on: 255
        case .off: 0
        }
    }

    /// The level that it goes to when the bus is back.
    ///
    /// - Parameter before: its level when the bus failed.
    func level(afterReturnAt level: UInt8, before: UInt8) -> UInt8 {
        switch onReturn {
        case .unchanged, .toggled: level
        case .on: 255
        case .off: 0
        case .before: before
        }
    }
}
