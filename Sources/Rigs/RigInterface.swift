import Documents
public import KNX

/// A KNXnet/IP interface that a twin puts on a line, for anybody to use: a daemon, a client, the rig's own witness.
public struct RigInterface: Sendable, Hashable {
    /// Names it: `LINE/ID` is what a channel can feed, and what the twin tells the port of.
    public var id: String
    /// Its own individual address.
    public var address: IndividualAddress
    /// The individual addresses of its tunnels, one each.
    public var slots: [IndividualAddress]
    /// Its UDP port on 127.0.0.1; nil takes a free one.
    public var port: UInt16?
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

    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(
            of: "an interface", keys: ["id", "driver", "address", "slots", "port", "without_bus"])
        id = try node.required("id").text()
        let driver = try node.required("driver")
        guard try driver.text() == "knxnetip" else {
            throw driver.failure("the drivers of simulated interfaces are: knxnetip")
        }
        address = try node.required("address").individualAddress()
        let slotsNode = try node.required("slots")
        let range = try slotsNode.individualAddresses()
        guard range.upperBound.raw - range.lowerBound.raw < Self.mostSlots else {
            throw slotsNode.failure("an interface has at most \(Self.mostSlots) slots")
        }
        guard !range.contains(address) else {
            throw slotsNode.failure("the address \(address) of the interface cannot be one of its slots' too")
        }
        slots = (range.lowerBound.raw...range.upperBound.raw).map(IndividualAddress.init(raw:))
        port = try node["port"].map { node throws(DocumentFailure) in UInt16(try node.integer(1...65_535)) }
        withoutBus = try node["without_bus"]?.choice("behaviour without bus") ?? .refuses
    }
}

/// Where a KNXnet/IP interface is found on the network.
public struct InterfaceLocation: Sendable, Hashable {
    /// An IPv4 address.
    public var host: String
    public var port: UInt16

    /// Reads `knxnetip://ADDRESS[:PORT]`, port 3671 unless another is named; nil for anything else.
    public init?(_ text: String) {
        let scheme = "knxnetip://"
        guard text.hasPrefix(scheme) else { return nil }
        let parts = text.dropFirst(scheme.count).split(separator: ":", omittingEmptySubsequences: false)
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
}
