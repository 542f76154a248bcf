import Testing
import Twin

@testable import Relays

/// A check that can't fail checks nothing: each is shown drivers that are wrong, and has to notice one of them.
@Suite struct LieTests {
    struct Exposure: CustomTestStringConvertible, Sendable {
        var lie: Lie
        var board: String
        var checks: [String]

        var testDescription: String { "\(lie) of \(board)" }
    }

    /// Which checks have to notice which lie.
    static let exposures: [Exposure] = [
        Exposure(
            lie: .wrongName, board: "USBRelay4",
            checks: ["says its driver and its path"]),
        Exposure(
            lie: .wrongSerial, board: "USBRelay4",
            checks: [
                "says its serial, or none", "is found by its serial, where that may bind it",
                "has no serial when that was never written",
            ]),
        Exposure(lie: .oneChannelMore, board: "USBRelay4", checks: ["has as many channels as it has relays"]),
        Exposure(
            lie: .opensAnything, board: "SainSmart 8",
            checks: [
                "is not found by another serial", "is refused at its path under another serial",
                "is not touched before it is named, where others look like it",
                "is not taken for its twin beside it",
                "is not touched under another serial, where others look like it",
                "is left alone by every other driver",
            ]),
        Exposure(lie: .listsNothing, board: "USBRelay4", checks: ["is listed, and not switched by that"]),
        Exposure(lie: .oneAtATime, board: "USBRelay4", checks: ["has all channels on together"]),
        Exposure(lie: .turnsRound, board: "USBRelay4", checks: ["turns all off when they are off"]),
        Exposure(lie: .skipsFast, board: "USBRelay4", checks: ["changes direction fast and ends where it was told"]),
        Exposure(
            lie: .holdsUnplugged, board: "USBRelay4", checks: ["has its contacts where they belong without a host"]),
        Exposure(
            lie: .sharesAnything, board: "USBRelay4",
            checks: ["waits for a board that another program has, and then says so"]),
        Exposure(lie: .switchesWhenOpened, board: "USBRelay4", checks: ["is not switched by being opened"]),
        Exposure(
            lie: .switchesNeighbourToo, board: "USBRelay4",
            checks: [
                "switches each channel on, and no other", "switches each channel off, and no other",
                "reads back what it has, or says that it can't",
            ]),
        Exposure(
            lie: .staysOn, board: "USBRelay4",
            checks: [
                "switches each channel off, and no other", "turns a channel off that came on by itself",
                "is the same when it is told twice", "can be had by another program once it is closed",
            ]),
        Exposure(
            lie: .flips, board: "USBRelay4",
            checks: ["is the same when it is told twice"]),
        Exposure(
            lie: .neverReopens, board: "USBRelay4",
            checks: ["is found again at its path, as it is at power-up", "is not opened while it is unplugged"]),
        Exposure(
            lie: .offMissesFirst, board: "USBRelay4",
            checks: [
                "turns all off at once, from all on", "turns a channel off that came on by itself",
                "reports that a channel stays on when all are turned off",
                "is off when its owner goes, with a cut still to come",
            ]),
        Exposure(lie: .takesAnyChannel, board: "USBRelay4", checks: ["refuses channels that it hasn't"]),
        Exposure(
            lie: .believes, board: "USBRelay4",
            checks: [
                "reports lasting silence, in time", "reports lasting STALL, in time",
                "reports answers that end too early",
                "believes no answer of any length of a board that did not follow",
                "doesn't believe answers that are wrong",
                "doesn't believe commands that are acknowledged and never followed",
                "reports a channel that doesn't follow, and goes on with the others",
                "reports that a channel stays on when all are turned off",
                "reports a board that leaves the bus under a command",
                "counts no command after which a board leaves the bus later", "reports a board that was pulled",
                "is not found again by itself", "does nothing once it is closed",
                "holds no interface after a command that failed",
            ]),
        Exposure(
            lie: .believes, board: "lcus_hid",
            checks: [
                "says confirmed only where it can be read", "reads back what it has, or says that it can't",
                "repeats a command that was acknowledged and not followed, or says assumed",
                "doesn't believe commands that are acknowledged and never followed",
            ]),
        Exposure(
            lie: .saysAssumed, board: "USBRelay4",
            checks: [
                "says confirmed only where it can be read", "is the same when it is told twice",
                "tells the coil where a contact is stuck: a witness has to tell the rest",
                "is watched by an actuator: lost, back, drifted, safe",
            ]),
        Exposure(
            lie: .remembers, board: "USBRelay4",
            checks: [
                "shows a channel that came on by itself", "shows that its state was lost",
                "reports a board that was pulled",
            ]),
        Exposure(lie: .slow, board: "USBRelay4", checks: ["costs less than half a second for a command"]),
        Exposure(
            lie: .neverGivesWay, board: "USBRelay4",
            checks: ["breaks a look at a silent board off when the safe state is asked for"]),
        Exposure(lie: .neverGivesUp, board: "USBRelay4", checks: ["reports lasting STALL, in time"]),
        Exposure(lie: .dropsWhenClosed, board: "USBRelay4", checks: ["keeps its relays over closing and opening"]),
        Exposure(
            lie: .neverCloses, board: "SainSmart 8",
            checks: [
                "can be had by another program once it is closed", "does nothing once it is closed",
                "holds no interface once it is closed, after commands and looks",
            ]),
        Exposure(
            lie: .looksForIt, board: "USBRelay4",
            checks: [
                "is not found again by itself", "reports a board that leaves the bus under a command",
            ]),
        Exposure(
            lie: .takesAnyBoardBack, board: "USBRelay4",
            checks: ["is not opened while it is unplugged", "is refused when another one is at its place"]),
        Exposure(
            lie: .failsForGood, board: "USBRelay4",
            checks: ["gets over a request without answer", "gets over a STALL", "gets over five STALLs"]),
        Exposure(
            lie: .swallowsRepeats, board: "USBRelay4",
            checks: ["repeats a command that was acknowledged and not followed, or says assumed"]),
        Exposure(
            lie: .leaksClaims, board: "USBRelay4",
            checks: [
                "holds no interface once it is closed, after commands and looks",
                "holds no interface after a command that failed",
            ]),
        Exposure(
            lie: .armsNothing, board: "USB-OPT-REL-8",
            checks: [
                "lets go by itself when nobody speaks to it, where it can",
                "lets go by itself after it was found again, too",
                "lets go by itself for an owner that asks for it, until that one ends",
            ]),
        Exposure(lie: .claimsNothing, board: "USBRelay4", checks: ["asks an interface only while it holds it"]),
        Exposure(lie: .waitsLong, board: "USBRelay4", checks: ["gives every transfer a finite time"]),
    ]

    @Test(arguments: exposures) func everyLieIsNoticed(_ exposure: Exposure) throws {
        let specimen = try #require(RelayBoardModels.all.first { $0.name == exposure.board })
        for name in exposure.checks {
            let check = try #require(ConformanceCheck.all.first { $0.name == name }, "there is no check '\(name)'")
            let bench = try USBConformanceBench(specimen, lie: exposure.lie)
            defer { bench.end() }
            do {
                try check.run(bench)
                Issue.record("'\(name)' believes a driver that lies: \(exposure.lie)")
            } catch is NotApplicable {
                Issue.record("'\(name)' does not apply to \(exposure.board)")
            } catch {}
        }
    }

    @Test func everyCheckHasALieToNotice() {
        let shown = Set(Self.exposures.flatMap(\.checks))
        let missing = ConformanceCheck.all.map(\.name).filter { !shown.contains($0) }
        #expect(missing.isEmpty, "nothing shows that these can fail: \(missing)")
        #expect(Set(Self.exposures.map(\.lie)) == Set(Lie.allCases))
    }
}
