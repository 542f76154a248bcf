import Events
import Foundation
import Synchronization
import Testing
import Twin

@testable import Relays

/// A board of the registry, whichever carrier it is on.
struct ConformanceSpecimen: CustomTestStringConvertible, Sendable {
    var driver: String
    var name: String
    var bench: @Sendable () throws -> any ConformanceBench

    var testDescription: String { "\(driver): \(name)" }

    /// Every board that a model was written of, on USB/IP, every serial board on its line, and hubs on a sysfs of our own.
    static let all: [ConformanceSpecimen] =
        RelayBoardModels.all.map { specimen in
            ConformanceSpecimen(driver: specimen.driver, name: specimen.name) { try USBConformanceBench(specimen) }
        }
        + SerialSpecimen.all.map { specimen in
            ConformanceSpecimen(driver: specimen.driver, name: specimen.name) { try SerialConformanceBench(specimen) }
        }
        + HubSpecimen.all.map { specimen in
            ConformanceSpecimen(driver: HubPortPower.driverName, name: specimen.name) {
                try HubConformanceBench(specimen)
            }
        }
}

/// What one board came to.
private struct Score: Sendable {
    var specimen: String
    var channels: Int
    var readback: String
    var passed = 0
    var failed: [String] = []
    var notApplicable = 0
}

/// Written once, for every relay board: a new one is a driver, a model and a firmware note.
@Suite struct ConformanceTests {
    private static let scores = Mutex<[Score]>([])

    @Test(arguments: ConformanceSpecimen.all) func everyBoardConforms(_ specimen: ConformanceSpecimen) throws {
        let bench = try specimen.bench()
        var score = Score(
            specimen: specimen.testDescription, channels: bench.channelCount,
            readback: bench.isReadable ? "coils" : "none")
        bench.end()
        for check in ConformanceCheck.all {
            do {
                try Self.run(check, on: specimen)
                score.passed += 1
            } catch is NotApplicable {
                score.notApplicable += 1
            } catch {
                score.failed.append(check.name)
                Issue.record("\(specimen.testDescription) \(check.name): \(error)")
            }
        }
        let finished = score
        Self.scores.withLock { scores in
            scores.append(finished)
            if scores.count == ConformanceSpecimen.all.count { print(Self.table(scores)) }
        }
    }

    private static func run(_ check: ConformanceCheck, on specimen: ConformanceSpecimen) throws {
        let bench = try specimen.bench()
        defer { bench.end() }
        try check.run(bench)
    }

    private static func table(_ scores: [Score]) -> String {
        let head = ["board", "channels", "read-back", "checks passed", "not applicable", "failed"]
        let rows = scores.sorted { $0.specimen < $1.specimen }.map { score in
            [
                score.specimen, "\(score.channels)", score.readback,
                "\(score.passed) of \(score.passed + score.failed.count)", "\(score.notApplicable)",
                score.failed.isEmpty ? "none" : score.failed.joined(separator: "; "),
            ]
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        let lines = ([head] + rows).map { row in
            zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
        }
        return (["\(ConformanceCheck.all.count) checks of relay boards"] + lines).joined(separator: "\n")
    }

    @Test func thereAreChecksEnoughAndNoneTwice() {
        let names = ConformanceCheck.all.map(\.name)
        #expect(names.count >= 30)
        #expect(Set(names).count == names.count)
    }

    @Test func everyDriverHasABoardToConform() {
        let drivers =
            RelayBoardDrivers.all.map(\.name) + SerialBoardDrivers.all.map(\.name) + [HubPortPower.driverName]
        #expect(Set(ConformanceSpecimen.all.map(\.driver)) == Set(drivers))
        #expect(Set(drivers).count == drivers.count)
    }
}
