import Events
import KNX
import Testing

@testable import Monitor

@Suite struct ScreenTests {
    static let load = LineLoad.Reading(now: 412, minute: 390, peak: 615)

    static func screen(columns: Int = 80, rows: Int = 13) throws -> MonitorScreen {
        var screen = MonitorScreen(
            title: "twin main", columns: columns, rows: rows, text: MonitorText(utcOffsetSeconds: 0),
            filter: TelegramFilter())
        screen.millivolts = 29_840
        for telegram in try Telegrams.all() { screen.show(telegram) }
        return screen
    }

    @Test func at80Columns() throws {
        let lines = try Self.screen().lines(Self.load)
        #expect(lines.allSatisfy { TextColumns.width($0) == 80 })
        #expect(
            lines.map(Self.trimmed) == [
                "knxrig  twin main              29.8 V   load 41.2 %   1 min 39.0 %   peak 61.5 %",
                "telegrams 7  ACK 4  NACK 1  BUSY 1  unacknowledged 1  repeated 1  bad 1",
                "time               source      to        APCI   value        name",
                "12:00:01.000  ACK  1.1.10    → 1/2/0     write  on           Kitchen light",
                "12:00:02.000  -    1.1.20    → 1/2/100   write  open         Küchenfenster über…",
                "12:00:03.000  BUSY 1.1.24    → 1/3/0     write  21 °C        客厅温度",
                "12:00:04.000  ACK  1.1.24    → 1/3/0     write  21 °C        repeated  客厅温度",
                "12:00:05.000  NACK 1.1.11    → 1/2/0     read                Kitchen light",
                "12:00:06.000  ACK  1.1.11    → 7/7/255   write  01 02 03 04",
                "12:00:07.000  ACK  1.1.1     → 1.1.20    Prope… object 0  P…",
                "12:00:08.000  bad  truncated: bc110a", "",
                "q quit  space pause  n/N trouble  s source  d destination  a APCI  t text",
            ])
    }

    /// What was lost is seen on every screen.
    @Test func lossesComeFirst() throws {
        var screen = try Self.screen()
        screen.counters.lost = 12
        let piece = try #require(screen.pieces(Self.load)[1].first)
        #expect(piece.text == "lost 12  " && piece.look == .trouble)
        #expect(screen.lines(Self.load)[1].hasPrefix("lost 12  telegrams 7  ACK 4"))
    }

    @Test func at140Columns() throws {
        let lines = try Self.screen(columns: 140, rows: 6).lines(Self.load)
        #expect(lines.allSatisfy { TextColumns.width($0) == 140 })
        #expect(
            lines[3...4].map(Self.trimmed) == [
                "12:00:07.000  ACK  1.1.1     → 1.1.20    PropertyValueRead    object 0  PID 11  count…",
                "12:00:08.000  bad  truncated: bc110a",
            ])
        #expect(lines[0].hasSuffix("29.8 V   load 41.2 %   1 min 39.0 %   peak 61.5 %"))
    }

    /// No size of terminal makes a line of another width, or more lines than fit.
    @Test(arguments: [(1, 1), (20, 4), (40, 8), (79, 24), (100, 30), (119, 40), (300, 100)])
    func anySize(columns: Int, rows: Int) throws {
        let lines = try Self.screen(columns: columns, rows: rows).lines(Self.load)
        #expect(lines.count == rows)
        if columns >= 20 { #expect(lines.allSatisfy { TextColumns.width($0) == columns }) }
    }

    @Test(arguments: [
        ("abc", 5, "abc  "), ("abcdef", 5, "abcd…"), ("客厅温度", 5, "客厅…"), ("客厅温度", 6, "客厅… "),
        ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"), ("👩‍👩‍👧x", 2, "… "), ("👍 ok", 6, "👍 ok "), ("x", 0, ""),
    ])
    func cutting(text: String, columns: Int, cut: String) {
        #expect(TextColumns.fitted(text, columns) == cut)
        #expect(TextColumns.width(TextColumns.fitted(text, columns)) == columns)
    }

    @Test func pauseKeepsTheViewAndCountsOn() throws {
        var screen = try Self.screen(rows: 8)
        let before = screen.lines(Self.load)[3..<7]
        screen.press(.character(" "))
        for telegram in try Telegrams.all() { screen.show(telegram) }
        #expect(screen.lines(Self.load)[3..<7] == before)
        #expect(screen.counters.telegrams == 14)
        #expect(screen.lines(Self.load)[7].hasPrefix("PAUSED"))
        screen.press(.character(" "))
        #expect(screen.lines(Self.load)[3..<7] == before && !screen.isPaused)
    }

    @Test func scrolling() throws {
        var screen = try Self.screen(rows: 8)
        func times() -> [String] { screen.lines(Self.load)[3..<7].map { String($0.dropFirst(6).prefix(2)) } }
        screen.press(.pageUp)
        #expect(times() == ["01", "02", "03", "04"])
        screen.press(.pageUp)
        #expect(times() == ["01", "02", "03", "04"])
        screen.press(.down)
        #expect(times() == ["02", "03", "04", "05"])
        screen.press(.home)
        #expect(times() == ["01", "02", "03", "04"])
        screen.press(.end)
        #expect(times() == ["05", "06", "07", "08"] && !screen.isPaused)
    }

    /// To BUSY, NACK and bad in turn, and no further.
    @Test func jumping() throws {
        var screen = try Self.screen(rows: 13)
        var numbers: [Int?] = []
        for _ in 0..<3 {
            screen.press(.character("n"))
            numbers.append(screen.selected)
        }
        #expect(numbers == [3, 5, 8])
        screen.press(.character("n"))
        #expect(screen.selected == 8 && screen.message == "no further NACK, BUSY or bad frame")
        screen.press(.character("N"))
        #expect(screen.selected == 5)
        #expect(screen.pieces(Self.load)[7].first?.look == .selected)
        // Outside of the view it is brought there.
        screen.rows = 6
        screen.press(.character("N"))
        #expect(screen.selected == 3 && screen.lines(Self.load)[3..<5].contains { $0.contains("BUSY") })
    }

    @Test func aFilterIsTyped() throws {
        var screen = try Self.screen()
        screen.press(.character("d"))
        for character in "1/3/9" { screen.press(.character(character)) }
        screen.press(.backspace)
        screen.press(.character("x"))
        screen.press(.enter)
        #expect(screen.lines(Self.load).last?.contains("destination: 1/3/x_") == true)
        #expect(screen.lines(Self.load).last?.contains("should be an address") == true)
        screen.press(.backspace)
        screen.press(.character("0"))
        screen.press(.enter)
        #expect(screen.shown.map { screen.telegrams[$0].number } == [3, 4])
        #expect(screen.lines(Self.load).last?.hasPrefix("only destination 1/3/0 (c: all)") == true)
        for telegram in try Telegrams.all() { screen.show(telegram) }
        #expect(screen.shown.count == 4)
        screen.press(.character("s"))
        screen.press(.character("9"))
        screen.press(.escape)
        #expect(screen.shown.count == 4)
        screen.press(.character("c"))
        #expect(screen.shown.count == 16 && screen.filter.isEmpty)
        screen.press(.character("q"))
        #expect(screen.hasEnded)
    }

    /// The oldest go, those that stay keep their places under a filter and in a paused view.
    @Test func aLongTime() throws {
        var screen = try Self.screen(rows: 8)
        screen.press(.character("d"))
        for character in "1/3/0" { screen.press(.character(character)) }
        screen.press(.enter)
        let all = try Telegrams.all()
        var number = 8
        for _ in 0..<2_000 {
            for telegram in all {
                var next = telegram
                number += 1
                next.number = number
                screen.show(next)
            }
        }
        #expect(screen.telegrams.count <= MonitorScreen.longest * 11 / 10)
        #expect(screen.telegrams.last?.number == number)
        #expect(screen.shown.allSatisfy { screen.filter.admits(screen.telegrams[$0]) })
        #expect(screen.shown.count == screen.telegrams.count { screen.filter.admits($0) })
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}

@Suite struct KeyTests {
    @Test func keys() {
        var keys = MonitorKeys()
        #expect(keys.feed(Array("aé\r".utf8)) == [.character("a"), .character("é"), .enter])
        #expect(keys.feed([0x1B]) == [.escape])
        #expect(
            keys.feed(Array("\u{1B}[A\u{1B}OB\u{1B}[5~\u{1B}[6~\u{1B}[H\u{1B}[4~\u{7F}".utf8)) == [
                .up, .down, .pageUp, .pageDown, .home, .end, .backspace,
            ])
        // A key that is not known here, a control character, and an octet of no character.
        #expect(keys.feed(Array("\u{1B}[15~\u{01}".utf8) + [0xFF, 0x78]) == [.character("x")])
        var cut = MonitorKeys()
        #expect(cut.feed([0xE2, 0x82]) == [])
        #expect(cut.feed([0xAC]) == [.character("€")])
    }
}
