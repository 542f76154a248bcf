import Events
import Platform
import Synchronization

/// What other threads say to the thread that keeps the lines, and what it tells them about itself.
final class LineInbox: Sendable {
    enum Message: Sendable {
        case board(String, channel: Int, isEnergised: Bool, at: Instant)
        /// The wire of a contact goes to another place.
        case rewire(String, TwinConfiguration.WiredChannel, at: Instant)
        /// Cuts or connects a feed past all boards.
        case feed(TwinConfiguration.Feed, isConnected: Bool, at: Instant)
        /// Gives the contact in a line's feed a timing of its own.
        case contact(line: Int, SupplyContact)
        /// What is wrong with a chip from now on.
        case faults(line: Int, chip: Int, ChipFaults)
        /// The wires of a line touch, or no longer.
        case short(line: Int, Bool, at: Instant)
        /// A telegram of a device that its behaviour would not send.
        case send(line: Int, device: Int, Transmission)
        /// A telegram of a KNXnet/IP interface, and what it acknowledges from now on.
        case transmit(line: Int, interface: Int, Transmission)
        case attitude(line: Int, interface: Int, LineTap.Attitude)
        case stop
    }

    let wakeup: Wakeup
    let punctuality = Mutex(Punctuality())
    private let messages = Mutex<[Message]>([])

    init() throws(SystemFailure) {
        wakeup = try Wakeup()
    }

    func post(_ message: Message) {
        messages.withLock { $0.append(message) }
        wakeup.signal()
    }

    func take() -> [Message] {
        wakeup.drain()
        return messages.withLock { messages in
            defer { messages.removeAll(keepingCapacity: true) }
            return messages
        }
    }
}
