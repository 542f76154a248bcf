import Synchronization
import USB

/// Driver of Velleman's K8055 and VM110 (10cf:5500 to 5503, by their jumpers): eight digital outputs.
///
/// | what | interrupt OUT, 8 octets |
/// |---|---|
/// | begin | `00`: all off |
/// | set | `05`, bit k−1 = output k, two analogue outputs, NULs |
///
/// Outputs can't be read, and go all at once: each command is assumed, and the first one after opening begins with all others off, whatever an earlier
/// program left. There is no serial. The kernel's comedi driver takes the board and resets it, so the interface is held while it is open.
final class K8055: USBBoardLanguage {
    static let driver = RelayBoardDriver(
        name: "k8055", recognises: { $0.vendor == 0x10CF && (0x5500...0x5503).contains($0.product) },
        language: { facts in facts.endpoint(.out, of: 0).map(K8055.init) })

    private let outputs: UInt8
    private let hasBegun = Mutex(false)

    private init(endpoint: UInt8) { outputs = endpoint }

    var channelCount: Int { 8 }
    var claim: USBBoardClaim { .whileOpen(0) }

    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure) {
        var wanted = assumed
        wanted[channel - 1] = energised
        try write(wanted.enumerated().reduce(0) { $0 | ($1.element ? 1 << UInt8($1.offset) : 0) }, device)
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) { try write(0, device) }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? { nil }

    private func write(_ octet: UInt8, _ device: any USBDevice) throws(TransportFailure) {
        if !hasBegun.withLock({ $0 }) {
            try send([0x00], device)
            hasBegun.withLock { $0 = true }
        }
        try send([0x05, octet], device)
    }

    private func send(_ head: [UInt8], _ device: any USBDevice) throws(TransportFailure) {
        try device.send(
            head + [UInt8](repeating: 0, count: 8 - head.count), to: outputs,
            timeoutMilliseconds: USBBoard.timeoutMilliseconds)
    }
}
