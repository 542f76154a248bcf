extension Event {
    /// Where a run stands in its seven steps.
    public struct Phase: Hashable, Sendable {
        public enum Step: String, CaseIterable, Sendable {
            case setUp = "set_up"
            case verifyNormal = "verify_normal"
            case inject
            case verifyDegraded = "verify_degraded"
            case heal
            case verifyRecovery = "verify_recovery"
            case checkLeaks = "check_leaks"
            /// What follows the seven steps, whatever happened.
            case safeState = "safe_state"
        }

        public enum Edge: String, CaseIterable, Sendable {
            case begin, end
        }

        public var step: Step
        public var edge: Edge
        /// Why a step ended as it did, when it was not simply done.
        public var reason: String?

        public init(_ step: Step, _ edge: Edge, reason: String? = nil) {
            self.step = step
            self.edge = edge
            self.reason = reason
        }

        public init(_ record: Record) throws(RecordFailure) {
            step = try record.choice("step")
            edge = try record.choice("edge")
            reason = record.optionalText("reason")
        }

        public var value: Value {
            .record(present: [
                ("step", .text(step.rawValue)), ("edge", .text(edge.rawValue)), ("reason", reason.map(Value.text)),
            ])
        }
    }

    /// One command to the rig's hands: a relay channel, or a fault made by other means (a process killed, a gate closed).
    public struct Actuation: Hashable, Sendable {
        public enum Readback: String, CaseIterable, Sendable {
            case confirmed, assumed, failed
        }

        /// What was actuated: a rig channel such as `bus-power`, or `process:broker`, `gate:broker`.
        public var target: String
        /// The meaning commanded: `cut`, `powered`, `kill`, `start`, `open`, `closed`.
        public var meaning: String
        /// `fault` and `heal` mark the two edges that the scenario is about; `safe` the safe state; `set_up` everything else.
        public var purpose: String
        public var due: Instant
        public var commanded: Instant
        /// When the read-back (or its equivalent) was in; nil when it never came.
        public var observed: Instant?
        public var readback: Readback
        public var reason: String?

        public init(
            target: String, meaning: String, purpose: String, due: Instant, commanded: Instant, observed: Instant?,
            readback: Readback, reason: String? = nil
        ) {
            self.target = target
            self.meaning = meaning
            self.purpose = purpose
            self.due = due
            self.commanded = commanded
            self.observed = observed
            self.readback = readback
            self.reason = reason
        }

        public init(_ record: Record) throws(RecordFailure) {
            target = try record.text("target")
            meaning = try record.text("meaning")
            purpose = try record.text("purpose")
            due = try record.instant("due")
            commanded = try record.instant("commanded")
            observed = record.optionalInstant("observed")
            readback = try record.choice("readback")
            reason = record.optionalText("reason")
        }

        public var value: Value {
            .record(present: [
                ("target", .text(target)), ("meaning", .text(meaning)), ("purpose", .text(purpose)),
                ("due", .integer(due.nanoseconds)), ("commanded", .integer(commanded.nanoseconds)),
                ("observed", observed.map { .integer($0.nanoseconds) }), ("readback", .text(readback.rawValue)),
                ("reason", reason.map(Value.text)),
            ])
        }
    }

    /// A link of the rig's own that the system under test uses (a gate): what it saw on it.
    public struct LinkChange: Hashable, Sendable {
        public enum Change: String, CaseIterable, Sendable {
            /// The gate lets traffic through / refuses it.
            case opened, closed
            /// The system under test connected / its connection ended / it tried and was refused.
            case connected, disconnected, refused
        }

        /// The link's id, such as `broker`.
        public var link: String
        public var change: Change
        public var detail: String?

        public init(link: String, change: Change, detail: String? = nil) {
            self.link = link
            self.change = change
            self.detail = detail
        }

        public init(_ record: Record) throws(RecordFailure) {
            link = try record.text("link")
            change = try record.choice("change")
            detail = record.optionalText("detail")
        }

        public var value: Value {
            .record(present: [
                ("link", .text(link)), ("change", .text(change.rawValue)), ("detail", detail.map(Value.text)),
            ])
        }
    }

    /// A deadline of the rig's own that was missed: never blamed on the system under test.
    public struct Slip: Hashable, Sendable {
        /// The thread or loop that was late, such as `twin line` or `stimulus`.
        public var thread: String
        public var lateNanoseconds: Int64

        public init(thread: String, lateNanoseconds: Int64) {
            self.thread = thread
            self.lateNanoseconds = lateNanoseconds
        }

        public init(_ record: Record) throws(RecordFailure) {
            thread = try record.text("thread")
            lateNanoseconds = try record.integer("late")
        }

        public var value: Value { ["thread": .text(thread), "late": .integer(lateNanoseconds)] }
    }

    /// A window in which a source could not see.
    public struct Gap: Hashable, Sendable {
        /// The source that was blind.
        public var blind: String
        public var from: Instant
        public var to: Instant
        public var reason: String

        public init(blind: String, from: Instant, to: Instant, reason: String) {
            self.blind = blind
            self.from = from
            self.to = to
            self.reason = reason
        }

        public init(_ record: Record) throws(RecordFailure) {
            blind = try record.text("blind")
            from = try record.instant("from")
            to = try record.instant("to")
            reason = try record.text("reason")
        }

        public var value: Value {
            [
                "blind": .text(blind), "from": .integer(from.nanoseconds), "to": .integer(to.nanoseconds),
                "reason": .text(reason),
            ]
        }
    }
}
