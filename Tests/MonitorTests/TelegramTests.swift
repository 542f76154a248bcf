import Events
import KNX
import Testing

@testable import Monitor

@Suite struct TelegramTests {
    @Test func marksAndMeanings() throws {
        let all = try Telegrams.all()
        #expect(
            all.map(\.mark) == [
                .acknowledged, .unacknowledged, .busy, .acknowledged, .notAcknowledged, .acknowledged, .acknowledged,
                .bad,
            ])
        #expect(all.map(\.isRepetition) == [false, false, false, true, false, false, false, false])
        #expect(all.map(\.value) == ["on", "open", "21 °C", "21 °C", nil, nil, nil, nil])
        #expect(all[0].name == "Kitchen light" && all[5].name == nil)
        #expect(
            all.map(\.service) == [
                "GroupValueWrite", "GroupValueWrite", "GroupValueWrite", "GroupValueWrite", "GroupValueRead",
                "GroupValueWrite", "PropertyValueRead", nil,
            ])
        #expect(all[7].source == nil && all[7].text.hasPrefix("truncated: "))
        // NACK and BUSY at once is BUSY, and an octet that is no acknowledge acknowledges nothing.
        for (octet, mark) in [(UInt8(0x00), MonitoredTelegram.Mark.busy), (0x55, .unacknowledged)] {
            let frame = Telegrams.frame("1.1.1", Telegrams.group("1/1/1"), [0, 0x80], acknowledge: octet)
            let telegram = MonitoredTelegram(
                frame, at: Instant(nanoseconds: 0), number: 1, unixOffsetNanoseconds: 0, groups: GroupAddressTable())
            #expect(telegram.mark == mark)
        }
    }

    @Test func counters() throws {
        var counters = LineCounters()
        for telegram in try Telegrams.all() { counters.count(telegram) }
        #expect(counters.all.map(\.count) == [7, 4, 1, 1, 1, 1, 1, 0])
        counters.lost = 3
        #expect(counters.all.first.map { $0.name == "lost" && $0.count == 3 } == true)
        #expect(
            counters.acknowledged + counters.notAcknowledged + counters.busy + counters.unacknowledged
                == counters.telegrams)
    }

    @Test func linesOfText() throws {
        let text = MonitorText(utcOffsetSeconds: 3_600)
        let lines = try Telegrams.all().map(text.line)
        #expect(
            lines == [
                "13:00:01.000  ACK   1.1.10 → 1/2/0  low  hop 6  GroupValueWrite  =1  Kitchen light: on",
                "13:00:02.000  -     1.1.20 → 1/2/100  low  hop 6  GroupValueWrite  =1  "
                    + "Küchenfenster über der Spüle, Kontakt: open",
                "13:00:03.000  BUSY  1.1.24 → 1/3/0  low  hop 6  GroupValueWrite  0C 1A  客厅温度: 21 °C",
                "13:00:04.000  ACK   1.1.24 → 1/3/0  low  hop 6  repeated  GroupValueWrite  0C 1A  客厅温度: 21 °C",
                "13:00:05.000  NACK  1.1.11 → 1/2/0  low  hop 6  GroupValueRead  Kitchen light",
                "13:00:06.000  ACK   1.1.11 → 7/7/255  low  hop 6  GroupValueWrite  01 02 03 04",
                "13:00:07.000  ACK   1.1.1 → 1.1.20  low  hop 6  T_Data_Connected #0  PropertyValueRead  "
                    + "object 0  PID 11  count 1  start 1",
                "13:00:08.000  bad   truncated: \(Hexadecimal.text([0xBC, 0x11, 0x0A]))",
            ])
        // Before 1970 and behind midnight.
        #expect(MonitorText(utcOffsetSeconds: -13 * 3_600).line(try Telegrams.all()[0]).hasPrefix("23:00:01.000"))
    }

    @Test func objects() throws {
        let all = try Telegrams.all()
        let load = LineLoad.Reading(now: 412, minute: 390, peak: 615)
        #expect(
            JSON.text(MonitorText.json(all[2], load: load))
                == #"{"kind":"telegram","number":3,"unix_ns":1795780803000000000,"line":"main","mark":"busy","repeated":false,"#
                + #""source":"1.1.24","destination":"1/3/0","service":"GroupValueWrite","name":"客厅温度","dpt":"9.001","#
                + #""value":"21 °C","octets":"\#(Hex.text(Telegrams.frames[2].octets))","acknowledge":"c0","#
                + #""text":"1.1.24 → 1/3/0  low  hop 6  GroupValueWrite  0C 1A","load_permille":412}"#)
        let bad = MonitorText.json(all[7], load: load)
        #expect(bad["flaw"]?.text == "truncated" && bad["source"] == nil && bad["acknowledge"] == nil)
    }
}

@Suite struct FilterTests {
    private static func numbers(_ aspect: TelegramFilter.Aspect, _ text: String) throws -> [Int] {
        var filter = TelegramFilter()
        try filter.set(aspect, to: text)
        return try Telegrams.all().filter(filter.admits).map(\.number)
    }

    @Test(arguments: [
        (TelegramFilter.Aspect.source, "1.1.24", [3, 4]), (.source, "1.1.10-1.1.20", [1, 2, 5, 6]),
        (.source, "1.1.*", [1, 2, 3, 4, 5, 6, 7]), (.source, "2.*", []), (.destination, "1/2/*", [1, 2, 5]),
        (.destination, "1/2/0", [1, 5]), (.destination, "1/2/1-1/3/0", [2, 3, 4]),
        (.destination, "1/*", [1, 2, 3, 4, 5]),
        (.destination, "1.1.20", [7]), (.destination, "1/512", [1, 5]), (.service, "read", [5, 7]),
        (.service, "groupvaluewrite", [1, 2, 3, 4, 6]), (.text, "KÜCHE", [2]), (.text, "21 °c", [3, 4]),
        (.text, "hop 6", [1, 2, 3, 4, 5, 6, 7]), (.text, "truncated", [8]), (.source, "  ", [1, 2, 3, 4, 5, 6, 7, 8]),
    ])
    func whatIsLetThrough(aspect: TelegramFilter.Aspect, text: String, numbers: [Int]) throws {
        #expect(try Self.numbers(aspect, text) == numbers)
    }

    @Test func severalAspectsAreAllDemanded() throws {
        var filter = TelegramFilter()
        try filter.set(.destination, to: "1/2/*")
        try filter.set(.service, to: "write")
        #expect(try Telegrams.all().filter(filter.admits).map(\.number) == [1, 2])
        try filter.set(.destination, to: "")
        #expect(try Telegrams.all().filter(filter.admits).map(\.number) == [1, 2, 3, 4, 6])
        #expect(filter.words(.destination) == nil && filter.words(.service) == "write")
    }

    @Test(arguments: [
        (TelegramFilter.Aspect.source, "1/2/3"), (.source, "1.1"), (.source, "1.1.300"), (.source, "1.1.9-1.1.5"),
        (.destination, "1/8/0"), (.destination, "1/2/3-1.1.5"), (.destination, "*"), (.destination, "1-2-3"),
        (.service, "writing"),
    ])
    func wordsThatAreNoFilter(aspect: TelegramFilter.Aspect, text: String) {
        var filter = TelegramFilter()
        #expect(throws: TelegramFilter.Failure.self) { try filter.set(aspect, to: text) }
        #expect(filter.isEmpty)
    }
}
