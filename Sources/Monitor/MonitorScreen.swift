public import KNX

/// What the monitor shows, as a value: telegrams, counters, filter, what is typed, and the size of the terminal. `lines` is the text of it.
public struct MonitorScreen: Sendable {
    /// Telegrams that can be scrolled back to.
    static let longest = 10_000

    /// Columns and rows of the terminal.
    public var columns: Int
    public var rows: Int
    public var text: MonitorText
    /// Of the line's supply, where something senses it.
    public var millivolts: Int64?
    public internal(set) var counters = LineCounters()
    public internal(set) var filter: TelegramFilter
    /// Paused: what comes is counted and kept, and the view stays.
    public internal(set) var isPaused = false
    public internal(set) var hasEnded = false

    let title: String
    let style: GroupAddressStyle
    var telegrams: [MonitoredTelegram] = []
    /// Places in `telegrams` of those that the filter admits.
    var shown: [Int] = []
    /// The last row of the view, a place in `shown`; nil follows the line.
    var bottom: Int?
    /// The row that was jumped to, a telegram's number.
    var selected: Int?
    /// What is typed for which aspect of the filter.
    var prompt: (aspect: TelegramFilter.Aspect, typed: String)?
    var message: String?

    public init(
        title: String, columns: Int, rows: Int, text: MonitorText, filter: TelegramFilter,
        style: GroupAddressStyle = .threeLevel
    ) {
        self.title = title
        self.style = style
        self.columns = columns
        self.rows = rows
        self.text = text
        self.filter = filter
    }

    public mutating func show(_ telegram: MonitoredTelegram) {
        counters.count(telegram)
        if telegrams.count >= Self.longest + Self.longest / 10 { forget() }
        telegrams.append(telegram)
        if filter.admits(telegram) { shown.append(telegrams.count - 1) }
    }

    /// Says something below the telegrams until the next key.
    public mutating func say(_ message: String) { self.message = message }

    public mutating func press(_ key: MonitorKey) {
        message = nil
        if prompt != nil { return type(key) }
        switch key {
        case .character("q"): hasEnded = true
        case .character(" "), .character("p"): isPaused ? follow() : pause()
        case .character("n"): jump(forward: true)
        case .character("N"): jump(forward: false)
        case .character("s"): ask(.source)
        case .character("d"): ask(.destination)
        case .character("a"): ask(.service)
        case .character("t"), .character("/"): ask(.text)
        case .character("c"): set(TelegramFilter())
        case .up: scroll(-1)
        case .down: scroll(1)
        case .pageUp: scroll(-viewRows)
        case .pageDown: scroll(viewRows)
        case .home, .character("g"): scroll(-shown.count)
        case .end, .character("G"): follow()
        default: break
        }
    }

    var viewRows: Int { max(rows - 4, 0) }

    /// Places in `shown` that the view has.
    var view: Range<Int> {
        let end = min((bottom ?? shown.count - 1) + 1, shown.count)
        return max(0, end - viewRows)..<max(0, end)
    }

    private mutating func pause() {
        isPaused = true
        if bottom == nil { bottom = max(shown.count - 1, 0) }
    }

    private mutating func follow() {
        isPaused = false
        bottom = nil
        selected = nil
    }

    private mutating func scroll(_ count: Int) {
        pause()
        bottom = min(max((bottom ?? 0) + count, min(viewRows, shown.count) - 1), max(shown.count - 1, 0))
    }

    /// To the next NACK, BUSY or bad frame from the one selected, or from the top or the bottom of the view.
    private mutating func jump(forward: Bool) {
        pause()
        let here = selected.flatMap { number in shown.firstIndex { telegrams[$0].number == number } }
        let found: Int?
        if forward {
            let from = here.map { $0 + 1 } ?? view.lowerBound
            found = shown[min(from, shown.count)...].firstIndex { telegrams[$0].mark.isTrouble }
        } else {
            let before = here ?? view.upperBound
            found = shown[..<min(before, shown.count)].lastIndex { telegrams[$0].mark.isTrouble }
        }
        guard let found else {
            message = "no \(forward ? "further" : "earlier") NACK, BUSY or bad frame"
            return
        }
        selected = telegrams[shown[found]].number
        if !view.contains(found) { bottom = min(found + viewRows / 2, shown.count - 1) }
    }

    private mutating func ask(_ aspect: TelegramFilter.Aspect) {
        prompt = (aspect, filter.words(aspect) ?? "")
    }

    private mutating func type(_ key: MonitorKey) {
        guard let (aspect, typed) = prompt else { return }
        switch key {
        case .character(let character): prompt = (aspect, typed + String(character))
        case .backspace: prompt = (aspect, String(typed.dropLast()))
        case .escape: prompt = nil
        case .enter:
            var wanted = filter
            do {
                try wanted.set(aspect, to: typed)
                prompt = nil
                set(wanted)
            } catch {
                message = error.description
            }
        default: break
        }
    }

    private mutating func set(_ filter: TelegramFilter) {
        self.filter = filter
        shown = telegrams.indices.filter { filter.admits(telegrams[$0]) }
        if bottom != nil { bottom = max(shown.count - 1, 0) }
    }

    /// Takes the oldest tenth away.
    private mutating func forget() {
        let count = telegrams.count - Self.longest
        telegrams.removeFirst(count)
        let hidden = shown.firstIndex { $0 >= count } ?? shown.count
        shown = shown[hidden...].map { $0 - count }
        bottom = bottom.map { max(0, $0 - hidden) }
    }
}
