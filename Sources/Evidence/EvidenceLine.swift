import Events

/// One line of evidence (schema `knxrig/evidence/1`):
/// `{"n":412,"t":81234567890,"u":120000,"at":"witness","k":"frame","d":{…},"h":"…"}`.
///
/// n counts from 0; t is the instant and u its standard uncertainty, nanoseconds; at names the source; k the kind; d the details. h is
/// SHA-256 over the previous line's h (64 hex digits as ASCII, zeros before the first line) followed by this line up to, but not
/// including, `,"h"`.
enum EvidenceLine {
    static let schema = "knxrig/evidence/1"
    /// What stands in for the hash before event 0.
    static let hashBeforeFirst = String(repeating: "0", count: 64)
    /// Length of `,"h":"` + 64 digits + `"}`.
    static let tailLength = 6 + 64 + 2

    /// The line without its hash: all octets before `,"h"`.
    static func head(number: Int, _ event: Event) -> [UInt8] {
        var octets: [UInt8] = []
        octets += #"{"n":\#(number),"t":\#(event.instant.nanoseconds),"u":\#(event.uncertaintyNanoseconds),"at":"#.utf8
        JSON.append(.text(event.source), to: &octets)
        octets += #","k":"#.utf8
        JSON.append(.text(event.payload.kind), to: &octets)
        octets += #","d":"#.utf8
        JSON.append(event.payload.value, to: &octets)
        return octets
    }

    static func hash(of head: some Collection<UInt8>, after previous: String) -> String {
        var octets: [UInt8] = []
        octets.reserveCapacity(64 + head.count)
        octets += previous.utf8
        octets += head
        return SHA256.text(octets)
    }

    static func tail(hash: String) -> String {
        #","h":"\#(hash)"}"#
    }
}

extension EvidenceLine {
    /// A line taken apart. Nothing of it has been compared with its hash yet.
    struct Parts {
        var head: ArraySlice<UInt8>
        var hash: String
        var number: Int
        var value: Value
    }

    /// Takes a line (without its end) apart.
    ///
    /// - Throws: a sentence about what makes it no line of evidence.
    static func parts(of line: [UInt8]) throws(Unreadable) -> Parts {
        let value: Value
        do {
            value = try JSON.parse(line)
        } catch {
            throw Unreadable(reason: error.description)
        }
        guard let number = value["n"]?.integer, number >= 0 else { throw Unreadable(reason: "it has no number 'n'") }
        guard let hash = value["h"]?.text, hash.utf8.count == 64,
            line.suffix(tailLength).elementsEqual(tail(hash: hash).utf8)
        else { throw Unreadable(reason: "it does not end with its hash 'h'") }
        return Parts(head: line.dropLast(tailLength), hash: hash, number: Int(number), value: value)
    }

    struct Unreadable: Error {
        var reason: String
    }

    /// The event in a line. A known kind whose details this build cannot read is kept as read, with the reason beside it: its octets
    /// are as written, so it is no alteration.
    static func event(in value: Value) throws(Unreadable) -> (event: Event, misread: String?) {
        guard let instant = value["t"]?.integer, let uncertainty = value["u"]?.integer, let source = value["at"]?.text,
            let kind = value["k"]?.text, let details = value["d"]
        else { throw Unreadable(reason: "one of 't', 'u', 'at', 'k' and 'd' is missing") }
        var misread: String?
        let payload: Event.Payload
        do {
            payload = try Event.Payload(kind: kind, value: details)
        } catch {
            payload = .other(kind: kind, details)
            misread = "'\(kind)': \(error.description)"
        }
        let event = Event(
            at: Instant(nanoseconds: instant), uncertaintyNanoseconds: uncertainty, source: source, payload)
        return (event, misread)
    }
}
