import Platform
import Testing

@testable import Rigs

/// What a matrix of effects is taken for, and what it must not be taken for.
@Suite struct WiringFindingsTests {
    private static let still = Click.Seen(before: .powered, during: .powered, after: .powered)
    private static let cut = Click.Seen(before: .powered, during: .cut, after: .powered)
    private static let stuck = Click.Seen(before: .powered, during: .cut, after: .cut)
    private static let reversed = Click.Seen(before: .cut, during: .powered, after: .cut)
    private static let dead = Click.Seen(before: .cut, during: .cut, after: .cut)

    private static func channels() throws -> [RigChannel] {
        try Rig(path: RigTests.root + "/rigs/twin.yaml").boards[0].channels
    }

    /// Clicks of the twin's two channels: what each did to the line and to the interface.
    private static func findings(
        _ first: (line: Click.Seen, sut: Click.Seen), _ second: (line: Click.Seen, sut: Click.Seen),
        before: [String: String] = [:]
    ) throws -> WiringFindings {
        let channels = try channels()
        let clicks = zip(channels, [first, second]).map { channel, seen in
            Click(board: "relays", channel: channel, seen: ["main": seen.line, "main/sut": seen.sut])
        }
        return WiringFindings(clicks, followedBefore: before)
    }

    @Test func whatFollowsAsDeclaredIsGood() throws {
        let findings = try Self.findings((Self.cut, Self.still), (Self.still, Self.cut))
        #expect(findings.kind == .good && findings.notes.isEmpty)
        #expect(findings.channels[0].sentence == "channel 1 ('bus-power') cuts line main, and it comes back")
    }

    @Test func swappedChannelsAreNamedByBoth() throws {
        let findings = try Self.findings((Self.still, Self.cut), (Self.cut, Self.still))
        #expect(findings.channels.map(\.kind) == [.wrong, .wrong])
        #expect(
            findings.channels[1].sentence
                == "channel 2 ('sut-interface') is declared to cut the interface main/sut, but line main was silent: channels 1 and 2 are swapped"
        )
        #expect(
            findings.channels[0].sentence.hasSuffix("but the interface main/sut was gone: channels 1 and 2 are swapped")
        )
    }

    @Test func oneChannelAtAnotherWireIsNotASwap() throws {
        let findings = try Self.findings((Self.cut, Self.still), (Self.cut, Self.still))
        #expect(findings.channels.map(\.kind) == [.good, .wrong])
        #expect(findings.channels[1].sentence.hasSuffix("but line main was silent: it is wired to line main"))
    }

    @Test func oneWireForBothIsSaid() throws {
        let findings = try Self.findings((Self.cut, Self.cut), (Self.still, Self.cut))
        #expect(findings.channels[0].kind == .wrong)
        #expect(findings.channels[0].sentence.contains("as declared, and the interface main/sut with it"))
    }

    @Test func noEffectIsWiredToNothingUntilItOnceFollowed() throws {
        let never = try Self.findings((Self.still, Self.still), (Self.still, Self.cut))
        #expect(never.channels.map(\.kind) == [.wrong, .good])
        #expect(
            never.channels[0].sentence.hasSuffix(
                "the channel is wired to nothing, or its contact has always been stuck"))
        let once = try Self.findings((Self.still, Self.still), (Self.still, Self.cut), before: ["bus-power": "main"])
        #expect(once.channels[0].sentence.hasSuffix("its contact is stuck (welded), or its wire came off"))
        // What it cut then was another thing: nothing follows from that.
        let other = try Self.findings(
            (Self.still, Self.still), (Self.still, Self.cut), before: ["bus-power": "main/sut"])
        #expect(other.channels[0].sentence.contains("wired to nothing"))
        #expect(never.notes.isEmpty)
    }

    @Test func aBoardOfWhichNothingMovesMayLackItsSupply() throws {
        let findings = try Self.findings((Self.still, Self.still), (Self.still, Self.still))
        #expect(findings.notes.count == 1)
        #expect(findings.notes.first?.contains("12 V") == true)
    }

    @Test func theOtherContactIsKnownByItsPolarity() throws {
        let findings = try Self.findings((Self.reversed, Self.still), (Self.dead, Self.cut))
        #expect(findings.channels.map(\.kind) == [.wrong, .good])
        #expect(
            findings.channels[0].sentence
                == "channel 1 ('bus-power') is declared NC, but line main is there only while its coil is on: it is wired to the other contact (NO)"
        )
    }

    @Test func aContactThatDoesNotGiveBackIsStuckOpen() throws {
        let findings = try Self.findings((Self.stuck, Self.still), (Self.dead, Self.cut))
        #expect(findings.channels[0].kind == .wrong)
        #expect(findings.channels[0].sentence.contains("it did not come back: the contact is stuck open"))
    }

    @Test func whatWasDeadBeforeProvesNothingAboutTheWire() throws {
        let findings = try Self.findings((Self.dead, Self.still), (Self.dead, Self.cut))
        #expect(findings.channels.map(\.kind) == [.unproven, .good])
        #expect(findings.channels[0].sentence.contains("with all coils off: look at its own supply"))
        #expect(findings.kind == .unproven)
    }

    @Test func witnessesThatContradictProveNothing() throws {
        let half = Click.Seen(before: .powered, during: .unclear("only witness fell silent"), after: .powered)
        let findings = try Self.findings((half, Self.still), (Self.still, Self.cut))
        #expect(findings.channels.map(\.kind) == [.unproven, .good])
        #expect(findings.channels[0].sentence.contains("only witness fell silent"))
    }

    @Test func whatNothingWatchesIsNotGood() throws {
        let channels = try Self.channels()
        let findings = WiringFindings([Click(board: "relays", channel: channels[0], seen: ["main/sut": Self.still])])
        #expect(findings.channels[0].kind == .unproven)
        #expect(findings.channels[0].sentence.contains("nothing watches it"))
    }

    @Test func aCoilThatDoesNotFollowIsNoMatterOfWires() throws {
        var channels = try Self.channels()
        let failed = Click(board: "relays", channel: channels[0], failure: "it reads back 00000000", seen: [:])
        #expect(
            WiringFindings([failed]).channels[0].sentence
                == "channel 1 ('bus-power') did not follow: it reads back 00000000")
        #expect(WiringFindings([failed]).kind == .wrong)
        channels[0].feeds = "nothing"
        let idle = Click(board: "relays", channel: channels[0], seen: ["main": Self.still])
        #expect(WiringFindings([idle]).kind == .good)
        let busy = Click(board: "relays", channel: channels[0], seen: ["main": Self.cut])
        #expect(
            WiringFindings([busy]).channels[0].sentence.contains(
                "is declared to feed nothing, but line main was silent"))
    }

    // MARK: a line from its witnesses

    @Test(
        arguments: [
            ([FeedState.Chip.answers, .answers], nil, FeedState.powered), ([.answers, .answers], 29_000, .powered),
            ([.silent, .silent], nil, .cut), ([.silent], 0, .cut), ([.silent, .absent, .silent], 0, .cut),
            ([.absent, .answers], nil, .powered),
        ] as [([FeedState.Chip], Int64?, FeedState)])
    func agreeingWitnessesSayWhatALineIs(shows: [FeedState.Chip], millivolts: Int64?, expected: FeedState) {
        let chips = shows.enumerated().map { (id: "chip-\($0.offset)", shows: $0.element) }
        #expect(FeedState(chips: chips, millivolts: millivolts) == expected)
    }

    @Test(
        arguments: [
            ([FeedState.Chip.silent, .answers], nil, "that is a cable"), ([.silent], nil, "one chip can't tell"),
            ([.silent, .absent], nil, "one chip can't tell"), ([.silent, .silent], 29_000, "its sense sees voltage"),
            ([.answers, .answers], 0, "its sense sees no voltage"), ([.absent, .absent], 0, "no chip on it"),
        ] as [([FeedState.Chip], Int64?, String)])
    func witnessesThatDoNotAgreeSayWhy(shows: [FeedState.Chip], millivolts: Int64?, why: String) {
        let chips = shows.enumerated().map { (id: "chip-\($0.offset)", shows: $0.element) }
        guard case .unclear(let reason) = FeedState(chips: chips, millivolts: millivolts) else {
            Issue.record("they agree")
            return
        }
        #expect(reason.contains(why))
    }

    // MARK: the plan

    /// The twin with its two relay channels alone.
    private static func twoChannels() throws -> Rig {
        var rig = try Rig(path: RigTests.root + "/rigs/twin.yaml")
        rig.boards[0].channels.removeAll { $0.id == "bus-switch" }
        return rig
    }

    @Test func hostAndMainsAreSkippedUnlessNamed() throws {
        var rig = try Self.twoChannels()
        rig.boards[0].channels[0].feeds = "host"
        rig.boards[0].channels[1].circuit = .mains
        func plan(host: Bool = false, mains: Bool = false, heartbeat: Bool = false) -> CheckPlan {
            CheckPlan(rig, withHost: host, withMains: mains, hasHeartbeat: heartbeat) { _, _ in 7 }
        }
        #expect(plan().clicks.isEmpty && plan().skipped.count == 2 && !plan().covers("relays"))
        #expect(plan(host: true).missing?.contains("--heartbeat") == true)
        let all = plan(host: true, mains: true, heartbeat: true)
        #expect(all.skipped.isEmpty && all.refusals.isEmpty && all.missing == nil)
        #expect(all.clicks.map(\.cutNanoseconds) == [10_000_000_000, 2_000_000_000])
        #expect(all.clicks[0].text.contains("99993 of 100000 left"))
    }

    @Test func aCutThatTheFileForbidsIsNotMade() throws {
        var rig = try Rig(path: RigTests.root + "/rigs/twin.yaml")
        rig.boards[0].channels[0].longestCutNanoseconds = 1_000_000_000
        let short = CheckPlan(rig, withHost: false, withMains: false, hasHeartbeat: false) { _, _ in 0 }
        #expect(short.refusals.first?.contains("may be cut for 1 s at most") == true)
        let worn = CheckPlan(rig, withHost: false, withMains: false, hasHeartbeat: false) { _, _ in 99_999 }
        #expect(worn.refusals.contains { $0.contains("counts as worn out") })
    }

    // MARK: the mark of an unsafe rig

    @Test func onlyAGoodCheckOfAllChannelsClearsTheMark() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let rig = try Self.twoChannels()
        let record = CheckRecord(BoardPlaces(directory: directory.path))
        try RigLock(directory: directory.path, board: rig.boards[0].lockName, holder: "a test").markUnsafe("it hung")
        #expect(record.marks(rig).map(\.reason) == ["it hung"])
        let good = try Self.findings((Self.cut, Self.still), (Self.still, Self.cut))
        let half = WiringFindings([Click(board: "relays", channel: rig.boards[0].channels[0], seen: ["main": Self.cut])]
        )
        #expect(try record.settle(rig, half, holder: "a test").map(\.decision) == [.kept])
        #expect(record.followed(rig) == ["bus-power": "main"])
        #expect(try record.settle(rig, good, holder: "a test").map(\.decision) == [.cleared])
        #expect(record.marks(rig).isEmpty)
        #expect(try record.settle(rig, good, holder: "a test").map(\.decision) == [CheckRecord.Decision.none])
        let wrong = try Self.findings((Self.still, Self.still), (Self.still, Self.cut))
        guard case .marked(let reason) = try record.settle(rig, wrong, holder: "a test")[0].decision else {
            Issue.record("a wrong wire was not marked")
            return
        }
        #expect(record.marks(rig).map(\.reason) == [reason])
        #expect(record.followed(rig) == ["bus-power": "main", "sut-interface": "main/sut"])
    }
}
