import Events

/// A tree of XML that is also HTML: escaping is done where text becomes octets and nowhere else, so nothing can be forgotten.
indirect enum Markup: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    case text(String)
    case element(String, [(String, String)], [Markup])

    init(stringLiteral value: String) { self = .text(value) }

    /// Elements of HTML that have no end tag.
    private static let void: Set<String> = ["meta", "br", "hr", "col"]

    /// The text of the tree. An element that holds only elements gets a line per child.
    var rendered: String {
        var text = ""
        append(to: &text)
        return text
    }

    private func append(to text: inout String) {
        switch self {
        case .text(let content): text += Markup.escaped(content, inAttribute: false)
        case .element(let name, let attributes, let children):
            text += "<\(name)"
            for (key, value) in attributes { text += " \(key)=\"\(Markup.escaped(value, inAttribute: true))\"" }
            if Markup.void.contains(name) {
                text += " />"
                return
            }
            text += ">"
            let isBlock = !children.isEmpty && children.allSatisfy { if case .element = $0 { true } else { false } }
            for child in children {
                if isBlock { text += "\n" }
                child.append(to: &text)
            }
            if isBlock { text += "\n" }
            text += "</\(name)>"
        }
    }

    /// A relative path as a link: everything that a URL would take for something else is percent-encoded.
    static func path(_ path: String) -> String {
        path.utf8.map { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                String(Unicode.Scalar(octet))
            default: "-._~/+".utf8.contains(octet) ? String(Unicode.Scalar(octet)) : "%" + Hex.text([octet])
            }
        }.joined()
    }

    /// Text that can mean nothing but itself. Characters that XML 1.0 cannot hold become U+FFFD.
    static func escaped(_ text: String, inAttribute: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\t", "\n": escaped += inAttribute ? "&#\(scalar.value);" : String(scalar)
            case "\r": escaped += "&#13;"
            case "\u{0}"..<"\u{20}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            // These turn the direction of what follows: a log line could make a report read otherwise than it is.
            case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// An element with attributes.
func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [Markup] = []) -> Markup {
    .element(name, attributes.map { ($0.key, $0.value) }, children)
}

/// An element that holds only text.
func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ text: String) -> Markup {
    .element(name, attributes.map { ($0.key, $0.value) }, [.text(text)])
}

/// An element without attributes that holds only text.
func element(_ name: String, _ text: String) -> Markup {
    .element(name, [], [.text(text)])
}
