import Documents
public import Relays

/// A relay board of a rig and how its channels are wired.
public struct RigBoard: Sendable, Hashable {
    public enum Transport: String, CaseIterable, Sendable {
        case libusb, usbip, serial
    }

    public var id: String
    /// The relay driver, such as `dcttech`.
    public var driver: String
    public var serial: String?
    public var portPath: String?
    public var transport: Transport
    public var channels: [RigChannel]

    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(of: "a board", keys: ["id", "driver", "match", "transport", "channels"])
        id = try node.required("id").text()
        let driverNode = try node.required("driver")
        driver = try driverNode.text()
        let onUSB = RelayBoardDrivers.all.map(\.name) + [HubPortPower.driverName]
        let drivers = (onUSB + SerialBoardDrivers.all.map(\.name)).sorted()
        guard drivers.contains(driver) else {
            throw driverNode.failure(
                "there is no relay driver '\(driver)'" + Nearest.suggestion(for: driver, among: drivers))
        }
        let match = try node.required("match")
        _ = try match.entries(of: "a match", keys: ["serial", "port_path"])
        serial = try match["serial"]?.text()
        portPath = try match["port_path"]?.text()
        guard serial != nil || portPath != nil else {
            throw match.failure("a board is bound by 'serial' or by 'port_path'")
        }
        let transportNode = try node.required("transport")
        transport = try transportNode.choice("transport")
        let name = driver
        let serialDriver = SerialBoardDrivers.all.first { $0.name == name }
        guard (serialDriver != nil) == (transport == .serial) else {
            throw transportNode.failure(
                serialDriver != nil
                    ? "a \(driver) board is on a serial line: its transport is 'serial'"
                    : "a \(driver) board is on plain USB: its transport is 'libusb' or 'usbip'")
        }
        let usbDriver = RelayBoardDrivers.all.first { $0.name == name }
        let isBound = usbDriver?.isBound(by: BoardMatch(serial: serial, path: portPath)) ?? true
        if serialDriver?.needsPath == true && portPath == nil || !isBound {
            throw match.failure(
                "a \(driver) board can't be told from other things on the same converter: bind it by 'port_path'")
        }
        if driver == HubPortPower.driverName {
            guard transport == .libusb else {
                throw transportNode.failure(
                    "the ports of a hub are switched by this machine: its transport is 'libusb'")
            }
            guard portPath != nil else { throw match.failure("a hub is bound by 'port_path'") }
        }
        channels = []
        for channel in try node.required("channels").elements() { channels.append(try RigChannel(channel)) }
    }

    /// What its lock is called after: the board itself, whatever a rig file calls it.
    var lockName: String { "\(driver) board \(serial ?? portPath ?? "")" }

    /// The interlocks that the file alone can break.
    func check(_ node: Node, feedable: [String]) throws(DocumentFailure) {
        let nodes = try node.required("channels").elements()
        for (index, channel) in channels.enumerated() {
            let place = nodes[index]
            if channels[..<index].contains(where: { $0.number == channel.number }) {
                throw place.failure("two channels of this board have number \(channel.number)")
            }
            guard feedable.contains(channel.feeds) else {
                throw (place["feeds"] ?? place).failure(
                    "'\(channel.feeds)' is nothing that a channel can feed"
                        + Nearest.suggestion(for: channel.feeds, among: feedable))
            }
            if channel.feeds.hasSuffix("/witness") {
                throw (place["feeds"] ?? place).failure(
                    "a channel must not feed the witness: whoever can be switched off proves nothing")
            }
            if channel.circuit == .mains {
                throw (place["circuit"] ?? place).failure(
                    "a \(driver) board must not switch mains: KNX is SELV, and this board's isolation is not declared fit for both"
                )
            }
            if channel.wiring == .normallyOpen, channel.feeds != "nothing" {
                throw (place["wiring"] ?? place).failure(
                    "what must stay powered is wired NC: a NO contact would leave it dead when the board or the rig dies"
                )
            }
        }
    }
}

/// One contact and what hangs on it.
public struct RigChannel: Sendable, Hashable {
    public enum Circuit: String, CaseIterable, Sendable {
        case selv, mains
    }

    public enum Wiring: String, CaseIterable, Sendable {
        case normallyClosed = "NC"
        case normallyOpen = "NO"
    }

    public var id: String
    public var number: Int
    /// A line, `<line>/<attachment>`, `host`, `nothing`.
    public var feeds: String
    public var circuit: Circuit
    public var wiring: Wiring
    public var settleNanoseconds: Int64
    public var minimumOffNanoseconds: Int64
    public var minimumOnNanoseconds: Int64
    /// The keeper powers it again after this, whatever the run wants.
    public var longestCutNanoseconds: Int64
    /// Operations after which the contact counts as worn out.
    public var contactLife: Int

    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(
            of: "a channel",
            keys: [
                "id", "number", "feeds", "circuit", "wiring", "settle", "minimum_off", "minimum_on", "longest_cut",
                "contact_life",
            ])
        id = try node.required("id").text()
        number = try node.required("number").integer(1...64)
        feeds = try node.required("feeds").text()
        circuit = try node.required("circuit").choice("circuit")
        wiring = try node.required("wiring").choice("wiring")
        settleNanoseconds = try node["settle"]?.nanoseconds() ?? 20_000_000
        minimumOffNanoseconds = try node["minimum_off"]?.nanoseconds() ?? 500_000_000
        minimumOnNanoseconds = try node["minimum_on"]?.nanoseconds() ?? 500_000_000
        longestCutNanoseconds = try node["longest_cut"]?.nanoseconds() ?? 120_000_000_000
        // Songle SRD-05VDC-SL-C: 100 000 operations at rated load.
        contactLife = try node["contact_life"]?.integer(1...100_000_000) ?? 100_000
    }

    /// The wiring as the relay layer wants it.
    public var channelWiring: ChannelWiring {
        ChannelWiring(
            id: id, number: number, normallyClosed: wiring == .normallyClosed,
            settleMilliseconds: Int(settleNanoseconds / 1_000_000),
            minimumOffMilliseconds: Int(minimumOffNanoseconds / 1_000_000),
            minimumOnMilliseconds: Int(minimumOnNanoseconds / 1_000_000))
    }
}
