public import KNX

/// What a twin consists of: lines with their chips, devices and interfaces, and boards whose channels feed them.
public struct TwinConfiguration: Sendable {
    /// A transceiver on a line, published as the terminal `<directory>/<line>-<chip>`, or served over TCP.
    public struct Chip: Hashable, Sendable {
        public var id: String
        public var parameters: TPUARTParameters
        /// The TCP port on 127.0.0.1 where its host finds it instead of a terminal, as behind a serial device server; 0 takes a free one.
        public var tcpPort: UInt16?
        /// Noise on its serial line; nil for none.
        public var noise: SerialNoise?

        public init(id: String, parameters: TPUARTParameters = TPUARTParameters(), noise: SerialNoise? = nil) {
            self.id = id
            self.parameters = parameters
            self.noise = noise
        }

        /// A TP-UART 2 at another speed of its serial line; for the rest as usual.
        public init(id: String, baudRate: Int) {
            self.init(id: id, parameters: TPUARTParameters(baudRate: baudRate))
        }

        public init(id: String, model: TransceiverModel) {
            self.init(id: id, parameters: TPUARTParameters(model))
        }
    }

    /// A KNXnet/IP interface or router on a line.
    public struct NetworkInterface: Hashable, Sendable {
        public var id: String
        /// The IPv4 address of this computer that it is served on.
        public var host: String
        /// Its UDP port, and its TCP port; 0 takes a free one.
        public var port: UInt16
        /// Whether it listens on its multicast address. A router always does.
        public var joinsMulticast: Bool
        public var parameters: IPInterfaceParameters

        public init(
            id: String, host: String = "127.0.0.1", port: UInt16 = 0, joinsMulticast: Bool = false,
            parameters: IPInterfaceParameters
        ) {
            self.id = id
            self.host = host
            self.port = port
            self.joinsMulticast = joinsMulticast || parameters.routing != nil
            self.parameters = parameters
        }
    }

    /// A KNX USB interface on a line. Whoever serves the twin's USB devices serves it as `<line>-<interface>`.
    public struct PluggedInterface: Hashable, Sendable {
        public var id: String
        public var parameters: USBInterfaceParameters

        public init(id: String, parameters: USBInterfaceParameters) {
            self.id = id
            self.parameters = parameters
        }
    }

    public struct Line: Hashable, Sendable {
        public var id: String
        public var supply: SupplyParameters
        public var chips: [Chip]
        public var devices: [SimulatedDevice.Configuration]
        public var interfaces: [NetworkInterface] = []
        public var usbInterfaces: [PluggedInterface] = []
        /// Noise on the line; nil for none.
        public var noise: LineNoise?

        public init(
            id: String, supply: SupplyParameters = SupplyParameters(), chips: [Chip],
            devices: [SimulatedDevice.Configuration] = [], interfaces: [NetworkInterface] = [],
            usbInterfaces: [PluggedInterface] = [], noise: LineNoise? = nil
        ) {
            self.usbInterfaces = usbInterfaces
            self.noise = noise
            self.id = id
            self.supply = supply
            self.chips = chips
            self.devices = devices
            self.interfaces = interfaces
        }
    }

    /// What a relay's contact is wired into.
    public enum Feed: Hashable, Sendable {
        case supply(line: String)
        /// The wires between the supply and the line, past whatever holds the supply up.
        case wires(line: String)
        /// The serial or USB connection of a chip's host, the network cable of a KNXnet/IP interface, or the USB cable of a KNX USB interface.
        case interface(line: String, chip: String)
        case none
    }

    public struct WiredChannel: Hashable, Sendable {
        /// 1 and up, as printed on the board.
        public var number: Int
        public var feed: Feed
        /// True for a normally closed contact: energising it cuts what it feeds.
        public var energisedMeansCut: Bool

        public init(number: Int, feed: Feed, energisedMeansCut: Bool) {
            self.number = number
            self.feed = feed
            self.energisedMeansCut = energisedMeansCut
        }
    }

    /// A dcttech relay board, served over USB/IP.
    public struct Board: Hashable, Sendable {
        public var id: String
        /// Five characters, as these boards have.
        public var serial: String
        /// 1…8.
        public var channels: Int
        public var wiring: [WiredChannel]

        public init(id: String, serial: String, channels: Int, wiring: [WiredChannel]) {
            self.id = id
            self.serial = serial
            self.channels = channels
            self.wiring = wiring
        }
    }

    /// What a channel is wired into by its name in a rig file: `LINE`, `LINE/CHIP`, `nothing`; nil when there is no such thing.
    func feed(_ name: String) -> Feed? {
        if name == "nothing" { return Feed.none }
        let parts = name.split(separator: "/").map(String.init)
        guard let line = lines.first(where: { $0.id == parts.first }) else { return nil }
        if parts.count == 1 { return .supply(line: line.id) }
        let known = line.chips.map(\.id) + line.interfaces.map(\.id) + line.usbInterfaces.map(\.id)
        return known.contains(parts[1]) ? .interface(line: line.id, chip: parts[1]) : nil
    }

    public var lines: [Line]
    public var boards: [Board]
    /// Where symlinks and sockets are published.
    public var directory: String
    /// The path of `twin.jsonl`; nil writes none.
    public var journal: String?
    /// The port of the USB/IP server on 127.0.0.1; 0 takes a free one.
    public var usbipPort: UInt16 = 0

    public init(lines: [Line], boards: [Board] = [], directory: String, journal: String? = nil) {
        self.lines = lines
        self.boards = boards
        self.directory = directory
        self.journal = journal
    }
}
