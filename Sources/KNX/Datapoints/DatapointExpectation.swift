extension DatapointType {
    /// What the type takes, as it stands behind "it takes": `a number from -273 to 670433.28 (°C), such as 21.5`.
    public var expectation: String {
        let measured = unit.map { " (\($0))" } ?? ""
        switch coding {
        case .bit(let names), .twoBits(let names), .enumeration(let names):
            let spoken = names.codes.map { Self.spoken($0.name) }.joined(separator: ", ")
            return spoken.isEmpty ? "a code" : "one of \(spoken), or a code"
        case .step(let names):
            return names.codes.map { Self.spoken($0.name) }.joined(separator: " or ") + " and a step code from 0 to 7"
        case .unsigned(_, let range, let offset, let multiplier):
            return Self.whole(
                (range.lowerBound + offset) * multiplier, (range.upperBound + offset) * multiplier, multiplier)
                + measured
        case .signed(let octets, let multiplier):
            let last = octets == 8 ? Int.max : (1 << (8 * octets - 1) - 1) * multiplier
            return Self.whole(octets == 8 ? Int.min : -last - multiplier, last, multiplier) + measured
        case .proportion(let full): return "a number from 0 to \(full)\(measured)"
        case .hundredths: return "a number from -327.68 to 327.66\(measured)"
        case .float16(let minimum):
            let least = minimum == .min ? "-671088.64" : text(of: .number(Double(minimum) / 100))
            return "a number from \(least) to 670433.28\(measured), such as 21.5"
        case .single: return "a number\(measured), inf, -inf or nan"
        case .time: return "a time such as '12:30:00' or '12:30:00 Mon'"
        case .date: return "a date from 1990 to 2089 such as 2026-11-27"
        case .dateAndTime: return "words such as '2026-11-23 12:30:45 Mon working summer synchronised reliable'"
        case .character(let isASCII): return "one character of \(isASCII ? "ASCII" : "ISO 8859-1")"
        case .paddedText(let isASCII): return "up to 14 characters of \(isASCII ? "ASCII" : "ISO 8859-1")"
        case .letters: return "two ASCII characters such as de"
        case .terminatedLatin1: return "a text of ISO 8859-1"
        case .terminatedUTF8: return "a text"
        case .layout(let layout):
            return "words such as '" + layout.members.map(Self.pattern).joined(separator: " ") + "'"
        case .opaque: return "octets in hexadecimal"
        }
    }

    private static func whole(_ first: Int, _ last: Int, _ step: Int) -> String {
        "a whole number from \(first) to \(last)" + (step > 1 ? " in steps of \(step)" : "")
    }

    private static func pattern(_ member: DatapointLayout.Member) -> String {
        switch member.coding {
        case .flag, .invertedFlag: return member.validity == nil ? member.name : "\(member.name)=on"
        case .unsigned(let range, let offset):
            return "\(member.name)=\(range.lowerBound + offset)…\(range.upperBound + offset)"
        case .signed: return "\(member.name)=-5"
        case .percent: return "\(member.name)=0…100"
        case .tenths: return "\(member.name)=0…6553.5"
        case .float16: return "\(member.name)=21.5"
        case .colour: return "\(member.name)=0.315,0.332"
        case .step: return "\(member.name)=increase:1"
        case .names(let names): return "\(member.name)=\(names.codes.first.map { spoken($0.name) } ?? "0")"
        case .letters: return "\(member.name)=" + String(repeating: "x", count: member.width / 8)
        case .digits: return "\(member.name)=" + String(repeating: "0", count: member.width / 4)
        }
    }
}
