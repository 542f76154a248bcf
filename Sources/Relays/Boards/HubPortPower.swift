public import Events
import Glibc
import Platform
import Synchronization
import USB

/// The ports of a hub as the channels of a relay board: energised is a port without power, so that the safe state, all off, powers them all.
///
/// The kernel's own switch comes first: `<hub>:1.0/<hub>-port<N>/disable`, from Linux 6.0 on. It takes the device away and keeps it away. Where it is
/// missing, the port is told by requests, and what hung on it stays behind as a ghost until the kernel notices.
///
/// | what | control transfer | |
/// |---|---|---|
/// | how ports are switched | `a0 06 2900` (`2a00` SuperSpeed) | characteristics, bits 1–0: only 1, each port, will do |
/// | is it on? | `a3 00 0000 port` | bit 8, on SuperSpeed bit 9 |
/// | on, off | `23 03 0008 port`, `23 01 0008 port` | |
///
/// A USB 3 socket is a port of two hubs at once, and has power while either gives it: both are switched and both are read.
public final class HubPortPower: RelayBoard {
    /// As rig files name it.
    public static let driverName = "hub-port-power"

    public let identity: BoardIdentity
    public let channelCount: Int
    private let system: String
    private let transport: any USBTransport
    private let protected: [String]
    private let settle: Instant.Span
    /// The address that the hub had when it was opened, new at each plugging in; nil once it is closed or lost.
    private let session: Mutex<String?>

    private static let timeoutMilliseconds = 500
    private static let tries = 3
    /// A request is one of several for a command, so it gets more of them.
    private static let requestTries = 6

    /// Looks at the hub at `path`; switches nothing.
    ///
    /// - Parameters:
    ///   - path: the hub's name in sysfs: `1-1.4`, or `usb1` for a root hub.
    ///   - transport: reaches the hub itself.
    ///   - system: where sysfs is mounted.
    ///   - protected: paths of devices that must keep their power, such as the rig's relay boards: no port that leads to one is switched.
    ///   - settleMilliseconds: how long the kernel may take to follow: it resets and detaches what hung on the port.
    /// - Throws: `hubRefused` where its ports can't be switched one by one.
    public init(
        _ path: String, on transport: any USBTransport, system: String = "/sys", protected: [String] = [],
        settleMilliseconds: Int = 500
    ) throws(RelayFailure) {
        self.system = system
        self.transport = transport
        self.protected = protected
        settle = .milliseconds(Int64(settleMilliseconds))
        let hub = Hub(path: path, system: system)
        guard hub.exists else {
            throw .transport(board: "\(Self.driverName) board at \(path)", .notFound(path: path))
        }
        session = Mutex(hub.session)
        channelCount = hub.portCount
        identity = BoardIdentity(
            driver: Self.driverName, serial: hub.text("serial") ?? "", path: path, transport: transport.name)
        guard channelCount > 0 else {
            throw .hubRefused(hub: path, port: nil, reason: "it is no hub, or the kernel shows no ports of it")
        }
        try requireSwitching(hub)
    }

    /// Opens the hub that a rig file means: a path binds it, and where it has a serial that may be said too.
    public static func open(
        matching match: BoardMatch, on transport: any USBTransport, system: String = "/sys", protected: [String] = [],
        settleMilliseconds: Int = 500
    ) throws(RelayFailure) -> HubPortPower {
        guard let path = match.path else { throw .needsPath(driver: driverName, paths: []) }
        let hub = try HubPortPower(
            path, on: transport, system: system, protected: protected, settleMilliseconds: settleMilliseconds)
        if let serial = match.serial, hub.identity.serial != serial {
            throw .exchanged(board: "the hub at \(path)", serial: hub.identity.serial)
        }
        return hub
    }

    /// Paths of the hubs that sysfs shows, sorted.
    static func hubs(in system: String) -> [String] {
        Files.entries(of: "\(system)/bus/usb/devices").filter {
            !$0.contains(":") && Hub(path: $0, system: system).isHub
        }
        .sorted()
    }

    static func ids(of hub: String, in system: String) -> (vendor: UInt16, product: UInt16) {
        let hub = Hub(path: hub, system: system)
        func number(_ attribute: String) -> UInt16 { hub.text(attribute).flatMap { UInt16($0, radix: 16) } ?? 0 }
        return (number("idVendor"), number("idProduct"))
    }

    public func set(_ channel: Int, energised: Bool) throws(RelayFailure) -> Readback {
        guard (1...channelCount).contains(channel) else {
            throw .noSuchChannel(board: "\(identity)", channel: channel, count: channelCount)
        }
        return try whileThere { () throws(RelayFailure) in
            // To give power harms nobody; to take it may.
            if energised { try requireHarmless(channel) }
            try turn(channel, cut: energised)
            return .confirmed
        }
    }

    public func setAllOff() throws(RelayFailure) -> Readback {
        try whileThere { () throws(RelayFailure) in try turnAllOff() }
    }

    /// A hub that is gone is not looked for until it is opened again: its ports have fallen, and whoever commanded it has to know.
    private func whileThere<Result>(_ body: () throws(RelayFailure) -> Result) throws(RelayFailure) -> Result {
        do {
            return try body()
        } catch {
            if error.isLoss { close() }
            throw error
        }
    }

    private func turnAllOff() throws(RelayFailure) -> Readback {
        var failure: RelayFailure?
        for channel in 1...channelCount {
            do throws(RelayFailure) {
                // A port that has power is left alone: turning it on again could disturb what hangs on it.
                let halves = try halves(of: channel)
                var isPowered = true
                for half in halves where try !self.isPowered(half) { isPowered = false }
                if !isPowered { try turn(channel, cut: false) }
            } catch let error {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .confirmed
    }

    public func readAll() throws(RelayFailure) -> [Bool]? {
        try whileThere { () throws(RelayFailure) in
            var states: [Bool] = []
            for channel in 1...channelCount { states.append(try isCut(try halves(of: channel))) }
            return states
        }
    }

    public var isOpen: Bool { session.withLock { $0 != nil } }

    public func reopen() throws(RelayFailure) {
        let hub = Hub(path: identity.path, system: system)
        guard hub.exists else { throw .transport(board: "\(identity)", .notFound(path: identity.path)) }
        guard hub.portCount == channelCount, hub.text("serial") ?? "" == identity.serial else {
            throw .exchanged(board: "\(identity)", serial: hub.text("serial") ?? "")
        }
        try requireSwitching(hub)
        session.withLock { $0 = hub.session }
    }

    public func close() { session.withLock { $0 = nil } }

    private func turn(_ channel: Int, cut: Bool) throws(RelayFailure) {
        let halves = try halves(of: channel)
        for _ in 1...Self.tries {
            // Both before either is looked at: one half alone leaves the socket with power.
            for half in halves { try command(half, cut: cut) }
            let deadline = MonotonicClock.now() + settle
            repeat {
                var isDone = true
                for half in halves where try isPowered(half) == cut { isDone = false }
                if isDone { return }
                MonotonicClock.sleep(for: .milliseconds(5))
            } while MonotonicClock.now() < deadline
        }
        throw .notFollowed(board: "\(identity)", channel: channel, wanted: cut, states: try readAll() ?? [])
    }

    /// A port is without power only when no half of it has any.
    private func isCut(_ halves: [Half]) throws(RelayFailure) -> Bool {
        for half in halves where try isPowered(half) { return false }
        return true
    }

    private func halves(of channel: Int) throws(RelayFailure) -> [Half] {
        let hub = Hub(path: identity.path, system: system)
        guard let session = session.withLock({ $0 }), hub.exists, hub.session == session else {
            throw .transport(board: "\(identity)", .gone)
        }
        let own = Half(hub: hub, port: channel)
        return [own] + (own.peer.map { [$0] } ?? [])
    }

    private func command(_ half: Half, cut: Bool) throws(RelayFailure) {
        if let attribute = half.disableAttribute {
            do {
                return try Files.write(Array((cut ? "1" : "0").utf8), to: attribute, atomically: false)
            } catch {
                let isLocked = error.code == EACCES || error.code == EPERM
                let isGone = error.code == ENODEV || error.code == ENOENT
                throw .transport(
                    board: "\(identity)", isLocked ? .access(node: attribute) : isGone ? .gone : .io("\(error)"))
            }
        }
        let setup = SetupPacket(
            requestType: 0x23, request: cut ? 1 : 3, value: 8, index: UInt16(half.port), length: 0)
        _ = try ask(half.hub, setup)
    }

    private func isPowered(_ half: Half) throws(RelayFailure) -> Bool {
        let status = SetupPacket(requestType: 0xA3, request: 0, value: 0, index: UInt16(half.port), length: 4)
        let octets = try ask(half.hub, status)
        guard octets.count == 4 else {
            throw .transport(board: "\(identity)", .shortAnswer(got: octets.count, wanted: 4))
        }
        return octets[1] & (half.hub.isSuperSpeed ? 0x02 : 0x01) != 0
    }

    private func requireSwitching(_ hub: Hub) throws(RelayFailure) {
        let type: UInt16 = hub.isSuperSpeed ? 0x2A00 : 0x2900
        let octets = try ask(hub, SetupPacket(requestType: 0xA0, request: 6, value: type, index: 0, length: 15))
        guard octets.count >= 5 else {
            throw .transport(board: "\(identity)", .shortAnswer(got: octets.count, wanted: 5))
        }
        guard octets[1] == UInt8(type >> 8) else {
            throw .transport(board: "\(identity)", .io("its hub descriptor is none"))
        }
        switch octets[3] & 3 {
        case 1: return
        case 0: throw .hubRefused(hub: hub.path, port: nil, reason: "it switches all its ports together")
        default: throw .hubRefused(hub: hub.path, port: nil, reason: "it does not switch the power of its ports")
        }
    }

    private func requireHarmless(_ channel: Int) throws(RelayFailure) {
        for half in try halves(of: channel) {
            try requireSwitching(half.hub)
            guard let child = half.child else { continue }
            if Hub(path: child, system: system).isHub {
                throw .hubRefused(
                    hub: identity.path, port: channel,
                    reason: "another hub hangs on it (\(child)), perhaps its own half")
            }
            if let device = protected.first(where: { Self.leads(child, to: $0) }) {
                throw .hubRefused(hub: identity.path, port: channel, reason: "it feeds the relay board at \(device)")
            }
        }
    }

    /// Whether `device` (perhaps with an interface: `1-1.4:1.0`) is `child` or hangs below it.
    private static func leads(_ child: String, to device: String) -> Bool {
        let device = device.prefix { $0 != ":" }
        return device == child || device.hasPrefix(child + ".")
    }

    private func ask(_ hub: Hub, _ setup: SetupPacket) throws(RelayFailure) -> [UInt8] {
        var failure = TransportFailure.gone
        for _ in 1...Self.requestTries {
            do throws(TransportFailure) {
                let device = try transport.open(hub.path)
                defer { device.close() }
                return try device.control(setup, data: [], timeoutMilliseconds: Self.timeoutMilliseconds)
            } catch {
                failure = error
                if !error.isTransient { break }
            }
        }
        throw .transport(board: "\(identity)", failure)
    }
}

/// A hub as sysfs shows it.
private struct Hub {
    var path: String
    var system: String

    var directory: String { "\(system)/bus/usb/devices/\(path)" }
    var exists: Bool { Files.exists(directory) }
    var isHub: Bool { text("bDeviceClass") == "09" }
    var portCount: Int { isHub ? text("maxchild").flatMap { Int($0) }.map { min(max($0, 0), 31) } ?? 0 : 0 }
    /// Another one after each plugging in.
    var session: String { text("devnum") ?? "" }
    /// In Mbit/s; hubs of USB 3 have 5000 and more.
    var isSuperSpeed: Bool { (text("speed").flatMap { Int($0) } ?? 0) >= 5_000 }

    /// An attribute's first line, without blanks around it.
    func text(_ attribute: String) -> String? {
        guard let octets = try? Files.read("\(directory)/\(attribute)", maximum: 256) else { return nil }
        return String(decoding: octets.prefix { $0 != 0x0A }.drop { $0 == 0x20 }, as: UTF8.self)
    }
}

/// A port of one hub; a USB 3 socket has two.
private struct Half {
    var hub: Hub
    var port: Int

    /// `1-1/1-1:1.0/1-1-port2`; of the root hub of bus 1 `usb1/1-0:1.0/usb1-port2`.
    private var directory: String {
        let interface = hub.path.hasPrefix("usb") ? "\(hub.path.dropFirst(3))-0:1.0" : "\(hub.path):1.0"
        return "\(hub.directory)/\(interface)/\(hub.path)-port\(port)"
    }

    var disableAttribute: String? {
        let attribute = directory + "/disable"
        return Files.exists(attribute) ? attribute : nil
    }

    /// The path of what is plugged in.
    var child: String? {
        Files.resolved(directory + "/device").flatMap { $0.split(separator: "/").last.map(String.init) }
    }

    /// The same socket's port on the hub of the other USB.
    var peer: Half? {
        guard let name = Files.resolved(directory + "/peer")?.split(separator: "/").last.map(String.init),
            let end = name.range(ofLast: "-port"), let port = Int(name[end.upperBound...])
        else { return nil }
        return Half(hub: Hub(path: String(name[..<end.lowerBound]), system: hub.system), port: port)
    }
}

extension String {
    fileprivate func range(ofLast text: String) -> Range<String.Index>? {
        var place = endIndex
        while place > startIndex {
            place = index(before: place)
            if self[place...].hasPrefix(text) { return place..<index(place, offsetBy: text.count) }
        }
        return nil
    }
}
