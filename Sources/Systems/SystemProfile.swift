public import Documents
public import Events

/// What the rig must know of a system under test: how it is started, where its state shows, what it can be told, and how far it may lag.
/// One YAML file in `rigs/systems/`.
public struct SystemProfile: Sendable {
    /// The profile's `name`.
    public var name: String
    /// Where the profile lies, which `${profile_directory}` means.
    public var directory: String
    /// Plain values that other places of the profile refer to.
    public var parameters: [String: String]
    /// Programs that must be installed before anything starts.
    public var programs: [RequiredProgram]
    /// What the system needs around it and a scenario can take away.
    public var services: [Service]
    /// Connections inside the system in which the rig can put a gate.
    public var links: [Link]
    public var start: Start
    public var ready: Ready
    /// What the rig takes from the system's own words.
    public var learns: [Learned]
    public var login: Login?
    public var provision: Provision?
    public var points: Points
    public var views: [View]
    public var health: Health?
    public var command: Command?
    public var mutation: Mutation?
    public var registry: Registry?
    public var history: History?
    public var flood: Flood?
    /// Files of the host that the system sees in the place of this computer's own.
    public var hostFiles: [File]
    public var rows: Rows?
    public var processes: [ProcessRole]
    public var logs: [LogPattern]
    /// By kind of fault (`bus-cut`): the meanings of log lines that tell that the system noticed it.
    public var notices: [String: [String]]
    public var limits: Limits

    /// A text file that is written before its user starts.
    public struct File: Sendable {
        public var path: Template
        public var text: Template
        /// A program, such as one that stands in for another.
        public var isExecutable: Bool
    }

    public struct Service: Sendable {
        public var id: String
        public var run: [Template]
        public var files: [File]
        /// TCP port that accepts when the service is ready.
        public var readyPort: Template?
        /// Id of the gate between the system and this service.
        public var gate: String?
        /// It answers where only one can: it is started only where the system has a network of its own.
        public var needsOwnNetwork = false
        /// From a failure of the service to its next start; nil when nobody starts it again.
        public var restartAfterNanoseconds: Int64?
    }

    public struct Start: Sendable {
        public var run: [Template]
        /// Variables beside those that the rig itself has.
        public var environment: [String: Template]
        /// The file whose SHA-256 names the build in reports; nil: the program.
        public var build: Template?
        /// Further arguments per protection switched off; `${protection}` is its name.
        public var without: [Template]
        public var protections: [String]
        /// From SIGTERM to SIGKILL.
        public var stopWithinNanoseconds: Int64
        public var files: [File]
        /// A file that the system makes to be started with its computer; nil where the rig's host starts it always.
        public var onBoot: Template?
    }

    /// The system is ready when its log says something that means `log`.
    public struct Ready: Sendable {
        public var log: String
        public var withinNanoseconds: Int64
    }

    /// Group addresses of one use, with their datapoint type.
    public struct PointRange: Hashable, Sendable {
        public var addresses: [UInt16]
        /// Such as `9.001`.
        public var type: String
        /// Of tracers: a read gets the last value for an answer. For systems that ask the line whether it lives.
        public var isAnswered: Bool
    }

    public struct CommandPoint: Hashable, Sendable {
        public var group: UInt16
        /// Address of the actuator's status telegram.
        public var status: UInt16
        public var type: String
    }

    public struct Points: Hashable, Sendable {
        public var tracers: PointRange?
        public var sentinels: PointRange?
        public var repeats: PointRange?
        /// Known to the system and used for nothing else: malformed telegrams go there.
        public var spares: PointRange?
        /// Known to the system and silent but for a scenario in which many devices report.
        public var devices: PointRange?
        public var commands: [CommandPoint]
    }

    public struct View: Sendable {
        public var id: String
        public var source: ViewSource
        /// Every telegram shows in it, one by one.
        public var isStreaming: Bool
        /// What the view leaves out on purpose.
        public var suppresses: Suppression?
        /// How far the view may lag behind the line.
        public var limitNanoseconds: Int64
        /// What waits for whoever takes the view's telegrams; nil where the profile says nothing of it.
        public var queue: Queue?

        /// What the system declares of the queue before a view.
        public struct Queue: Sendable {
            /// Telegrams that may wait, 1…1999: a saturated line needs 46 s to fill one of 2000.
            public var bound: Int
            /// Where the system says how many telegrams it has dropped since its start: port and path of its interface, JSON pointer to the number.
            public var port: Template
            public var path: Template
            public var dropped: String
        }

        public enum Suppression: String, CaseIterable, Sendable {
            /// A value equal to the one before.
            case sameValue = "same-value"
        }
    }

    public struct Health: Sendable {
        public var port: Template
        public var path: Template
        /// The status that says healthy.
        public var healthyStatus: Int
        /// By JSON pointer: what the answer must say besides, where its status alone says little.
        public var holds: [String: Value]
        public var everyNanoseconds: Int64
    }

    public struct Command: Sendable {
        public var port: Template
        public var method: String
        /// May refer to `${group}` (1/2/0), `${id}` (1-2-0) and `${value}` (JSON, or what `words` has for it).
        public var path: Template
        public var body: Template?
        public var withinNanoseconds: Int64
        public var success: [Int]
        /// By value in JSON (`true`): what the system calls it.
        public var words: [String: String]
        public var everyNanoseconds: Int64
        /// The other way, where the system has one.
        public var mqtt: MQTT?

        /// A command is published to the broker, and the system's answer too.
        public struct MQTT: Sendable {
            public var port: Template
            /// May refer to what `path` of a command over HTTP may, `payload` to `${command}` besides, the id that the answer must have.
            public var topic: Template
            public var payload: Template
            public var withinNanoseconds: Int64
            /// What to subscribe to for answers, JSON pointers to the command's id and to what became of it, and the texts there that claim success.
            public var acknowledgeTopic: Template
            public var id: String
            public var status: String
            public var success: [String]
        }
    }

    /// Changes of something that the system stores, each answered when it is stored, and where it is read back.
    public struct Mutation: Sendable {
        public var port: Template
        public var method: String
        /// May refer to `${key}` and `${text}`, as `body` may.
        public var path: Template
        public var body: Template?
        public var withinNanoseconds: Int64
        public var success: [Int]
        public var everyNanoseconds: Int64
        /// How many keys are changed in turn.
        public var keys: Int
        public var readPath: Template
        /// JSON pointer to the object keyed by key, or to a list whose entries have theirs at `key`.
        public var entries: String
        public var key: String?
        /// JSON pointer to the text within one of its entries.
        public var text: String
    }

    /// How what the system keeps a registry of is created, changed and deleted through its interface, and how the rig looks at it.
    public struct Registry: Sendable {
        /// One kind of request. Path and body may refer to `${id}`, `${text}`, `${key}` and `${parent}`.
        public struct Call: Sendable {
            public var method: String
            public var path: Template
            public var body: Template?
            /// Statuses that claim success, those that refuse for what is there, and those that say that nothing is.
            public var done: [Int]
            public var conflict: [Int]
            public var absent: [Int]
        }

        /// Things that others refer to, and how both are made and the former deleted.
        public struct Relation: Sendable {
            /// What the parents are called: `rooms`.
            public var parents: String
            /// By name: `create_parent`, `create_child` and `delete_parent`.
            public var calls: [String: Call]
            public var reference: Reference
        }

        /// A column of the database that refers to another, whether or not the schema says so.
        public struct Reference: Sendable {
            public struct Column: Sendable, CustomStringConvertible {
                public var table: String
                public var column: String

                public var description: String { "\(table).\(column)" }
            }

            public var from: Column
            public var to: Column
        }

        public var port: Template
        public var withinNanoseconds: Int64
        /// By name: `create`, and of `change`, `get` and `delete` those that the system has.
        public var calls: [String: Call]
        public var relations: [Relation]
        /// Statuses that say that nothing was done, because there is too much to do.
        public var declined: [Int]
        public var readPath: Template
        /// JSON pointer to the object keyed by id, or to a list whose entries have theirs at `key`; and within an entry to the object of changes.
        public var entries: String
        public var key: String?
        /// Within an entry, and within the answer to `get`: what `create` called it.
        public var text: String?
        public var changes: String?
        /// Two columns: id, and how many rows have it.
        public var rows: String
        /// Three columns: id, key, and the value that a change has put there.
        public var values: String?
    }

    /// What a system keeps of the past, and how the rig counts it: each query gives one number.
    public struct History: Sendable {
        public var path: Template
        /// Rows that the system says it keeps at most.
        public var bound: Int64
        public var rows: String
        /// Rows whose value is that of the row before of the same point.
        public var repeats: String
        /// Rows that are older than the system says it keeps them.
        public var old: String
        /// A statement that makes some rows so old.
        public var age: String
        /// Each row: group address, raw value, milliseconds since 1970.
        public var entries: String?
    }

    /// What clients ask for that ask for too much.
    public struct Flood: Sendable {
        public var port: Template
        public var readPath: Template
        public var oversizeMethod: String
        public var oversizePath: Template
        /// A body that would be good; it is made larger by spaces behind its first colon.
        public var oversizeBody: String
        public var oversizeOctets: Int
        /// Statuses that refuse a body that is too large.
        public var refused: [Int]

        /// For a plan: a list of numbers.
        public var refusedStatuses: Value { .list(refused.map { .integer(Int64($0)) }) }
    }

    /// The rows that the system writes to a time-series database over HTTP, in Influx line protocol stamped in nanoseconds.
    public struct Rows: Sendable {
        /// Id of the view of that database, which is of the kind `rows`.
        public var view: String
        /// Id of the gate that the writes pass.
        public var gate: String
        public var method: String
        public var path: String
        /// The tag of a line that says whose row it is, how the group address is written there, and the field that holds the value.
        public var label: String
        public var name: PointName
        public var field: String
        /// How many rows wait at most while the database cannot be reached.
        public var bound: Int
        /// JSON pointer, in the answer of `health`, to the number of rows that the system has given up; nil when it counts none.
        public var dropped: String?
    }

    public struct ProcessRole: Hashable, Sendable {
        public var id: String
        public var isMain: Bool
        /// Name of the program, for a process below the main one.
        public var command: String?
    }

    public struct LogPattern: Hashable, Sendable {
        public var pattern: TextPattern
        public var means: String
    }

    public struct Limits: Hashable, Sendable {
        /// By kind of fault, nanoseconds.
        public var recover: [String: Int64]
        public var detect: [String: Int64]
        public var descriptors: Int
        /// What the main process's resident memory may grow while it is overloaded, or nobody takes what it has.
        public var memoryKilobytes: Int
        /// What each of its processes may grow with each fault of many: its own memory, and thousandths of a thread and of a descriptor.
        public var growthKilobytes: Int
        /// As `recover`, where a link had damaged what passed: whoever waits for the rest of a message learns of it by a keep-alive alone. nil: as for any link in trouble.
        public var recoverDamagedNanoseconds: Int64?
        public var growthPermille: Int
        /// Instants after a cut, nanoseconds, at which the interface daemon itself detects it: no cut ends close to them.
        public var daemonDetectsAfter: [Int64]
    }

    /// Reads a profile file.
    public static func load(_ path: String) throws(DocumentFailure) -> SystemProfile {
        try SystemProfile(Node.parse(try DataDirectories.read(path), file: path))
    }

    /// - Throws: the first name of `protections` that the profile does not declare, with the nearest one that it does.
    public func check(without protections: [String]) throws(SystemFault) {
        for name in protections where !start.protections.contains(name) {
            let known = start.protections
            let list = known.isEmpty ? "it declares none" : "it declares " + known.joined(separator: ", ")
            throw SystemFault(
                "\(self.name) has no protection '\(name)'" + Nearest.suggestion(for: name, among: known) + " (\(list))")
        }
    }
}

/// Why a system under test, its host or a probe could not be had: one sentence for the person at the bench.
public struct SystemFault: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) {
        self.description = description
    }
}
