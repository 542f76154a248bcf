public import Events
public import KNX

/// The numbers and habits of one KNXnet/IP interface.
public struct IPInterfaceParameters: Hashable, Sendable {
    /// What it does with a telegram for a line without voltage.
    public enum WithoutBus: String, CaseIterable, Sendable {
        /// Takes it, and confirms it with the error bit.
        case refuses
        /// Takes it and never confirms it.
        case staysSilent = "silent"
        /// It lives on the bus voltage: it is gone from the network, and its connections with it.
        case isDead = "dead"
    }

    /// When it acknowledges frames to groups on the line.
    public enum GroupAcknowledge: String, CaseIterable, Sendable {
        case always, never
        /// While a link-layer tunnel is open.
        case whileLinked = "linked"
    }

    /// Its own individual address.
    public var address: IndividualAddress
    /// One individual address per tunnel that it can serve at a time, additional to its own. A router may have none.
    public var slots: [IndividualAddress]
    /// Up to 30 characters of ISO 8859-1.
    public var name = "knxrig twin"
    /// 48 bits: manufacturer code and number.
    public var serialNumber: UInt64 = 0x0000_0000_0001
    /// Device descriptor type 0: 07B0, System B on TP1, as tunnelling interfaces have (engineering assumption).
    public var mask: UInt16 = 0x07B0
    /// 0: none.
    public var manufacturer: UInt16 = 0
    /// Octets of APDU that its tunnels carry; 254 is all that TP1 has (KNX standard 3/2/2).
    public var longestAPDU: UInt16 = 254
    /// Whether it is reached by TCP too, at the same port number; core version 2 (KNX standard 3/8/2).
    public var servesTCP = true
    /// 1 has no features and grants no address that is asked for; 2 has both (KNX standard 3/8/4).
    public var tunnellingVersion: UInt8 = 2
    /// Connections for its management at a time (engineering assumption).
    public var managementConnections = 1
    /// What it is besides when it is a router.
    public var routing: IPRoutingParameters?
    /// Where it listens for searches, and routes.
    public var multicast = IPEndpoint(.systemSetupMulticast, port: 3671)
    /// A connection without a heartbeat of its client is ended after 120 s (KNX standard 3/8/2, CONNECTION_ALIVE_TIME). On TCP none is needed.
    public var aliveTime = Instant.Span.seconds(120)
    /// How long it waits for a client's acknowledge: 1 s (KNX standard 3/8/4, TUNNELLING_REQUEST_TIMEOUT).
    public var acknowledgeTime = Instant.Span.seconds(1)
    /// How often it sends a request again that is not acknowledged, before it ends the connection: once (KNX standard 3/8/4).
    public var repetitions = 1
    /// The same for its management: 10 s and three times (KNX standard 3/8/3, DEVICE_CONFIGURATION_REQUEST_TIMEOUT).
    public var managementAcknowledgeTime = Instant.Span.seconds(10)
    public var managementRepetitions = 3
    /// How long it is gone after M_Reset.req, with all connections (engineering assumption).
    public var restartTime = Instant.Span.seconds(2)
    /// From the end of the check octet to the indication (engineering assumption: its chip's serial line and its network stack).
    public var indicationDelay = Instant.Span.milliseconds(2)
    /// From the final result on the line to L_Data.con (engineering assumption).
    public var confirmationDelay = Instant.Span.milliseconds(2)
    /// Telegrams that it takes before the first is off. A request beyond is not acknowledged, so that its client sends it again a second
    /// later; on TCP, where nobody would, it is confirmed with an error (engineering assumption).
    public var sendBuffers = 32
    /// Requests that wait for one client. What comes beyond is lost, which only a busmonitor tells (engineering assumption).
    public var longestQueue = 128
    public var withoutBus = WithoutBus.refuses
    public var groupAcknowledge = GroupAcknowledge.whileLinked
    /// Whether a heartbeat is answered with "KNX connection disturbed" while the line has no voltage (KNX standard 3/8/2, E_KNX_CONNECTION; what
    /// products do is not known).
    public var tellsBusFailureInHeartbeat = false
    /// With what a busmonitor is refused beside other tunnels, and they beside it: 24 or 23 by products.
    public var busmonitorConflict = KNXnetIPStatus.noMoreConnections
    /// Whether L_Data.con has the tunnel's address in the place of source 0.0.0: interfaces do, knxd 0.14.54 does not.
    public var fillsSourceInConfirmation = true
    /// Whether what one tunnel sends is indicated to the others (engineering assumption).
    public var indicatesBetweenTunnels = true
    /// How it lives on the line's voltage.
    public var power = BusPowerParameters.transceiver

    /// - Parameter routing: what makes it a router; nil for an interface that is none, and so needs a slot.
    public init(address: IndividualAddress, slots: [IndividualAddress], routing: IPRoutingParameters? = nil) {
        precondition(slots.count < 64, "an interface serves at most 63 tunnels")
        precondition(!slots.isEmpty || routing != nil, "an interface serves at least one tunnel, unless it is a router")
        self.address = address
        self.slots = slots
        self.routing = routing
    }

    var addresses: Set<UInt16> { Set(slots.map(\.raw) + [address.raw]) }
}

/// What is wrong with an interface on purpose. Nothing, at first.
public struct IPInterfaceFaults: Hashable, Sendable {
    /// It hears no datagram and sends none, as one whose firmware hangs. Its line side goes on acknowledging.
    public var isSilent = false
    /// How much later than at once a client's request is acknowledged.
    public var acknowledgeDelay = Instant.Span.zero
    /// So many acknowledges of requests are lost from now on.
    public var acknowledgesLost = 0
    /// No telegram is confirmed.
    public var confirmsNothing = false
    /// Every confirmation says the opposite of the truth.
    public var confirmsWrongly = false
    /// Every indication is sent so many times more, each as a request of its own.
    public var indicationCopies = 0
    /// A client that takes its leave is answered, but its slot stays taken until no heartbeat has come for the alive time.
    public var keepsSlots = false

    public init() {}
}
