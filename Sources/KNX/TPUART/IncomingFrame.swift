/// The octets of a frame that is coming in, with what their arrivals say about the line's schedule: one octet per 13 bit times.
struct IncomingFrame: Sendable {
    private(set) var octets: [UInt8] = []
    private(set) var arrivals: [Int64] = []
    /// When the first octet would have arrived without any delay, nanoseconds. An octet may be late but never early, so the earliest of
    /// all octets, each less its place in the frame, is the best estimate.
    private(set) var schedule = Int64.max
    private(set) var longestSilence: Int64 = 0
    /// Index of the octet that came after a silence which is not explained yet.
    var doubt: Int?

    mutating func append(_ octet: UInt8, arrival: Int64) {
        if let last = arrivals.last { longestSilence = max(longestSilence, arrival &- last) }
        schedule = min(schedule, arrival &- Self.pitchNanoseconds(octets.count))
        octets.append(octet)
        arrivals.append(arrival)
    }

    /// How much later than the schedule the last octet came.
    var lateness: Int64 {
        (arrivals.last ?? schedule) &- schedule &- Self.pitchNanoseconds(arrivals.count - 1)
    }

    /// True when the octets from `index` on are several and none came sooner after the one before than the line lets it: they were not late, or all by
    /// as much. What came sooner was overdue, and so was what came before it.
    func keepsPace(from index: Int) -> Bool {
        guard arrivals.count - index >= Self.paced else { return false }
        return zip(arrivals[index...], arrivals[(index + 1)...]).allSatisfy { $1 &- $0 > Self.overdue }
    }

    /// So many octets show a pace; two of a burst may have been torn apart by a second stall.
    private static let paced = 3
    /// Of 1.35 ms, less what arrivals on a quiet computer differ by.
    private static let overdue: Int64 = 900_000

    /// True when no two octets of several agree on the schedule.
    var isBurst: Bool {
        let punctual = arrivals.indices.count { arrivals[$0] &- Self.pitchNanoseconds($0) &- schedule < 400_000 }
        return arrivals.count > 1 && punctual < 2
    }

    /// From the arrival of one octet of a frame to that of the `count`-th after it.
    static func pitchNanoseconds(_ count: Int) -> Int64 {
        BusTiming.nanoseconds(bits: Int64(BusTiming.characterPitchBits * count))
    }
}
