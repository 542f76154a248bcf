extension Event {
    /// A request to the system under test: invoked, then answered ok, failed, or never (unknown).
    public struct Operation: Hashable, Sendable {
        public enum Action: String, CaseIterable, Sendable {
            case invoke, ok, failed, unknown
        }

        /// Joins an answer to its invocation.
        public var id: Int64
        /// What is asked: `command`, `health`, `state`.
        public var name: String
        public var action: Action
        /// For a command: the group address that its telegram must go to, and the raw value it must carry.
        public var group: UInt16?
        public var raw: [UInt8]?
        /// HTTP status or the like, where there was one.
        public var status: Int64?
        public var detail: String?
        /// For a change of something stored: what is changed, and what it is changed to.
        public var key: String?
        public var text: String?
        /// `mqtt` for a command that was published to the broker; nil over HTTP.
        public var way: String?
        /// What the answer to a request claims, by the system profile; nil for none of these, and in evidence of before there were these.
        public var claim: Claim?
        /// What the answer to a request for one thing shows of it: `text`, where the profile says where that is, and `values` by their keys.
        public var found: Value?

        public enum Claim: String, CaseIterable, Sendable {
            case done
            /// Refused for what is there.
            case conflict
            /// What it is about is not there.
            case absent
            /// Nothing was done: there is too much to do.
            case declined
        }

        public init(
            id: Int64, name: String, action: Action, group: UInt16? = nil, raw: [UInt8]? = nil, status: Int64? = nil,
            detail: String? = nil, key: String? = nil, text: String? = nil, way: String? = nil, claim: Claim? = nil,
            found: Value? = nil
        ) {
            self.id = id
            self.name = name
            self.action = action
            self.group = group
            self.raw = raw
            self.status = status
            self.detail = detail
            self.key = key
            self.text = text
            self.way = way
            self.claim = claim
            self.found = found
        }

        public init(_ record: Record) throws(RecordFailure) {
            id = try record.integer("id")
            name = try record.text("name")
            action = try record.choice("action")
            group = record.optionalInteger("group").map { UInt16(truncatingIfNeeded: $0) }
            raw = record.optionalOctets("raw")
            status = record.optionalInteger("status")
            detail = record.optionalText("detail")
            key = record.optionalText("key")
            text = record.optionalText("text")
            way = record.optionalText("way")
            claim = record.optionalText("claim").flatMap(Claim.init(rawValue:))
            found = record.value["found"]
        }

        public var value: Value {
            .record(present: [
                ("id", .integer(id)), ("name", .text(name)), ("action", .text(action.rawValue)),
                ("group", group.map { .integer(Int64($0)) }), ("raw", raw.map { .octets($0) }),
                ("status", status.map(Value.integer)), ("detail", detail.map(Value.text)), ("key", key.map(Value.text)),
                ("text", text.map(Value.text)), ("way", way.map(Value.text)),
                ("claim", claim.map { .text($0.rawValue) }), ("found", found),
            ])
        }
    }

    /// One value seen in one view at one instant. For a polled view the instant is the middle of the request and the uncertainty
    /// carries the interval over √12.
    public struct Sample: Hashable, Sendable {
        /// The view's id in the system profile (`mqtt`, `http`, `database`), or `process`, `health`, `broker` for what is no state of
        /// points.
        public var view: String
        /// The point: a group address as text (`1/1/5`), or a name such as `descriptors`.
        public var point: String
        /// Raw octets of the value, where the view shows them.
        public var raw: [UInt8]?
        /// The value as text or number, where it is not raw octets.
        public var reading: Value?

        public init(view: String, point: String, raw: [UInt8]? = nil, reading: Value? = nil) {
            self.view = view
            self.point = point
            self.raw = raw
            self.reading = reading
        }

        public init(_ record: Record) throws(RecordFailure) {
            view = try record.text("view")
            point = try record.text("point")
            raw = record.optionalOctets("raw")
            reading = record.value["reading"]
        }

        public var value: Value {
            .record(present: [
                ("view", .text(view)), ("point", .text(point)), ("raw", raw.map { .octets($0) }), ("reading", reading),
            ])
        }
    }

    /// A process of the system under test or of its surroundings appeared or ended.
    public struct ProcessChange: Hashable, Sendable {
        public enum Change: String, CaseIterable, Sendable {
            case started, exited
            /// It stands still by a signal, and goes on by another.
            case stopped, continued
        }

        /// The role of the process in the profile: `controller`, `broker`, `knxd`.
        public var process: String
        public var pid: Int64
        public var change: Change
        /// Exit status, when it exited by itself and somebody could know.
        public var status: Int64?
        /// The signal that ended it.
        public var signal: Int64?

        public init(process: String, pid: Int64, change: Change, status: Int64? = nil, signal: Int64? = nil) {
            self.process = process
            self.pid = pid
            self.change = change
            self.status = status
            self.signal = signal
        }

        public init(_ record: Record) throws(RecordFailure) {
            process = try record.text("process")
            pid = try record.integer("pid")
            change = try record.choice("change")
            status = record.optionalInteger("status")
            signal = record.optionalInteger("signal")
        }

        public var value: Value {
            .record(present: [
                ("process", .text(process)), ("pid", .integer(pid)), ("change", .text(change.rawValue)),
                ("status", status.map(Value.integer)), ("signal", signal.map(Value.integer)),
            ])
        }
    }

    /// A line of a process's output, with the meaning that the system profile gives it, if any.
    public struct LogLine: Hashable, Sendable {
        public var process: String
        public var line: String
        /// The `means` of the profile's pattern that matched, such as `knxd exited`.
        public var means: String?

        public init(process: String, line: String, means: String? = nil) {
            self.process = process
            self.line = line
            self.means = means
        }

        public init(_ record: Record) throws(RecordFailure) {
            process = try record.text("process")
            line = try record.text("line")
            means = record.optionalText("means")
        }

        public var value: Value {
            .record(present: [
                ("process", .text(process)), ("line", .text(line)), ("means", means.map(Value.text)),
            ])
        }
    }
}
