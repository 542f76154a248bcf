public import Events
import Synchronization
import USB

/// Driver of the dcttech "USBRelayN" boards (16c0:05df; 1, 2, 4 or 8 relays).
///
/// | what | control transfer | octets |
/// |---|---|---|
/// | set | `21 09 0300 0000 0008` | `ff k` on, `fd k` off, `fc` all off, then NULs up to 8 |
/// | get | `a1 01 0300 0000 0008` | serial (5), `00 00`, bit k−1 = relay k |
/// | look | `a0 01 0300 0000 0008` | the same |
///
/// To look, the device is asked instead of its interface, which the firmware does not tell apart and which needs no claim. A claim each second would take
/// the board's hidraw node from others for a moment each time, and fill the kernel's log with its return.
///
/// The board acknowledges everything, sense or nonsense, so the read-back is the only proof of a command. It tells the coil's driver pin:
/// whether a contact moved takes a witness on the circuit.
public final class Dcttech: RelayBoard {
    public static let driver = RelayBoardDriver(
        name: "dcttech",
        recognises: { device in
            // The ids are V-USB's, shared by many gadgets; the texts decide, on the open device if they are not in the list.
            device.vendor == 0x16C0 && device.product == 0x05DF
                && (device.manufacturer ?? manufacturer) == manufacturer
                && (device.productName.map { relayCount(product: $0) != nil } ?? true)
        },
        open: { transport, path throws(RelayFailure) in try Dcttech(transport, path) })

    private static let manufacturer = "www.dcttech.com"
    /// A low-speed transfer takes a few milliseconds; writing the serial makes the board deaf for about 60.
    private static let timeoutMilliseconds = 100
    private static let tries = 3

    public let identity: BoardIdentity
    public let channelCount: Int
    private let transport: any USBTransport
    private let link: Mutex<Link>

    private struct Link {
        /// The open device, or why there is none.
        var device: Result<any USBDevice, RelayFailure>
        /// Opened anew, it did not say again who it is.
        var isSuspect = false
    }

    private init(_ transport: any USBTransport, _ path: String) throws(RelayFailure) {
        let subject = "dcttech board at \(path) on \(transport.name)"
        let device = try Self.open(transport, path, subject)
        let found: Identification
        do {
            found = try Self.identify(device, path, subject)
        } catch {
            device.close()
            throw error
        }
        self.transport = transport
        channelCount = found.channelCount
        link = Mutex(Link(device: .success(device)))
        identity = BoardIdentity(driver: "dcttech", serial: found.serial, path: path, transport: transport.name)
    }

    public func set(_ channel: Int, energised: Bool) throws(RelayFailure) -> Readback {
        guard (1...channelCount).contains(channel) else {
            throw .noSuchChannel(board: "\(identity)", channel: channel, count: channelCount)
        }
        let states = try exchange([energised ? 0xFF : 0xFD, UInt8(channel)]) { $0[channel - 1] == energised }
        guard states[channel - 1] == energised else {
            throw .notFollowed(board: "\(identity)", channel: channel, wanted: energised, states: states)
        }
        return .confirmed
    }

    public func setAllOff() throws(RelayFailure) -> Readback {
        let states = try exchange([0xFC]) { !$0.contains(true) }
        guard !states.contains(true) else {
            throw .notFollowed(board: "\(identity)", channel: nil, wanted: false, states: states)
        }
        return .confirmed
    }

    public func readAll() throws(RelayFailure) -> [Bool]? {
        try exchange(nil) { _ in true }
    }

    public var isOpen: Bool {
        link.withLock { link in
            if case .success = link.device { true } else { false }
        }
    }

    public func reopen() throws(RelayFailure) {
        close()
        let device = try Self.open(transport, identity.path, "\(identity)")
        do {
            try requireSame(device, "\(identity)")
        } catch {
            device.close()
            throw error
        }
        link.withLock { $0 = Link(device: .success(device)) }
    }

    public func close() { close(because: .transport(board: "\(identity)", .gone)) }

    private func close(because failure: RelayFailure) {
        link.withLock { link in
            if case .success(let device) = link.device { device.close() }
            link = Link(device: .failure(failure))
        }
    }

    /// Opens the board anew that does not answer. Whatever was open until this moment is the same board, so it is kept though it does not say who it is: a
    /// command need not wait for that.
    private func renew() throws(RelayFailure) {
        if Urgency.isPressing { throw .transport(board: "\(identity)", .gaveWay) }
        let subject = "\(identity), opened anew since transfers failed"
        do throws(RelayFailure) {
            // What opening waits for is another program; if it gives way, that is the reason why there is no device.
            close(because: .transport(board: subject, .busy))
            let device = try Self.open(transport, identity.path, subject)
            link.withLock { $0 = Link(device: .success(device), isSuspect: true) }
            try requireSame(device, subject)
            link.withLock { $0.isSuspect = false }
        } catch {
            // What it was found to be is the reason from now on: nobody knows it to be gone.
            if isOpen ? !error.isSilence : !error.hasGivenWay { close(because: error) }
            throw error
        }
    }

    private func requireSame(_ device: any USBDevice, _ subject: String) throws(RelayFailure) {
        let found = try Self.identify(device, identity.path, subject)
        guard found.serial == identity.serial, found.channelCount == channelCount else {
            throw .exchanged(board: "\(identity)", serial: found.serial)
        }
    }

    /// The coils after `command` (nil: only read): SET, GET and compare until it is followed, at most `tries` times; where the transfers failed to
    /// the last, as often again after the board was opened anew. A board that is gone is not looked for here: its relays have fallen, and
    /// whoever commanded it has to know.
    private func exchange(_ command: [UInt8]?, isFollowed: ([Bool]) -> Bool) throws(RelayFailure) -> [Bool] {
        // A board that owes its name is asked for it as soon as nothing more urgent is to be done.
        let owesName = command == nil && link.withLock { $0.isSuspect }
        var outcome = try attempt(command, owesName ? 1 : Self.tries, isFollowed)
        if owesName && !Self.isFinal(outcome) || Self.isTransient(outcome) {
            try renew()
            outcome = try attempt(command, Self.tries, isFollowed)
        }
        switch outcome {
        case .success(let report) where report.serial == identity.serial:
            return Array(report.coils.prefix(channelCount))
        case .success(let report):
            throw .exchanged(board: "\(identity)", serial: report.serial)
        case .failure(let failure):
            if failure == .gone { close() }
            throw .transport(board: "\(identity)", failure)
        }
    }

    private static func isTransient(_ outcome: Result<Report, TransportFailure>) -> Bool {
        if case .failure(let failure) = outcome { failure.isTransient } else { false }
    }

    /// Whether it failed in a way that opening anew does not cure.
    private static func isFinal(_ outcome: Result<Report, TransportFailure>) -> Bool {
        if case .failure(let failure) = outcome { !failure.isTransient } else { false }
    }

    private func attempt(
        _ command: [UInt8]?, _ tries: Int, _ isFollowed: ([Bool]) -> Bool
    ) throws(RelayFailure) -> Result<Report, TransportFailure> {
        let device = try link.withLock({ $0.device }).get()
        var outcome = Result<Report, TransportFailure>.failure(.gone)
        for _ in 1...tries {
            do throws(TransportFailure) {
                let report = try Self.exchange(command, with: device)
                outcome = .success(report)
                // The firmware checks no CRC: a wrong serial may be a bad octet as well as another board.
                if report.serial == identity.serial, isFollowed(report.coils) { break }
            } catch {
                outcome = .failure(error)
                if !error.isTransient { break }
            }
        }
        return outcome
    }
}

extension Dcttech {
    /// What GET brings.
    private struct Report {
        var serial: String
        /// Eight of them whatever the board has.
        var coils: [Bool]

        init(_ octets: [UInt8]) throws(TransportFailure) {
            guard octets.count == 8 else { throw .shortAnswer(got: octets.count, wanted: 8) }
            serial = SerialText.meant(String(decoding: octets[..<5].prefix { $0 != 0 }, as: UTF8.self))
            coils = (0..<8).map { octets[7] >> $0 & 1 == 1 }
        }
    }

    /// The number of relays, which is the last character of the product text.
    private static func relayCount(product: String) -> Int? {
        guard product.hasPrefix("USBRelay"), product.utf8.count == 9, let count = product.last?.wholeNumberValue,
            (1...8).contains(count)
        else { return nil }
        return count
    }

    private static func exchange(
        _ command: [UInt8]?, with device: any USBDevice
    ) throws(TransportFailure) -> Report {
        guard let command else { return try report(of: device, requestType: 0xA0) }
        // The interface is held for this one exchange only, so that other programs can use the board in between.
        try device.claim(interface: 0)
        defer { device.release(interface: 0) }
        // Never more than 8 octets go out: the firmware takes each 8 as a command of its own.
        let set = SetupPacket(requestType: 0x21, request: 9, value: 0x0300, index: 0, length: 8)
        let octets = command + [UInt8](repeating: 0, count: 8 - command.count)
        _ = try device.control(set, data: octets, timeoutMilliseconds: timeoutMilliseconds)
        return try report(of: device, requestType: 0xA1)
    }

    private static func report(of device: any USBDevice, requestType: UInt8) throws(TransportFailure) -> Report {
        let get = SetupPacket(requestType: requestType, request: 1, value: 0x0300, index: 0, length: 8)
        return try Report(try device.control(get, data: [], timeoutMilliseconds: timeoutMilliseconds))
    }

    private static func open(
        _ transport: any USBTransport, _ path: String, _ subject: String
    ) throws(RelayFailure) -> any USBDevice {
        do {
            return try transport.open(path)
        } catch {
            throw .transport(board: subject, error)
        }
    }

    private typealias Identification = (channelCount: Int, serial: String)

    private static func identify(
        _ device: any USBDevice, _ path: String, _ subject: String
    ) throws(RelayFailure) -> Identification {
        var failure = TransportFailure.gone
        for _ in 1...tries {
            var other: (manufacturer: String?, product: String?)?
            do throws(TransportFailure) {
                let texts = try self.texts(of: device)
                if texts.manufacturer == manufacturer, let count = texts.product.flatMap(relayCount) {
                    return (count, try exchange(nil, with: device).serial)
                }
                other = texts
            } catch {
                failure = error
            }
            if let other { throw .otherDevice(path: path, manufacturer: other.manufacturer, product: other.product) }
            if !failure.isTransient { break }
        }
        throw .transport(board: subject, failure)
    }

    /// Nothing class specific goes to a device that may be another maker's.
    private static func texts(
        of device: any USBDevice
    ) throws(TransportFailure) -> (manufacturer: String?, product: String?) {
        let descriptor = try device.deviceDescriptor(timeoutMilliseconds: timeoutMilliseconds)
        return (
            try device.string(at: descriptor.manufacturerString, timeoutMilliseconds: timeoutMilliseconds),
            try device.string(at: descriptor.productString, timeoutMilliseconds: timeoutMilliseconds)
        )
    }
}
