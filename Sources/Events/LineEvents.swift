extension Event {
    /// One frame, or what was left of one, as a witness or another attachment received it. The event's instant is the end of its last
    /// octet on the line.
    public struct Frame: Hashable, Sendable {
        /// The line's id in the rig file.
        public var line: String
        /// The raw LPDU with its check octet, as received.
        public var octets: [UInt8]
        /// The acknowledge character that followed (CC, 0C, C0, 00); nil when none was seen within its window.
        public var acknowledge: UInt8?
        /// Start of the first octet on the line.
        public var began: Instant
        /// What is wrong with the frame ("checksum", "truncated", …); nil for a good one.
        public var flaw: String?
        /// Of an attachment that numbers what it tells, the number of the frame, modulo 8; the acknowledge, where there was one, has the next. Nil of
        /// one that does not.
        public var sequence: Int?

        public init(
            line: String, octets: [UInt8], acknowledge: UInt8?, began: Instant, flaw: String? = nil,
            sequence: Int? = nil
        ) {
            self.sequence = sequence
            self.line = line
            self.octets = octets
            self.acknowledge = acknowledge
            self.began = began
            self.flaw = flaw
        }

        public init(_ record: Record) throws(RecordFailure) {
            line = try record.text("line")
            octets = try record.octets("octets")
            acknowledge = record.optionalOctets("acknowledge")?.first
            began = try record.instant("began")
            flaw = record.optionalText("flaw")
            sequence = record.optionalInteger("sequence").map { Int(clamping: $0) }
        }

        public var value: Value {
            .record(present: [
                ("line", .text(line)), ("octets", .octets(octets)), ("acknowledge", acknowledge.map { .octets([$0]) }),
                ("began", .integer(began.nanoseconds)), ("flaw", flaw.map(Value.text)),
                ("sequence", sequence.map { .integer(Int64($0)) }),
            ])
        }
    }

    /// What an interface chip told its driver about itself.
    public struct InterfaceReport: Hashable, Sendable {
        public enum Report: String, CaseIterable, Sendable {
            /// The device could be opened / went away (end of file, hang-up, error).
            case opened, closed
            /// The chip said Reset.ind: after our own reset request, or by itself when bus power came back.
            case reset
            /// The driver has put the chip into its working mode (again).
            case armed
            /// The chip answered a state request.
            case state
            /// The chip answered nothing within its time.
            case silent
        }

        public var line: String
        public var report: Report
        /// The octet that said it, where there was one.
        public var octet: UInt8?
        public var detail: String?

        public init(line: String, report: Report, octet: UInt8? = nil, detail: String? = nil) {
            self.line = line
            self.report = report
            self.octet = octet
            self.detail = detail
        }

        public init(_ record: Record) throws(RecordFailure) {
            line = try record.text("line")
            report = try record.choice("report")
            octet = record.optionalOctets("octet")?.first
            detail = record.optionalText("detail")
        }

        public var value: Value {
            .record(present: [
                ("line", .text(line)), ("report", .text(report.rawValue)), ("octet", octet.map { .octets([$0]) }),
                ("detail", detail.map(Value.text)),
            ])
        }
    }

    /// A telegram of the rig's own stimulus and what became of it.
    public struct Stimulation: Hashable, Sendable {
        public enum Role: String, CaseIterable, Sendable {
            case tracer, sentinel, `repeat`, response, load, other
        }

        public enum Outcome: String, CaseIterable, Sendable {
            /// It was due now and has been handed to the chip.
            case due
            /// L_Data.con positive: somebody acknowledged it.
            case confirmed
            /// L_Data.con negative: sent, acknowledged by nobody.
            case unacknowledged
            /// The chip answered nothing.
            case unanswered
            /// A value was changed without a telegram (a sentinel while the line is dead).
            case changed
        }

        public var line: String
        /// Destination group address, 16 bits.
        public var group: UInt16
        /// The data: the ASDU, or for values of at most six bits one octet with the value.
        public var raw: [UInt8]
        public var role: Role
        public var outcome: Outcome

        public init(line: String, group: UInt16, raw: [UInt8], role: Role, outcome: Outcome) {
            self.line = line
            self.group = group
            self.raw = raw
            self.role = role
            self.outcome = outcome
        }

        public init(_ record: Record) throws(RecordFailure) {
            line = try record.text("line")
            group = UInt16(truncatingIfNeeded: try record.integer("group"))
            raw = try record.octets("raw")
            role = try record.choice("role")
            outcome = try record.choice("outcome")
        }

        public var value: Value {
            .record(present: [
                ("line", .text(line)), ("group", .integer(Int64(group))), ("raw", .octets(raw)),
                ("role", .text(role.rawValue)), ("outcome", .text(outcome.rawValue)),
            ])
        }
    }

    /// The voltage of a line's supply as its sense input sees it.
    public struct SupplyReading: Hashable, Sendable {
        public var line: String
        public var millivolts: Int64

        public init(line: String, millivolts: Int64) {
            self.line = line
            self.millivolts = millivolts
        }

        public init(_ record: Record) throws(RecordFailure) {
            line = try record.text("line")
            millivolts = try record.integer("millivolts")
        }

        public var value: Value { ["line": .text(line), "millivolts": .integer(millivolts)] }
    }
}
