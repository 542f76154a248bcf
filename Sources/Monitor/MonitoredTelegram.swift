public import Events
public import KNX

/// A frame of the line with all that a person wants to read of it.
public struct MonitoredTelegram: Hashable, Sendable {
    /// What became of it on the line.
    public enum Mark: String, CaseIterable, Sendable {
        case acknowledged, unacknowledged
        case notAcknowledged = "nack"
        case busy
        /// Cut short, damaged, or no frame at all.
        case bad

        /// Worth jumping to.
        public var isTrouble: Bool { self == .notAcknowledged || self == .busy || self == .bad }

        /// As a column shows it.
        public var label: String {
            switch self {
            case .acknowledged: "ACK"
            case .unacknowledged: "-"
            case .notAcknowledged: "NACK"
            case .busy: "BUSY"
            case .bad: "bad"
            }
        }
    }

    /// Counts from 1 on.
    public var number: Int
    public var instant: Instant
    public var unixNanoseconds: Int64
    public var frame: Event.Frame
    public var mark: Mark
    public var isRepetition = false
    /// nil for what is no frame.
    public var source: IndividualAddress?
    public var destination: Destination?
    /// The name of the application service in the standard.
    public var service: String?
    /// The name that the planning has for its group address.
    public var name: String?
    /// Its value in the type that the planning has for its group address.
    public var value: String?
    /// The type of the value.
    public var type: DatapointType?
    /// The whole of it as a bus monitor writes it, without name and value.
    public var text: String

    /// Reads a frame.
    ///
    /// - Parameter unixOffsetNanoseconds: Unix time minus the rig's clock.
    public init(
        _ frame: Event.Frame, at instant: Instant, number: Int, unixOffsetNanoseconds: Int64, groups: GroupAddressTable
    ) {
        self.number = number
        self.instant = instant
        self.frame = frame
        unixNanoseconds = instant.nanoseconds &+ unixOffsetNanoseconds
        var line = BusMonitorLine(groupAddresses: groups.style)
        line.show(lpdu: frame.octets.span)
        text = line.text
        guard frame.flaw == nil, let decoded = try? TP1Frame(octets: frame.octets) else {
            mark = .bad
            if let flaw = frame.flaw { text = "\(flaw): \(Hexadecimal.text(frame.octets))" }
            return
        }
        mark = Self.mark(frame.acknowledge)
        isRepetition = decoded.isRepetition
        source = decoded.source
        destination = decoded.destination
        service = Self.service(decoded)
        guard case .group(let group) = decoded.destination, let entry = groups[group] else { return }
        name = entry.name.isEmpty ? nil : entry.name
        type = entry.type
        if let sent = try? GroupService.of(decoded).service.value { value = groups.text(of: sent, at: group) }
    }

    /// A busy receiver bars the others' opinions, as it does for the sender.
    private static func mark(_ acknowledge: UInt8?) -> Mark {
        switch acknowledge {
        case TP1.acknowledge: .acknowledged
        case TP1.notAcknowledge: .notAcknowledged
        case TP1.busy, TP1.notAcknowledgeAndBusy: .busy
        default: .unacknowledged
        }
    }

    private static func service(_ frame: TP1Frame) -> String? {
        guard frame.extendedFormat == 0 else { return nil }
        var faults = Faults()
        let isGroup = if case .group = frame.destination { true } else { false }
        let unit = TransportUnit(
            frame.transportUnit.span, isGroup: isGroup, destinationIsZero: frame.destination.raw == 0,
            isSystemBroadcast: false, faults: &faults, at: 0)
        return unit.service?.name ?? unit.transport?.name
    }
}
