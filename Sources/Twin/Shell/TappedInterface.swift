/// An interface whose line side is a tap: what is behind it runs on a thread of its own. The line's thread tells it what happens and never waits.
protocol TappedInterface: Sendable {
    /// `<line>/<interface>`.
    var name: String { get }
    /// Where it belongs: indices of the line, and of the tap on it.
    var line: Int { get }
    var index: Int { get }

    func happened(_ event: LineTap.Event)
    /// What joins it to its host or network is put in or pulled out.
    func connect(_ isConnected: Bool)
}

extension IPInterfaceShell: TappedInterface {
    func happened(_ event: LineTap.Event) { post(.line(event)) }
    func connect(_ isConnected: Bool) { post(.cable(isConnected: isConnected)) }
}
