public import Events

/// What a verdict says of the witness that it rests on: that what the line said is what was recorded, or what is missing.
public struct WitnessStatement: Sendable, Hashable {
    public var standing: LossConclusion.Standing
    /// One sentence, which names the ledgers that spoke.
    public var sentence: String
    /// Frames that the witness told.
    public var frames: Int
    /// Telegrams of the rig's own that were acknowledged on the line, each of which the witness must have told.
    public var sent: Int
    /// Telegrams proven to be missing, at least.
    public var lost: Int
    /// Losses by time and place, the first of them; instants as seconds after the first event.
    public var places: [String]
    /// What is not proven.
    public var limits: [String]

    public init(
        standing: LossConclusion.Standing, sentence: String, frames: Int, sent: Int, lost: Int, places: [String],
        limits: [String]
    ) {
        self.standing = standing
        self.sentence = sentence
        self.frames = frames
        self.sent = sent
        self.lost = lost
        self.places = places
        self.limits = limits
    }

    private static let mostPlaces = 20

    init(_ conclusion: WitnessConclusion) {
        standing = conclusion.standing
        sentence = conclusion.sentence
        frames = conclusion.losses.sightings
        sent = conclusion.sent
        lost = conclusion.lost
        places = Array(
            conclusion.places(since: conclusion.begun ?? Instant(nanoseconds: 0)).prefix(Self.mostPlaces))
        limits = conclusion.limits
    }

    public init(_ record: Record) throws(RecordFailure) {
        standing = try record.choice("standing")
        sentence = try record.text("sentence")
        frames = Int(clamping: try record.integer("frames"))
        sent = Int(clamping: try record.integer("sent"))
        lost = Int(clamping: try record.integer("lost"))
        places = (record.value["places"]?.list ?? []).compactMap(\.text)
        limits = (record.value["limits"]?.list ?? []).compactMap(\.text)
    }

    public var value: Value {
        [
            "standing": .text(standing.rawValue), "sentence": .text(sentence), "frames": .integer(Int64(frames)),
            "sent": .integer(Int64(sent)), "lost": .integer(Int64(lost)), "places": .list(places.map(Value.text)),
            "limits": .list(limits.map(Value.text)),
        ]
    }
}
