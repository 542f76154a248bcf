import Documents
public import KNX

/// A KNXnet/IP interface or router, or a USB interface, that a twin puts on a line, for anybody to use: a daemon, a client, the rig's own witness.
public struct RigInterface: Sendable, Hashable {
    public enum Driver: String, CaseIterable, Sendable {
        case knxnetip
        /// A HID device, which the twin's USB/IP server has beside the relay board.
        case usb
    }

    public enum Kind: String, CaseIterable, Sendable {
        case interface, router
    }

    /// What a router lets through, and where it speaks.
    public struct Routing: Sendable, Hashable {
        /// The multicast address of the network.
        public var multicast: InterfaceLocation
        /// Groups that pass, either way.
        public var groups: ClosedRange<GroupAddress>
        /// Telegrams to devices.
        public var individual: Individual
    }

    public enum Individual: String, CaseIterable, Sendable {
        /// By its own address, as a coupler does.
        case byAddress = "by_address"
        case always, never
    }

    /// Names it: `LINE/ID` is what a channel can feed, and what the twin tells the port or the bus id of.
    public var id: String
    public var driver: Driver
    /// Its own individual address.
    public var address: IndividualAddress
    /// The individual addresses of its tunnels, one each; none over USB. A router may have none.
    public var slots: [IndividualAddress]
    /// The IPv4 address of this computer that it is served on.
    public var host: String
    /// Its port for UDP and TCP; nil takes a free one. Always nil over USB.
    public var port: UInt16?
    /// Whether it serves TCP too.
    public var servesTCP: Bool
    /// Nil of an interface that is no router.
    public var routing: Routing?
    /// What it does with telegrams while its line has no voltage.
    public var withoutBus: WithoutBus

    public enum WithoutBus: String, CaseIterable, Sendable {
        /// Confirms them with an error.
        case refuses
        /// Takes them and never confirms them.
        case silent
        /// It lives on the line and is gone with it.
        case dead
    }

    private static let mostSlots = 16

    private static let commonKeys = [
        "id", "driver", "kind", "address", "slots", "host", "port", "tcp", "without_bus",
    ]
    private static let routerKeys = ["multicast", "groups", "individual"]

    init(_ node: Node) throws(DocumentFailure) {
        let kind: Kind = try node["kind"]?.choice("kind of interface") ?? .interface
        if kind == .interface, let key = Self.routerKeys.first(where: { node[$0] != nil }), let wrong = node[key] {
            throw wrong.failure("'\(key)' belongs to a router: say 'kind: router' for one")
        }
        _ = try node.entries(of: "an interface", keys: Self.commonKeys + Self.routerKeys)
        id = try node.required("id").identifier()
        let driverNode = try node.required("driver")
        guard let driver = Driver(rawValue: try driverNode.text()) else {
            throw driverNode.failure("the drivers of simulated interfaces are: knxnetip, usb")
        }
        self.driver = driver
        address = try node.required("address").individualAddress()
        withoutBus = try node["without_bus"]?.choice("behaviour without bus") ?? .refuses
        slots = []
        host = try node["host"]?.internetAddress() ?? "127.0.0.1"
        servesTCP = try node["tcp"]?.bool() ?? (driver == .knxnetip)
        if driver == .usb {
            try checkUSB(node)
            return
        }
        let slotsNode = try kind == .interface ? node.required("slots") : node["slots"]
        if let slotsNode {
            let range = try slotsNode.individualAddresses()
            guard range.upperBound.raw - range.lowerBound.raw < Self.mostSlots else {
                throw slotsNode.failure("an interface has at most \(Self.mostSlots) slots")
            }
            guard !range.contains(address) else {
                throw slotsNode.failure("the address \(address) of the interface cannot be one of its slots' too")
            }
            slots = (range.lowerBound.raw...range.upperBound.raw).map(IndividualAddress.init(raw:))
        }
        port = try node["port"].map { node throws(DocumentFailure) in UInt16(try node.integer(1...65_535)) }
        guard kind == .router else { return }
        routing = Routing(
            multicast: try node["multicast"]?.multicast() ?? .systemSetup,
            groups: try node["groups"]?.groupAddresses() ?? GroupAddress(raw: 1)...GroupAddress(raw: 0xFFFF),
            individual: try node["individual"]?.choice("rule for telegrams to devices") ?? .byAddress)
    }

    private func checkUSB(_ node: Node) throws(DocumentFailure) {
        for key in ["kind", "slots", "host", "port", "tcp"] {
            guard let entry = node[key] else { continue }
            throw entry.failure("a USB interface has no '\(key)': it serves the one host that it is plugged into")
        }
        if withoutBus == .dead, let entry = node["without_bus"] {
            throw entry.failure("a USB interface lives on USB, not on its line: its 'without_bus' is refuses or silent")
        }
    }
}

extension Node {
    /// The name of a line or of what is on it: such names make paths, and are told apart in `main/sut`.
    func identifier() throws(DocumentFailure) -> String {
        let text = try text()
        guard !text.isEmpty, !text.hasPrefix("."), !text.contains("/") else {
            throw failure("'\(text)' should be a name without '/' and without a full stop before it")
        }
        return text
    }

    fileprivate func internetAddress() throws(DocumentFailure) -> String {
        let text = try text()
        guard InterfaceLocation(endpoint: text)?.host == text else {
            throw failure("'\(text)' should be an IPv4 address of this computer such as 127.0.0.1")
        }
        return text
    }

    fileprivate func multicast() throws(DocumentFailure) -> InterfaceLocation {
        let text = try text()
        guard let place = InterfaceLocation(multicast: text) else {
            throw failure("'\(text)' should be a multicast address such as 224.0.23.12 or 224.0.23.12:3671")
        }
        return place
    }
}

/// Where a KNXnet/IP interface is found on the network.
public struct InterfaceLocation: Sendable, Hashable {
    /// An IPv4 address.
    public var host: String
    public var port: UInt16

    /// 224.0.23.12, where KNXnet/IP devices search and route unless they are told another.
    public static let systemSetup = InterfaceLocation(host: "224.0.23.12", port: 3671)

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `knxnetip://ADDRESS[:PORT]`, port 3671 unless another is named; nil for anything else.
    public init?(_ text: String) {
        let scheme = "knxnetip://"
        guard text.hasPrefix(scheme) else { return nil }
        self.init(endpoint: String(text.dropFirst(scheme.count)))
    }

    /// Reads `ADDRESS[:PORT]` with a multicast address, 224.0.0.0 to 239.255.255.255; nil for anything else.
    public init?(multicast text: String) {
        self.init(endpoint: text)
        guard let first = UInt8(host.prefix { $0 != "." }), (224...239).contains(first) else { return nil }
    }

    fileprivate init?(endpoint: String) {
        let parts = endpoint.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = (parts.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), numbers.count == 4, numbers.allSatisfy({ UInt8($0) != nil }) else {
            return nil
        }
        host = String(parts[0])
        guard parts.count == 2 else {
            port = 3671
            return
        }
        guard let port = UInt16(parts[1]), port > 0 else { return nil }
        self.port = port
    }

    /// The address as a number, the first of the four in the high octet.
    public var rawAddress: UInt32 {
        host.split(separator: ".").reduce(0) { $0 << 8 | UInt32(UInt8($1) ?? 0) }
    }
}
