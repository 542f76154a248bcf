import Events
import Platform
import Twin

@testable import Relays

/// Where a driver and its board differ from what every board of a rig has to be.
struct Deviation: Error, CustomStringConvertible {
    var description: String
}

/// The check has no meaning for this board.
struct NotApplicable: Error {}

/// One thing that holds of every relay board. It gets a bench of its own.
struct ConformanceCheck: Sendable {
    var name: String
    var run: @Sendable (any ConformanceBench) throws -> Void

    static let all: [ConformanceCheck] = identification + switching + faults + coming + holding

    /// Opens a board by its path, with all channels off, does `body`, closes it.
    static func check(
        _ name: String, _ body: @escaping @Sendable (any ConformanceBench, any RelayBoard) throws -> Void
    ) -> ConformanceCheck {
        ConformanceCheck(name: name) { bench in
            let board = try bench.open()
            defer { board.close() }
            // Where power-up isn't all off, the check begins there all the same.
            if bench.contactsAtPowerUp.contains(true) { _ = try board.setAllOff() }
            try body(bench, board)
        }
    }

    /// A check that opens boards by itself.
    static func bare(
        _ name: String, _ body: @escaping @Sendable (any ConformanceBench) throws -> Void
    ) -> ConformanceCheck {
        ConformanceCheck(name: name, run: body)
    }
}

/// Deviates unless `condition`.
func hold(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    if !condition { throw Deviation(description: what()) }
}

/// Has the check count as none unless `condition`.
func applies(_ condition: Bool) throws {
    if !condition { throw NotApplicable() }
}

/// What `body` fails with; deviates when it does not.
@discardableResult
func refused<Result>(_ what: String, _ body: () throws -> Result) throws -> RelayFailure {
    do {
        let result = try body()
        throw Deviation(description: "\(what) was believed: \(result)")
    } catch let failure as RelayFailure {
        return failure
    }
}

func off(_ bench: any ConformanceBench) -> [Bool] { [Bool](repeating: false, count: bench.channelCount) }

func only(_ channels: Set<Int>, _ bench: any ConformanceBench) -> [Bool] {
    (1...bench.channelCount).map(channels.contains)
}

func text(_ contacts: [Bool]?) -> String { contacts.map { $0.map { $0 ? "1" : "0" }.joined() } ?? "unknown" }

func holdContacts(_ wanted: [Bool], _ bench: any ConformanceBench, _ when: String) throws {
    try hold(bench.comesTo(wanted), "\(when) the contacts are \(text(bench.contacts)), not \(text(wanted))")
}

/// The first and the last channel, once each.
func ends(_ bench: any ConformanceBench) -> [Int] { bench.channelCount == 1 ? [1] : [1, bench.channelCount] }
