/// Anything that happened, with its instant, how far that instant may be off, and who stamped it. Everything the rig knows is an
/// event, and a checker reads nothing else.
public struct Event: Hashable, Sendable {
    /// When it happened on the clock of its source.
    public var instant: Instant
    /// Standard uncertainty of `instant`, nanoseconds.
    public var uncertaintyNanoseconds: Int64
    /// Where it was stamped: one of the sources that the plan declares, such as `witness`, `keeper` or `mqtt`.
    public var source: String
    public var payload: Payload

    public init(at instant: Instant, uncertaintyNanoseconds: Int64 = 0, source: String, _ payload: Payload) {
        self.instant = instant
        self.uncertaintyNanoseconds = uncertaintyNanoseconds
        self.source = source
        self.payload = payload
    }

    /// What happened, by the kind that evidence names it with.
    public enum Payload: Hashable, Sendable {
        /// Event 0 of a run: all that judges it.
        case plan(Value)
        case phase(Phase)
        case frame(Frame)
        case interface(InterfaceReport)
        case stimulus(Stimulation)
        case actuation(Actuation)
        case supply(SupplyReading)
        case operation(Operation)
        case sample(Sample)
        case process(ProcessChange)
        case log(LogLine)
        case link(LinkChange)
        case slip(Slip)
        case gap(Gap)
        /// The last event of a run: its verdict as computed live.
        case seal(Value)
        /// A kind that this build does not know; kept as read.
        case other(kind: String, Value)
    }
}

extension Event.Payload {
    /// The name of the kind in evidence.
    public var kind: String {
        switch self {
        case .plan: "plan"
        case .phase: "phase"
        case .frame: "frame"
        case .interface: "interface"
        case .stimulus: "stimulus"
        case .actuation: "actuation"
        case .supply: "supply"
        case .operation: "operation"
        case .sample: "sample"
        case .process: "process"
        case .log: "log"
        case .link: "link"
        case .slip: "slip"
        case .gap: "gap"
        case .seal: "seal"
        case .other(let kind, _): kind
        }
    }

    /// The details as evidence holds them under `d`.
    public var value: Value {
        switch self {
        case .plan(let value), .seal(let value), .other(_, let value): value
        case .phase(let details): details.value
        case .frame(let details): details.value
        case .interface(let details): details.value
        case .stimulus(let details): details.value
        case .actuation(let details): details.value
        case .supply(let details): details.value
        case .operation(let details): details.value
        case .sample(let details): details.value
        case .process(let details): details.value
        case .log(let details): details.value
        case .link(let details): details.value
        case .slip(let details): details.value
        case .gap(let details): details.value
        }
    }

    /// Reads what `value` wrote.
    ///
    /// - Throws: `RecordFailure` when a known kind lacks a key or has one of the wrong type. An unknown kind is never an error.
    public init(kind: String, value: Value) throws(RecordFailure) {
        let record = Record(value)
        switch kind {
        case "plan": self = .plan(value)
        case "seal": self = .seal(value)
        case "phase": self = .phase(try Event.Phase(record))
        case "frame": self = .frame(try Event.Frame(record))
        case "interface": self = .interface(try Event.InterfaceReport(record))
        case "stimulus": self = .stimulus(try Event.Stimulation(record))
        case "actuation": self = .actuation(try Event.Actuation(record))
        case "supply": self = .supply(try Event.SupplyReading(record))
        case "operation": self = .operation(try Event.Operation(record))
        case "sample": self = .sample(try Event.Sample(record))
        case "process": self = .process(try Event.ProcessChange(record))
        case "log": self = .log(try Event.LogLine(record))
        case "link": self = .link(try Event.LinkChange(record))
        case "slip": self = .slip(try Event.Slip(record))
        case "gap": self = .gap(try Event.Gap(record))
        default: self = .other(kind: kind, value)
        }
    }
}

/// Where a source delivers its events; callable from any thread.
public typealias EventSink = @Sendable (Event) -> Void
