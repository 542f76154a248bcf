/// Why a transfer, or the way to a device, failed. The sentence names what to look at next; who throws it on adds which board it was.
public enum TransportFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The device refused the request.
    case stall
    /// The device did not answer in this many milliseconds.
    case timedOut(milliseconds: Int)
    /// Fewer octets moved than the transfer needs.
    case shortAnswer(got: Int, wanted: Int)
    /// The device sent more than was asked.
    case overflow
    /// The device is no longer there: what it switched has fallen to its state without power.
    case gone
    /// Another program has the device.
    case busy
    /// The device is there, but this user may not use it; the path is its node.
    case access(node: String)
    /// The bus or the connection failed in the middle of a transfer.
    case io(String)
    /// No device has this path.
    case notFound(path: String)
    /// The USB/IP server, or the USB system itself, can't be reached.
    case unreachable(String)
    /// It was ended before its time, since the safe state was asked for.
    case gaveWay

    /// True where the same transfer may succeed when it is tried again.
    public var isTransient: Bool {
        switch self {
        case .stall, .timedOut, .shortAnswer, .overflow, .io: true
        case .gone, .busy, .access, .notFound, .unreachable, .gaveWay: false
        }
    }

    public var description: String {
        switch self {
        case .stall:
            "it refused the request (STALL): check that it is the board that the rig file names"
        case .timedOut(let milliseconds):
            "it did not answer within \(milliseconds) ms: check its power, then unplug it and plug it in again"
        case .shortAnswer(let got, let wanted):
            "it moved \(got) octets where \(wanted) were due: check the cable and the hub"
        case .overflow:
            "it sent more than was asked: check the cable and the hub"
        case .gone:
            "it is no longer on the bus, so all its relays are off: check its plug, the hub and its supply"
        case .busy:
            "another program has it: end that one (another knxrig, a keeper, a monitor) or choose another board"
        case .access(let node):
            "it is there, but \(node) is not open to this user: install the udev rule scripts/99-knxrig.rules, join the group "
                + "knxrig, and plug it in again"
        case .io(let reason):
            "the transfer failed (\(reason)): check the cable and the hub"
        case .notFound(let path):
            "nothing is plugged in at \(path): 'knxrig relay list' shows what is there"
        case .unreachable(let reason):
            "no way to it (\(reason)): check that the server runs and that host and port are right"
        case .gaveWay:
            "it was left alone, since the safe state was asked for"
        }
    }
}
