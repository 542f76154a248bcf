import Catalogue
import Events
import KNX
import Platform

/// The contact of the line's supply with its motion in one run: lengths differ by seed.
struct SupplyMotion: Sendable, Hashable {
    /// A contact that moves by itself sits where a timed switch would, on the DC side, so that no hold-up of the supply hides what it does.
    private static let holdUpNanoseconds: Int64 = 0
    /// From 0 V to nominal where the contact bounces. A full line of 640 mA falls by 10 V/ms; the same supply short-circuited gives 1.4 A (ABB SV/S
    /// 640 mA, data sheet), so that it lifts that line by (1.4/0.64 − 1) · 10 V/ms = 11.9 V/ms: 29 V in 2.4 ms. Devices that limit their inrush (NCN51xx:
    /// 0.5 or 1.0 mA/ms) load it by nothing in that time. On a line that rises in 0.2 s nobody would see a bounce of a few milliseconds on return.
    private static let bouncingRiseNanoseconds: Int64 = 2_440_000

    /// The line whose supply it is in.
    let line: String
    let afterOpening: [Int64]
    let afterClosing: [Int64]
    /// The telegram that it opens in, and the bit.
    let trigger: Trigger?
    private let description: String

    struct Trigger: Sendable, Hashable {
        var source: UInt16
        var bit: Int64
    }

    /// - Parameter source: whose telegram it opens in, where it does.
    init(_ contact: Scenario.ContactMotion, line: String, source: UInt16, seed: UInt64) {
        var random = SeededGenerator(seed: seed ^ 0xB0CE)
        self.line = line
        afterOpening = contact.opening.map { Self.moves($0, closedFirst: false, &random) } ?? []
        afterClosing = contact.closing.map { Self.moves($0, closedFirst: true, &random) } ?? []
        trigger = contact.opensIn.map { Trigger(source: source, bit: Int64($0.bits)) }
        var words: [String] = []
        if let bounce = contact.opening { words.append("closes \(bounce.text) again when it opens") }
        if let bounce = contact.closing { words.append("opens \(bounce.text) again when it closes") }
        if let place = contact.opensIn {
            words.append(
                "opens at bit \(place.bit) of octet \(place.octet) of the next telegram from \(IndividualAddress(raw: source))"
            )
        }
        description = words.joined(separator: ", ")
    }

    /// Two movements each time, the last at the end. How long it is closed differs by up to a fifth.
    private static func moves(
        _ bounce: Scenario.ContactMotion.Bounce, closedFirst: Bool, _ random: inout SeededGenerator
    ) -> [Int64] {
        let pitch = bounce.withinNanoseconds / Int64(bounce.times)
        return (0..<Int64(bounce.times)).flatMap { number in
            let percent = 80 + Int64(random.next() % 41)
            let closed = bounce.closedNanoseconds * percent / 100
            let first = closedFirst ? closed : pitch - closed
            return [number * pitch + first, (number + 1) * pitch]
        }
    }

    var text: String { "the contact \(description)" }

    /// What the twin is asked for.
    var wish: Value {
        let bounces = !afterOpening.isEmpty || !afterClosing.isEmpty
        return .record(present: [
            ("line", .text(line)), ("hold_up", .integer(Self.holdUpNanoseconds)),
            ("rise", bounces ? .integer(Self.bouncingRiseNanoseconds) : nil),
            ("after_opening", .list(afterOpening.map(Value.integer))),
            ("after_closing", .list(afterClosing.map(Value.integer))),
            ("trigger", trigger.map { ["source": .integer(Int64($0.source)), "bit": .integer($0.bit)] }),
        ])
    }
}

extension Scenario.ContactMotion.Bounce {
    /// `5 times within 30 ms`.
    var text: String {
        let milliseconds = withinNanoseconds / 1_000_000
        return "\(times) times within " + (milliseconds < 10_000 ? "\(milliseconds) ms" : "\(milliseconds / 1000) s")
    }
}
