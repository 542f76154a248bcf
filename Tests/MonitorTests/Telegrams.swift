import Events
import KNX

@testable import Monitor

/// Telegrams of a small building, for the tests that show and count them.
enum Telegrams {
    /// 12:00:00 UTC of a day.
    static let noon: Int64 = 1_795_780_800_000_000_000

    static let names = """
        Group name;Address;Central;Unfiltered;Description;DatapointType
        Kitchen light;1/2/0;;;;DPST-1-1
        Küchenfenster über der Spüle, Kontakt;1/2/100;;;;DPST-1-19
        客厅温度;1/3/0;;;;DPST-9-1
        """

    static var groups: GroupAddressTable {
        get throws { try GroupAddressTable(export: Array(names.utf8)) }
    }

    static func frame(
        _ source: String, _ destination: Destination, _ unit: [UInt8], acknowledge: UInt8? = 0xCC,
        isRepetition: Bool = false
    ) -> Event.Frame {
        let frame = TP1Frame(
            isRepetition: isRepetition, source: IndividualAddress(source) ?? IndividualAddress(raw: 0),
            destination: destination, transportUnit: unit)
        return Event.Frame(
            line: "main", octets: frame.octets, acknowledge: acknowledge, began: Instant(nanoseconds: 0))
    }

    static func group(_ text: String) -> Destination { .group(GroupAddress(text) ?? GroupAddress(raw: 0)) }

    /// One telegram each second from 12:00:01 on.
    static let frames: [Event.Frame] = [
        frame("1.1.10", group("1/2/0"), [0x00, 0x81]),
        frame("1.1.20", group("1/2/100"), [0x00, 0x81], acknowledge: nil),
        frame("1.1.24", group("1/3/0"), [0x00, 0x80, 0x0C, 0x1A], acknowledge: 0xC0),
        frame("1.1.24", group("1/3/0"), [0x00, 0x80, 0x0C, 0x1A], isRepetition: true),
        frame("1.1.11", group("1/2/0"), [0x00, 0x00], acknowledge: 0x0C),
        frame("1.1.11", group("7/7/255"), [0x00, 0x80, 0x01, 0x02, 0x03, 0x04]),
        frame(
            "1.1.1", .individual(IndividualAddress(raw: 0x1114)), [0x43, 0xD5, 0x00, 0x0B, 0x10, 0x01]),
        Event.Frame(
            line: "main", octets: [0xBC, 0x11, 0x0A], acknowledge: nil, began: Instant(nanoseconds: 0),
            flaw: "truncated"),
    ]

    static func all() throws -> [MonitoredTelegram] {
        let groups = try groups
        return frames.enumerated().map { index, frame in
            MonitoredTelegram(
                frame, at: Instant(nanoseconds: Int64(index + 1) * 1_000_000_000), number: index + 1,
                unixOffsetNanoseconds: noon, groups: groups)
        }
    }
}
