import Documents
public import KNX

/// A TP1 line of a rig and what is attached to it.
public struct RigLine: Sendable {
    /// Something on the line that the rig or its system drives.
    public struct Attachment: Sendable, Hashable {
        public enum Role: String, CaseIterable, Sendable {
            /// The interface of the system under test.
            case sut
            /// A busmonitor; never sends.
            case witness
            /// Sends, answers, acknowledges.
            case stimulus
            /// Sends what only a chip that takes frames of any length can, and nothing else.
            case injector
        }

        public var role: Role
        /// `sut`, `witness`, `stimulus-1`, …
        public var id: String
        /// The driver: a transceiver (`tpuart`, which is a TP-UART 2, `tpuart1`, `ncn5120`, `ncn5121`, `ncn5130`); for a witness also `knxnetip`, through the
        /// busmonitor tunnel of an interface, and `knxd`, through a knxd.
        public var driver: String
        /// The device's path; nil on a twin, which publishes its own. With `knxnetip`, the id of one of the line's interfaces.
        public var device: String?
        /// Where a KNXnet/IP interface is found.
        public var location: InterfaceLocation?
        /// Where a knxd is found, and what is asked of it.
        public var daemon: RigDaemon?
        public var address: IndividualAddress?
        /// Where a stimulus sends from when it saturates the line: an address that loses arbitration against the system's. nil: it does not.
        public var loadAddress: IndividualAddress?
        /// Where it sends from when the system is to get no turn at all: an address that wins arbitration against every one of the system's.
        public var starveAddress: IndividualAddress?
        /// Addresses that telegrams through it come from.
        public var sources: [ClosedRange<IndividualAddress>]
        /// What disturbs a twin's serial line from its transceiver to here; nil: nothing.
        public var noise: RigSerialNoise?
    }

    /// The supply of the line.
    public struct Supply: Sendable, Hashable {
        /// The relay channel that feeds it.
        public var channel: String
        /// The channel of a solid-state switch on the DC side, between supply and line, for what is too short for a relay; nil: there is none.
        public var wireSwitch: String?
        /// What sees its voltage: `twin`, or nil where nothing does.
        public var sense: String?
        /// How long the line stays up after its mains side was cut, nanoseconds (twin).
        public var holdUpNanoseconds: Int64
        /// Its nominal voltage (twin); this and what follows as the twin has it where it is nil.
        public var nominalMillivolts: Int64?
        /// What everybody on the line draws while all have power (twin).
        public var loadMilliamperes: Int64?
        /// What the line lives on when it is cut, so that it falls by load/capacitance (twin).
        public var capacitanceMicrofarads: Int64?
        /// From 0 to nominal on return (twin).
        public var riseNanoseconds: Int64?
    }

    public var id: String
    public var sources: [ClosedRange<IndividualAddress>]
    public var groups: ClosedRange<GroupAddress>
    public var attachments: [Attachment]
    public var supply: Supply?
    public var devices: [RigDevice]
    /// KNXnet/IP and USB interfaces that a twin puts on the line.
    public var interfaces: [RigInterface]
    /// What disturbs a twin's line; nil: nothing.
    public var noise: RigNoise?

    public func attachments(_ role: Attachment.Role) -> [Attachment] { attachments.filter { $0.role == role } }

    /// Through what the rig sends frames of up to 263 octets: the injector, else a stimulus whose chip takes them; nil where no chip does.
    public var longFrames: Attachment? {
        attachments(.injector).first ?? attachments(.stimulus).first { $0.takesLongFrames }
    }

    /// Addresses of the line's own area and line that nobody has of those whom this file names, a coupler's and that of a new device apart.
    public var unclaimedAddresses: [IndividualAddress] {
        guard let first = sources.first?.lowerBound.raw else { return [] }
        var claimed = attachments.flatMap(\.sources) + interfaces.flatMap { ($0.slots + [$0.address]).map { $0...$0 } }
        for attachment in attachments {
            for address in [attachment.address, attachment.loadAddress, attachment.starveAddress].compactMap(\.self) {
                claimed.append(address...address)
            }
        }
        claimed += devices.map { $0.address...$0.address }
        return (1...254).map { IndividualAddress(raw: first & 0xFF00 | $0) }
            .filter { address in !claimed.contains { $0.contains(address) } }
    }

    static let drivers = ["tpuart", "tpuart1", "tpuart2", "ncn5120", "ncn5121", "ncn5130", "knxnetip", "knxd"]

    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(
            of: "a line", keys: ["id", "sources", "groups", "attachments", "supply", "devices", "interfaces", "noise"])
        id = try node.required("id").identifier()
        sources = []
        for source in try node.required("sources").elements() { sources.append(try source.individualAddresses()) }
        groups = try node.required("groups").groupAddresses()
        attachments = []
        let attached = try node.required("attachments")
        for entry in try attached.entries(of: "attachments", keys: Attachment.Role.allCases.map(\.rawValue)) {
            guard let role = Attachment.Role(rawValue: entry.key) else { continue }
            let nodes: [Node]
            if case .sequence(let list) = entry.value.content { nodes = list } else { nodes = [entry.value] }
            if role != .stimulus, nodes.count > 1 { throw entry.value.failure("a line has one \(role.rawValue)") }
            for (index, attachment) in nodes.enumerated() {
                let id = role == .stimulus ? "stimulus-\(index + 1)" : role.rawValue
                attachments.append(try Attachment(attachment, role: role, id: id))
            }
        }
        if let supplyNode = node["supply"] {
            _ = try supplyNode.entries(
                of: "a supply",
                keys: ["channel", "switch", "sense", "hold_up", "voltage", "load", "capacitance", "rise"])
            supply = Supply(
                channel: try supplyNode.required("channel").text(), wireSwitch: try supplyNode["switch"]?.text(),
                sense: try supplyNode["sense"]?.text(),
                holdUpNanoseconds: try supplyNode["hold_up"]?.nanoseconds() ?? 100_000_000,
                nominalMillivolts: try supplyNode["voltage"]?.millivolts(24_000...32_000),
                loadMilliamperes: try supplyNode["load"]?.milliamperes(1...10_000),
                capacitanceMicrofarads: try supplyNode["capacitance"]?.microfarads(1...1_000_000),
                riseNanoseconds: try supplyNode["rise"]?.positiveNanoseconds())
        }
        noise = try node["noise"].map { node throws(DocumentFailure) in try RigNoise(node) }
        devices = []
        for device in try node["devices"]?.elements() ?? [] { devices.append(try RigDevice(device)) }
        interfaces = []
        let interfaceNodes = try node["interfaces"]?.elements() ?? []
        for interface in interfaceNodes { interfaces.append(try RigInterface(interface)) }
        try check(interfacesOf: interfaceNodes)
        try check(tunnelsOf: attached)
        try check(loadOf: attached)
        try check(starvationOf: attached)
    }

    private func check(interfacesOf nodes: [Node]) throws(DocumentFailure) {
        var names = attachments.map(\.id)
        for (interface, node) in zip(interfaces, nodes) {
            guard !names.contains(interface.id) else {
                throw node.failure("two things on the line '\(id)' are called '\(interface.id)'")
            }
            names.append(interface.id)
            for address in [interface.address] + interface.slots
            where !sources.contains(where: { $0.contains(address) }) {
                throw node.failure("the address \(address) of '\(interface.id)' is not among the line's 'sources'")
            }
        }
    }

    private func check(tunnelsOf attached: Node) throws(DocumentFailure) {
        for attachment in attachments where attachment.driver == "knxnetip" && attachment.location == nil {
            let known = interfaces.filter { $0.driver == .knxnetip }.map(\.id)
            guard let device = attachment.device, known.contains(device) else {
                throw attached.failure(
                    "\(attachment.id) needs the 'url' of a KNXnet/IP interface such as knxnetip://192.168.1.5, or on a twin "
                        + "the id of one of the line's KNXnet/IP interfaces as its 'device'"
                        + Nearest.suggestion(for: attachment.device ?? "", among: known))
            }
            if interfaces.contains(where: { $0.id == device && $0.routing != nil }) {
                throw attached.failure(
                    "\(attachment.id) is to look through '\(device)', which is a router and has no busmonitor: take an interface"
                )
            }
        }
    }

    private func check(starvationOf attached: Node) throws(DocumentFailure) {
        let system = attachments(.sut).flatMap(\.sources)
        for stimulus in attachments(.stimulus) {
            guard let starving = stimulus.starveAddress else { continue }
            guard sources.contains(where: { $0.contains(starving) }) else {
                throw attached.failure(
                    "the starve_address \(starving) of \(stimulus.id) is not among the line's 'sources'")
            }
            for own in system.flatMap({ $0.lowerBound.raw...$0.upperBound.raw }).map(IndividualAddress.init(raw:))
            where !Arbitration.wins(starving, over: own) {
                throw attached.failure(
                    "the starve_address \(starving) of \(stimulus.id) does not win arbitration against the system's \(own): "
                        + "take one whose device number has more low bits clear, such as 1.1.32")
            }
        }
    }

    /// A load that won against the system's telegrams would test whether the line is free, and not what the system does when it is full.
    private func check(loadOf attached: Node) throws(DocumentFailure) {
        let system = attachments(.sut).flatMap(\.sources)
        for stimulus in attachments(.stimulus) {
            guard let load = stimulus.loadAddress else { continue }
            guard sources.contains(where: { $0.contains(load) }) else {
                throw attached.failure("the load_address \(load) of \(stimulus.id) is not among the line's 'sources'")
            }
            for own in system.flatMap({ $0.lowerBound.raw...$0.upperBound.raw }).map(IndividualAddress.init(raw:))
            where !Arbitration.wins(own, over: load) {
                throw attached.failure(
                    "the load_address \(load) of \(stimulus.id) does not lose arbitration against the system's \(own): "
                        + "take one whose device number has more low bits set, such as 1.1.255")
            }
        }
    }
}

extension RigLine.Attachment {
    init(_ node: Node, role: Role, id: String) throws(DocumentFailure) {
        _ = try node.entries(
            of: "an attachment",
            keys: ["driver", "device", "url", "mode", "address", "load_address", "starve_address", "sources", "noise"])
        self.role = role
        self.id = id
        let driverNode = try node.required("driver")
        let name = try driverNode.text()
        guard RigLine.drivers.contains(name) else {
            let suggestion = Nearest.suggestion(for: name, among: RigLine.drivers)
            throw driverNode.failure(
                "there is no driver '\(name)' for an attachment"
                    + (suggestion.isEmpty ? ": expected \(RigLine.drivers.joined(separator: ", "))" : suggestion))
        }
        // Two names of one chip.
        driver = name == "tpuart2" ? "tpuart" : name
        if role == .injector, TransceiverModel(rawValue: driver)?.chip != .ncn51xx {
            throw driverNode.failure(
                "an injector is there for frames of more than 64 octets, which only an ncn5120, ncn5121 or ncn5130 takes"
            )
        }
        if driver == "tpuart1", role == .stimulus {
            throw driverNode.failure(
                "a first TP-UART acknowledges nothing by itself, and a stimulus leaves that to its chip: it needs a tpuart2 or an ncn51xx"
            )
        }
        if driver == "knxnetip", role != .witness {
            throw driverNode.failure(
                "only a witness goes through KNXnet/IP so far: a \(role.rawValue) has the driver 'tpuart'")
        }
        device = try node["device"]?.text()
        if driver == RigDaemon.driver {
            daemon = try RigDaemon(node, role)
        } else if let mode = node["mode"] {
            throw mode.failure("a 'mode' goes with the driver 'knxd'")
        } else if let url = node["url"] {
            guard driver == "knxnetip", device == nil else {
                throw url.failure("a 'url' goes with the driver 'knxnetip', and without a 'device'")
            }
            location = InterfaceLocation(try url.text())
            guard location != nil else {
                throw url.failure("'\(try url.text())' should be knxnetip://ADDRESS or knxnetip://ADDRESS:PORT")
            }
        }
        address = try node["address"]?.individualAddress()
        loadAddress = try node["load_address"]?.individualAddress()
        starveAddress = try node["starve_address"]?.individualAddress()
        if [.stimulus, .injector].contains(role), address == nil {
            throw node.failure("\(role == .stimulus ? "a stimulus" : "an injector") needs an 'address' to send from")
        }
        sources = []
        if let range = try node["sources"]?.individualAddresses() { sources = [range] }
        if sources.isEmpty, let address { sources = [address...address] }
        noise = try node["noise"].map { node throws(DocumentFailure) in try RigSerialNoise(node) }
        if noise != nil, transceiver == nil, let node = node["noise"] {
            throw node.failure("only the serial line of a transceiver has 'noise'")
        }
    }
}

extension Node {
    func individualAddress() throws(DocumentFailure) -> IndividualAddress {
        let text = try text()
        guard let address = IndividualAddress(text) else {
            throw failure("'\(text)' should be an individual address such as 1.1.10")
        }
        return address
    }

    func groupAddress() throws(DocumentFailure) -> GroupAddress {
        let text = try text()
        guard let address = GroupAddress(text) else {
            throw failure("'\(text)' should be a group address such as 1/2/0")
        }
        return address
    }

    /// One address or an inclusive range `1.1.20-1.1.27`.
    func individualAddresses() throws(DocumentFailure) -> ClosedRange<IndividualAddress> {
        let text = try text()
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(IndividualAddress.init)
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last else {
            throw failure("'\(text)' should be an individual address or a range of them such as 1.1.20-1.1.27")
        }
        return first...last
    }

    func groupAddresses() throws(DocumentFailure) -> ClosedRange<GroupAddress> {
        let text = try text()
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(GroupAddress.init)
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last else {
            throw failure("'\(text)' should be a group address or a range of them such as 1/0/0-1/7/255")
        }
        return first...last
    }
}
