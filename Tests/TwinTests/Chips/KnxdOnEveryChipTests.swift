import Events
import KNX
import Platform
import Testing

@testable import Twin

/// The real daemon with the driver that each chip wants, on a terminal and over TCP.
@Suite(.serialized, .enabled(if: KnxdProcess.isInstalled), .timeLimit(.minutes(2))) struct KnxdOnEveryChipTests {
    private let bench = KnxdOnTheTwinTests()

    @Test(arguments: [
        (TransceiverModel.tpuart1, "tpuart", false), (.ncn5120, "ncn5120", false), (.ncn5130, "ncn5120", true),
    ])
    func telegramsPassBothWays(model: TransceiverModel, driver: String, single: Bool) throws {
        let twin = try TwinFixture(model: model)
        defer { twin.end() }
        let knxd = try KnxdProcess(device: twin.path(), single: single, driver: driver)
        defer { knxd.end() }
        let client = try bench.clientOf(knxd, on: twin)
        for value in UInt8(1)...4 { try bench.exchange(twin, client, value: value) }
        // In no case was anything repeated, and everything from the line was acknowledged by somebody.
        #expect(twin.frames.allSatisfy { $0.octets[0] == 0xBC && $0.acknowledge == 0xCC })
        if single {
            // Only the chip itself can acknowledge a group that no device has.
            twin.shell.send(frame(source: 0x110A, data: [0x80, 9], group: 0x7001), line: "main", device: "lamp")
            #expect(twin.wait { twin.frames.last?.octets.starts(with: [0xBC, 0x11, 0x0A, 0x70]) == true })
            #expect(twin.frames.last?.acknowledge == 0xCC)
        }
    }

    /// The network between the two is cut, and there again: this knxd ends, and the next finds the chip in the same place.
    @Test(arguments: [(TransceiverModel.tpuart2, "tpuart"), (.ncn5121, "ncn5120")])
    func overTCPAndAfterACut(model: TransceiverModel, driver: String) throws {
        let twin = try TwinFixture(model: model, overTCP: true)
        defer { twin.end() }
        for value in UInt8(1)...2 {
            let knxd = try KnxdProcess(tcp: twin.port(), driver: driver)
            defer { knxd.end() }
            try bench.exchange(twin, try bench.clientOf(knxd, on: twin), value: value)
            twin.shell.connect(.interface(line: "main", chip: "sut"), false)
            #expect(knxd.child.wait(until: MonotonicClock.now() + .seconds(10)) == .status(1))
            twin.shell.connect(.interface(line: "main", chip: "sut"), true)
        }
        let plugs = twin.records.compactMap { if case .plug(_, _, let isPlugged, _) = $0 { isPlugged } else { nil } }
        #expect(plugs.prefix(3) == [false, true, false])
    }

    @Test func onATerminalAnNCN5120IsPulledOutAndPutInAgain() throws {
        let twin = try TwinFixture(model: .ncn5120)
        defer { twin.end() }
        let feed = TwinConfiguration.Feed.interface(line: "main", chip: "sut")
        for value in UInt8(1)...2 {
            #expect(twin.wait { Files.exists(twin.path()) })
            let knxd = try KnxdProcess(device: twin.path(), driver: "ncn5120")
            defer { knxd.end() }
            try bench.exchange(twin, try bench.clientOf(knxd, on: twin), value: value)
            twin.shell.connect(feed, false)
            #expect(knxd.child.wait(until: MonotonicClock.now() + .seconds(10)) == .status(1))
            twin.shell.connect(feed, true)
        }
    }

    /// Two seconds after a telegram whose confirmation does not come knxd sends it again.
    @Test func whatAChipDoesNotConfirmIsSentAgain() throws {
        let twin = try TwinFixture(model: .ncn5120)
        defer { twin.end() }
        let knxd = try KnxdProcess(device: twin.path(), driver: "ncn5120")
        defer { knxd.end() }
        let client = try bench.clientOf(knxd, on: twin)
        var faults = ChipFaults()
        faults.confirmation = .none
        #expect(twin.shell.disturb(chip: "main/sut", faults))
        #expect(!twin.shell.disturb(chip: "main/stu", faults))
        let sent = { twin.frames.filter { $0.senders == ["sut"] && $0.octets[8] == 7 } }
        try client.write(0x3002, [0x80, 7])
        #expect(twin.wait { !sent().isEmpty })
        // Its result is there when its frame is recorded.
        MonotonicClock.sleep(for: .milliseconds(100))
        #expect(twin.shell.disturb(chip: "main/sut", ChipFaults()))
        #expect(twin.wait { sent().count == 2 })
        let times = sent().map(\.began)
        #expect(times.count == 2 && times[1] - times[0] > .milliseconds(1_500))
        try bench.exchange(twin, client, value: 8)
    }
}
