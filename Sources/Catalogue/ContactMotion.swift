import Documents

extension Scenario {
    /// How a contact moves that does not simply open and close: it bounces, or it waits for a telegram to open in.
    public struct ContactMotion: Sendable, Hashable {
        /// Movements on the way to where the contact was told to go.
        public struct Bounce: Sendable, Hashable {
            /// How often it comes back before it stays.
            public var times: Int
            /// From its first movement to its last, nanoseconds.
            public var withinNanoseconds: Int64
            /// How long it is closed each time, about; the rest of the time it is open.
            public var closedNanoseconds: Int64
        }

        /// Where in a telegram it opens.
        public struct Place: Sendable, Hashable {
            /// 0 is the control field.
            public var octet: Int
            /// Bits after the start bit of that octet; 13 to the next one's.
            public var bit: Int

            /// Bits after the start of the telegram.
            public var bits: Int { 13 * octet + bit }
        }

        public var opening: Bounce?
        public var closing: Bounce?
        public var opensIn: Place?
    }

    /// What the witness must have seen of the telegram that a contact opened in.
    public enum TelegramLeft: String, CaseIterable, Sendable {
        /// Some of its octets, and then silence.
        case truncated
        /// All of its octets, and no acknowledge.
        case unacknowledged
    }
}

extension Scenario.ContactMotion {
    init(_ node: Node, _ parameters: Parameters) throws(DocumentFailure) {
        _ = try node.entries(of: "a contact", keys: ["opening", "closing", "opens_in"])
        opening = try node["opening"].map { node throws(DocumentFailure) in try Bounce(node, parameters) }
        closing = try node["closing"].map { node throws(DocumentFailure) in try Bounce(node, parameters) }
        if let place = node["opens_in"] {
            _ = try place.entries(of: "a place in a telegram", keys: ["octet", "bit"])
            opensIn = Place(
                octet: try parameters.resolve(try place.required("octet")).integer(3...254),
                bit: try parameters.resolve(try place.required("bit")).integer(0...12))
        }
    }
}

extension Scenario.ContactMotion.Bounce {
    init(_ node: Node, _ parameters: Parameters) throws(DocumentFailure) {
        _ = try node.entries(of: "a bounce", keys: ["times", "within", "closed"])
        times = try parameters.resolve(try node.required("times")).integer(3...20)
        withinNanoseconds = try parameters.resolve(try node.required("within")).nanoseconds()
        let closed = try parameters.resolve(try node.required("closed"))
        closedNanoseconds = try closed.nanoseconds()
        // Lengths differ by up to a fifth, and the contact must be open for as long as it is closed at least.
        guard closedNanoseconds > 0, closedNanoseconds * 2 <= withinNanoseconds / Int64(times) else {
            throw closed.failure("'closed' is at most half of what each of the \(times) times takes")
        }
    }
}
