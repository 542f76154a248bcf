public import Events
public import KNX

/// The numbers and habits of one KNXnet/IP router beyond those of the interface that it is, too.
public struct IPRoutingParameters: Hashable, Sendable {
    /// What passes, either way.
    public var filter: RoutingFilter
    /// Telegrams from the network that wait for the line. What comes beyond is lost, and told (engineering assumption).
    public var longestQueueToLine = 64
    /// From so many waiting telegrams on it asks the others to pause (engineering assumption).
    public var busyQueueToLine = 48
    /// For how long it asks them to, milliseconds (engineering assumption; a parameter of products, property 78 of object 11).
    public var busyWaitMilliseconds: UInt16 = 100
    /// Telegrams from the line that wait for the network while others ask it to pause. What comes beyond is lost and only counted (engineering
    /// assumption).
    public var longestQueueToNetwork = 128
    /// Between two ROUTING_INDICATION: 20 ms keep to the 50 in a second that a sender is allowed (KNX standard 3/2/6).
    public var indicationSpacing = Instant.Span.milliseconds(20)
    /// Between two ROUTING_LOST_MESSAGE; losses in between are told together (engineering assumption).
    public var lostSpacing = Instant.Span.milliseconds(100)
    /// Hops that its datagrams live: IP_MULTICAST_TTL. 16 as other servers have it; of products not known.
    public var timeToLive: UInt8 = 16
    /// From which the pauses follow that are random by the standard.
    public var seed: UInt64 = 0

    public init(filter: RoutingFilter) {
        self.filter = filter
    }

    /// A router that routes all groups, and telegrams to devices by its own address.
    public init(address: IndividualAddress) {
        filter = RoutingFilter(address: address)
    }
}

/// What a router lets through between its line and the network (KNX standard 3/3/3).
public struct RoutingFilter: Hashable, Sendable {
    /// Telegrams to devices.
    public enum Individual: String, CaseIterable, Sendable {
        /// To the line what is addressed to it, to the network what is not.
        case byAddress = "by_address"
        case always, never
    }

    /// Its own address. What is addressed to itself it does not route. As x.y.0 it couples the line x.y, as x.0.0 the area x; with another it is taken
    /// for a coupler of the line that it stands in, which no product is.
    public var address: IndividualAddress
    /// What is to groups passes when it lies in one of these. Broadcasts always do.
    public var groups: [ClosedRange<GroupAddress>] = [GroupAddress(raw: 1)...GroupAddress(raw: 0xFFFF)]
    public var individual = Individual.byAddress

    public init(address: IndividualAddress) {
        self.address = address
    }

    /// True for a device on the coupled line or in the coupled area.
    func isInside(_ device: IndividualAddress) -> Bool {
        let mask: UInt16 = address.raw & 0x0FFF == 0 ? 0xF000 : 0xFF00
        return (device.raw ^ address.raw) & mask == 0
    }

    /// The telegram as it goes on at the other side, one hop shorter of life; nil when it does not. 7 is never counted down.
    func routed(_ frame: TP1Frame, toLine: Bool) -> TP1Frame? {
        guard frame.hopCount > 0, frame.extendedFormat == 0, passes(frame.destination, toLine: toLine) else {
            return nil
        }
        var routed = frame
        routed.isRepetition = false
        if frame.hopCount < 7 { routed.hopCount -= 1 }
        return routed
    }

    private func passes(_ destination: Destination, toLine: Bool) -> Bool {
        switch destination {
        case .group(let group): return group.raw == 0 || groups.contains { $0.contains(group) }
        case .individual(let device):
            guard device != address else { return false }
            return switch individual {
            case .always: true
            case .never: false
            case .byAddress: isInside(device) == toLine
            }
        }
    }
}
