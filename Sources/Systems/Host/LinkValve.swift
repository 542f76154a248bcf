import Events
import Platform

/// What one direction of a connection does to the octets in it: a gate puts in what it has read, and takes out what may go on by now. Pure: it knows no
/// socket and no clock.
struct LinkValve {
    /// More than this is not taken before some of it has gone on.
    static let most = 1 << 16

    let trouble: LinkTrouble?
    private var random: SeededGenerator
    private var held: [(due: Instant, octets: [UInt8])] = []
    /// Octets to the next that is damaged.
    private var untilDamage = 0
    /// Octets that may pass by now, and since when more have come.
    private var allowance = 0.0
    private var allowedSince: Instant?
    /// Half of a frame has been taken: when it has passed, the connection ends.
    private(set) var isCut = false

    /// - Parameter seed: which bits are damaged.
    init(_ trouble: LinkTrouble? = nil, seed: UInt64 = 0) {
        self.trouble = trouble
        random = SeededGenerator(seed: seed)
        if case .corrupting(let every) = trouble { untilDamage = Int(random.next() % UInt64(max(1, every))) }
    }

    /// Whether it takes octets at all now.
    var isTaking: Bool {
        if trouble == .halfOpen || isCut { return false }
        return held.reduce(0) { $0 + $1.octets.count } < Self.most
    }

    var isEmpty: Bool { held.isEmpty }

    /// What is in it, whatever its trouble: for a link that is sound again.
    mutating func empty() -> [UInt8] {
        defer { held = [] }
        return held.flatMap(\.octets)
    }

    /// Puts in what came at `instant`; never empty.
    ///
    /// - Parameter isSystems: the system sent it.
    mutating func take(_ octets: [UInt8], isSystems: Bool, at instant: Instant) {
        switch trouble {
        case nil, .cut, .halfOpen, .throttled: held.append((instant, octets))
        case .delayed(let nanoseconds): held.append((instant + Instant.Span(nanoseconds: nanoseconds), octets))
        case .corrupting(let every): held.append((instant, damaged(octets, every: max(1, every))))
        case .cuttingInFrame, .cuttingInServiceFrame:
            guard isSystems == (trouble == .cuttingInFrame) else { return held.append((instant, octets)) }
            held.append((instant, Array(octets.prefix((octets.count + 1) / 2))))
            isCut = true
        }
    }

    private mutating func damaged(_ octets: [UInt8], every: Int) -> [UInt8] {
        var octets = octets
        for index in octets.indices {
            guard untilDamage == 0 else {
                untilDamage -= 1
                continue
            }
            octets[index] ^= 1 << UInt8(random.next() % 8)
            untilDamage = every - 1
        }
        return octets
    }

    /// Takes out what may go on at `instant`, in the order in which it came.
    mutating func release(at instant: Instant) -> [UInt8] {
        var octets: [UInt8] = []
        if case .throttled(let rate) = trouble {
            let rate = Double(max(1, rate))
            if let allowedSince {
                // What was not used is saved for a tenth of a second.
                allowance = min(max(1, rate / 10), allowance + (instant - allowedSince).seconds * rate)
            }
            allowedSince = instant
            while let first = held.first, allowance >= 1 {
                let count = min(first.octets.count, Int(allowance))
                octets += first.octets.prefix(count)
                allowance -= Double(count)
                if count == first.octets.count { held.removeFirst() } else { held[0].octets.removeFirst(count) }
            }
        } else {
            while let first = held.first, first.due <= instant {
                octets += first.octets
                held.removeFirst()
            }
        }
        return octets
    }

    /// When it is worth while to ask again; nil: not before something is put in.
    func nextRelease(after instant: Instant) -> Instant? {
        guard let first = held.first else { return nil }
        guard case .throttled(let rate) = trouble else { return first.due }
        // A tenth of a second's worth at a time, so that the gate sleeps in between.
        let wanted = min(Double(first.octets.count), max(1, Double(rate) / 10))
        let missing = max(0, wanted - allowance) / Double(max(1, rate))
        return instant + Instant.Span(nanoseconds: Int64(missing * 1_000_000_000) + 1)
    }
}
