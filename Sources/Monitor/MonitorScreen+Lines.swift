import KNX

extension MonitorScreen {
    /// A piece of a line in one look.
    public struct Piece: Hashable, Sendable {
        public enum Look: Hashable, Sendable {
            case plain, title, faint, good, warning, trouble, selected
        }

        public var text: String
        public var look: Look
    }

    /// The lines of the screen without any colour, each as wide as the terminal.
    public func lines(_ load: LineLoad.Reading) -> [String] {
        pieces(load).map { $0.map(\.text).joined() }
    }

    /// The lines of the screen: title with voltage and load, counters, headings, telegrams, and what the keys do or what is typed.
    public func pieces(_ load: LineLoad.Reading) -> [[Piece]] {
        var lines = [heading(load), counterLine, [Piece(text: fitted(headings), look: .faint)]]
        lines += view.map { row(telegrams[shown[$0]]) }
        while lines.count < rows - 1 { lines.append([Piece(text: fitted(""), look: .plain)]) }
        return Array((lines + [footer]).prefix(max(rows, 1)))
    }

    private func fitted(_ text: String) -> String { TextColumns.fitted(text, columns) }

    private func heading(_ load: LineLoad.Reading) -> [Piece] {
        let volts = millivolts.map { "\(Self.tenths(Int($0 / 100))) V   " } ?? ""
        let right =
            "\(volts)load \(Self.tenths(load.now)) %   1 min \(Self.tenths(load.minute)) %   peak \(Self.tenths(load.peak)) %"
        let room = columns - TextColumns.width(right)
        guard room > 12 else { return [Piece(text: fitted(right), look: .title)] }
        return [Piece(text: TextColumns.fitted("knxrig  \(title)", room) + right, look: .title)]
    }

    private static func tenths(_ number: Int) -> String { "\(number / 10).\(number % 10)" }

    private var counterLine: [Piece] {
        var pieces: [Piece] = []
        var room = columns
        for (name, count) in counters.all {
            let text = "\(name) \(count)  "
            guard text.count <= room else { break }
            room -= text.count
            let look: Piece.Look =
                switch name {
                case "NACK",
                    "bad" where count > 0,
                    "lost" where count > 0:
                    count > 0 ? .trouble : .plain
                case "BUSY" where count > 0, "unacknowledged" where count > 0: .warning
                default: .plain
                }
            pieces.append(Piece(text: text, look: look))
        }
        pieces.append(Piece(text: TextColumns.fitted("", room), look: .plain))
        return pieces
    }

    /// Widths of the columns; the last takes what is left.
    private var widths: (time: Int, mark: Int, source: Int, destination: Int, service: Int, value: Int, name: Int) {
        let value = columns >= 120 ? 24 : columns >= 100 ? 16 : 12
        let service = columns >= 120 ? 20 : 6
        let fixed = 12 + 2 + 5 + 10 + 2 + 10 + service + 1 + value + 1
        return (12, 5, 10, 10, service, value, max(columns - fixed, 0))
    }

    private var headings: String {
        let widths = widths
        return TextColumns.fitted("time", widths.time + 2) + TextColumns.fitted("", widths.mark)
            + TextColumns.fitted("source", widths.source + 2) + TextColumns.fitted("to", widths.destination)
            + TextColumns.fitted("APCI", widths.service) + " " + TextColumns.fitted("value", widths.value)
            + " " + TextColumns.fitted("name", widths.name)
    }

    private func row(_ telegram: MonitoredTelegram) -> [Piece] {
        let widths = widths
        let isSelected = telegram.number == selected
        let look: Piece.Look =
            switch telegram.mark {
            case .acknowledged: .good
            case .unacknowledged: .faint
            case .busy: .warning
            case .notAcknowledged, .bad: .trouble
            }
        let time = TextColumns.fitted(text.clock(telegram), widths.time + 2)
        let mark = TextColumns.fitted(telegram.mark.label, widths.mark)
        let rest: String
        if let source = telegram.source, let destination = telegram.destination {
            let repeated = telegram.isRepetition ? "repeated  " : ""
            let service = columns >= 120 ? telegram.service ?? "" : Self.short(telegram.service ?? "")
            let name = repeated + (telegram.name ?? "")
            rest =
                TextColumns.fitted(source.description, widths.source) + "→ "
                + TextColumns.fitted(written(destination), widths.destination)
                + TextColumns.fitted(service, widths.service) + " "
                + TextColumns.fitted(telegram.value ?? data(telegram), widths.value) + " "
                + TextColumns.fitted(name, widths.name)
        } else {
            rest = telegram.text
        }
        let room = columns - widths.time - 2 - widths.mark
        return [
            Piece(text: time, look: isSelected ? .selected : .plain), Piece(text: mark, look: look),
            Piece(text: TextColumns.fitted(rest, room), look: isSelected ? .selected : .plain),
        ]
    }

    private func written(_ destination: Destination) -> String {
        if case .group(let group) = destination { style.text(group) } else { destination.description }
    }

    /// The value's octets where no type says what they mean; the rest of the telegram's text where it is no group service.
    private func data(_ telegram: MonitoredTelegram) -> String {
        guard let service = telegram.service, let place = telegram.text.range(of: service) else { return "" }
        return String(telegram.text[place.upperBound...].drop { $0 == " " })
    }

    private static func short(_ service: String) -> String {
        switch service {
        case "GroupValueWrite": "write"
        case "GroupValueRead": "read"
        case "GroupValueResponse": "answer"
        default: service
        }
    }

    private var footer: [Piece] {
        if let message, prompt == nil { return [Piece(text: fitted(message), look: .warning)] }
        if let prompt {
            let problem = message.map { "   \($0)" } ?? ""
            return [Piece(text: fitted("\(prompt.aspect.rawValue): \(prompt.typed)_\(problem)"), look: .selected)]
        }
        let filters = TelegramFilter.Aspect.allCases.compactMap { aspect in
            filter.words(aspect).map { "\(aspect.rawValue) \($0)" }
        }
        var words = isPaused ? ["PAUSED"] : []
        if !filters.isEmpty { words.append("only \(filters.joined(separator: ", ")) (c: all)") }
        words.append("q quit  space pause  n/N trouble  s source  d destination  a APCI  t text")
        return [Piece(text: fitted(words.joined(separator: "   ")), look: isPaused ? .warning : .faint)]
    }
}

extension String {
    /// Where a word stands in the text.
    fileprivate func range(of word: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(word) { return start..<index(start, offsetBy: word.count) }
            start = index(after: start)
        }
        return nil
    }
}
