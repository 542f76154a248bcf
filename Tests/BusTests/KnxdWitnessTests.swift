import Events
import KNX
import Testing

@testable import Bus

/// What a witness makes of a knxd, in virtual time; knxd's part is written with the codec that reads real ones.
@Suite struct KnxdWitnessTests {
    private static let frame = hex("BC 11 05 09 01 E1 00 81 3F")

    private func bench(_ mode: KnxdWitness.Mode = .busmonitor) -> EngineBench<KnxdWitnessEngine> {
        EngineBench(
            KnxdWitnessEngine(
                KnxdWitness.Configuration(source: "witness", line: "main", server: .unix(path: "/x"), mode: mode)))
    }

    private func say(
        _ reply: KnxdReply, in mode: KnxdMode, _ bench: inout EngineBench<KnxdWitnessEngine>
    ) throws {
        let octets = try reply.octets(in: mode)
        bench.perform { engine, now in engine.received(octets, at: now) }
    }

    /// A stamp of knxd's clock so many microseconds after an hour.
    private func stamp(_ microseconds: Int, hours: Int = 1) -> KnxdTimestamp {
        let seconds = (hours * 3_600 + microseconds / 1_000_000) % 65_536
        return KnxdTimestamp(raw: UInt32(seconds) << 16 | UInt32(microseconds % 1_000_000 / 16))
    }

    private func opened(_ mode: KnxdWitness.Mode = .busmonitor) throws -> EngineBench<KnxdWitnessEngine> {
        var bench = bench(mode)
        bench.open()
        try say(
            .opened(timestamp: stamp(0)),
            in: mode == .busmonitor ? .busmonitorWithTimestamps : .virtualBusmonitorWithTimestamps, &bench)
        return bench
    }

    @Test(arguments: [(KnxdWitness.Mode.busmonitor, "00 02 00 16"), (.vbusmonitor, "00 02 00 17")])
    func itAsksForTimeStampsAndNeverForText(mode: KnxdWitness.Mode, request: String) throws {
        var bench = bench(mode)
        bench.open()
        #expect(bench.takeWritten() == [hex(request)] && !bench.engine.isArmed)
        bench = try opened(mode)
        #expect(bench.engine.isArmed && bench.takeEvents().map(\.word) == ["opened", "armed"])
    }

    @Test func aKnxdWithoutTimeStampsIsAskedWithout() throws {
        var bench = bench()
        bench.open()
        _ = bench.takeWritten()
        try say(.failure(.invalidRequest), in: .busmonitor, &bench)
        #expect(bench.takeWritten() == [hex("00 02 00 10")])
        try say(.opened(timestamp: nil), in: .busmonitor, &bench)
        try say(.busmonitorPacket(Self.frame), in: .busmonitor, &bench)
        bench.pass(milliseconds: 400)
        let frames = bench.takeEvents().compactMap { if case .frame(let frame) = $0.payload { frame } else { nil } }
        #expect(bench.engine.isArmed && frames.map(\.octets) == [Self.frame])
    }

    /// Another refusal is told once and asked again.
    @Test func aRefusalIsTold() throws {
        var bench = bench()
        bench.open()
        try say(.failure(.inUse), in: .busmonitor, &bench)
        #expect(bench.takeEvents().map(\.word) == ["opened", "silent"])
        _ = bench.takeWritten()
        bench.pass(milliseconds: 2_500)
        #expect(bench.takeWritten().count == 2 && bench.takeEvents().isEmpty && !bench.engine.isArmed)
    }

    @Test(arguments: [(UInt8(0xCC), UInt8(0xCC) as UInt8?), (0x0C, 0x0C), (0xC0, 0xC0), (0xBC, nil)])
    func aFrameAndWhatFollowedIt(octet: UInt8, told: UInt8?) throws {
        var bench = try opened()
        _ = bench.takeEvents()
        try say(
            .busmonitorPacketWithTimestamp(Self.frame, status: 0, timestamp: stamp(20_000)),
            in: .busmonitorWithTimestamps, &bench)
        #expect(bench.takeEvents().isEmpty, "its acknowledge may still come")
        bench.pass(milliseconds: 3)
        try say(
            .busmonitorPacketWithTimestamp([octet], status: 0, timestamp: stamp(22_704)),
            in: .busmonitorWithTimestamps, &bench)
        let event = try #require(bench.takeEvents().first)
        guard case .frame(let frame) = event.payload else { throw RecordFailure(key: "frame", expected: "a frame") }
        // knxd 0.14.54 says the first octet of the frame again in place of the acknowledge: that is told as none.
        #expect(frame.octets == Self.frame && frame.acknowledge == told && frame.flaw == nil)
        #expect((event.instant - frame.began).nanoseconds == BusTiming.nanoseconds(bits: 115))
        #expect(event.uncertaintyNanoseconds == 1_000_000 && event.source == "witness")
        bench.pass(milliseconds: 1_000)
        #expect(bench.takeEvents().isEmpty)
    }

    @Test func whatNothingFollowsIsToldAllTheSameAndBadFramesToo() throws {
        var bench = try opened()
        _ = bench.takeEvents()
        let bad = Array(Self.frame.dropLast()) + [0x00]
        for octets in [Self.frame, bad] {
            try say(
                .busmonitorPacketWithTimestamp(octets, status: 0, timestamp: stamp(20_000)),
                in: .busmonitorWithTimestamps, &bench)
        }
        #expect(bench.takeEvents().map(\.word) == ["frame"])
        bench.pass(milliseconds: 299)
        #expect(bench.takeEvents().isEmpty)
        bench.pass(milliseconds: 2)
        #expect(bench.takeEvents().map(\.word) == ["checksum"])
        try say(
            .busmonitorPacketWithTimestamp([0xCC], status: 0, timestamp: stamp(900_000)),
            in: .busmonitorWithTimestamps, &bench)
        #expect(bench.takeEvents().map(\.word) == ["acknowledge-without-frame"])
    }

    @Test func theVirtualBusmonitorWaitsForNothing() throws {
        var bench = try opened(.vbusmonitor)
        _ = bench.takeEvents()
        try say(
            .busmonitorPacketWithTimestamp(Self.frame, status: 0, timestamp: stamp(20_000)),
            in: .virtualBusmonitorWithTimestamps, &bench)
        let event = try #require(bench.takeEvents().first)
        #expect(event.word == "frame" && event.uncertaintyNanoseconds == 250_000_000)
    }

    /// What arrives late was on the line when knxd stamped it.
    @Test func instantsAreKnxdsAndNotThoseOfArrivals() throws {
        var bench = try opened(.vbusmonitor)
        _ = bench.takeEvents()
        for number in 0..<10 {
            bench.pass(milliseconds: number == 5 ? 180 : 100)
            try say(
                .busmonitorPacketWithTimestamp(
                    Self.frame, status: 0, timestamp: stamp(100_000 * (number + 1) + (number > 5 ? 80_000 : 0))),
                in: .virtualBusmonitorWithTimestamps, &bench)
        }
        let instants = bench.takeEvents().map(\.instant)
        #expect((instants[5] - instants[4]).nanoseconds == 100_000_000)
        #expect((instants[9] - instants[0]).nanoseconds == 980_000_000)
    }

    /// Its seconds begin anew every 18.2 hours.
    @Test func theClockGoesRound() {
        var clock = KnxdClock()
        let arrival = Instant(nanoseconds: 1_000_000_000_000)
        let first = clock.instant(KnxdTimestamp(raw: 65_535 << 16), arrival: arrival)
        let second = clock.instant(KnxdTimestamp(raw: 1 << 16), arrival: arrival + .seconds(2))
        #expect(first == arrival && second == arrival + .seconds(2))
    }

    @Test func withoutKnxdItIsBlindAndSaysHowLong() throws {
        var bench = try opened()
        _ = bench.takeEvents()
        bench.pass(milliseconds: 500)
        bench.close("end of file")
        #expect(bench.takeEvents().map(\.word) == ["closed"] && !bench.engine.isArmed)
        bench.pass(milliseconds: 1_000)
        bench.open()
        try say(.opened(timestamp: stamp(0)), in: .busmonitorWithTimestamps, &bench)
        let events = bench.takeEvents()
        #expect(events.map(\.word) == ["opened", "armed", "gap"])
        guard case .gap(let gap) = events.last?.payload else { return }
        // From the last sign of it on.
        #expect(gap.blind == "witness" && gap.to - gap.from == .milliseconds(1_500))
    }

    @Test func everyKindOfWitnessDeclaresWhatItCanSee() {
        let kinds: [VisibilityClass] = [
            .transceiver, .busmonitorTunnel, KnxdWitness.Mode.busmonitor.visibility,
            KnxdWitness.Mode.vbusmonitor.visibility,
        ]
        #expect(kinds.map(\.showsAcknowledges) == [true, true, false, false])
        #expect(kinds.map(\.showsBadFrames) == [true, true, true, false])
        #expect(kinds.map(\.ownFrames) == [.none, .none, .none, .early])
        #expect(kinds.map(\.isNumbered) == [false, true, false, false])
        #expect(Set(kinds.map(\.description)).count == 4 && Set(kinds.map(\.stampPlace)).count == 4)
        #expect(
            kinds[3].description
                == "every frame on the line, no acknowledges, no bad frames, its own before they are on the line; "
                + "stamped by knxd when it routes it, ± 250 ms")
        #expect(kinds[2].value["acknowledges"] == false && kinds[2].value["u"]?.integer == 1_000_000)
    }
}
