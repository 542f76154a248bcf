public import Events
import KNX

/// A telegram that was acknowledged on the line to one of the rig's own stimuli.
public struct SentTelegram: Hashable, Sendable {
    public var group: UInt16
    public var raw: [UInt8]
    /// Who sent it.
    public var stimulus: String
    /// When its chip said so (L_Data.con): after the acknowledge and one octet on the way here.
    public var instant: Instant
    /// Of a tracer, how many of its group were acknowledged before it; nil of any other.
    public var number: Int?

    /// `1/0/3 0c1a, which stimulus-1 had acknowledged at 12.345678 s`; the instant as seconds after `start`.
    public func text(since start: Instant) -> String {
        "\(Text.group(group)) \(Text.raw(raw)), which \(stimulus) had acknowledged at \(Text.microseconds(instant - start))"
    }
}

/// The ledger of what the rig itself had on the line: each telegram that its stimuli had acknowledged must be among those that the witness told. Tracers
/// carry a count in their value, so that one cannot be taken for another within 4096 of its group.
struct SentTelegrams: Sendable {
    private struct Key: Hashable {
        var group: UInt16
        var raw: [UInt8]
    }

    /// How far a frame and its confirmation may be stamped apart: both are stamped by threads of ours, which a busy computer holds up.
    static let reach = Instant.Span.seconds(2)

    private var pending: [Key: [SentTelegram]] = [:]
    /// All that were not overdue, by arrival.
    private var order: [SentTelegram] = []
    private var head = 0
    private var numbers: [UInt16: Int] = [:]
    private(set) var count = 0

    mutating func take(_ stimulation: Event.Stimulation, by stimulus: String, at instant: Instant) {
        // What is no group value has nothing to know it by.
        guard stimulation.outcome == .confirmed, !stimulation.raw.isEmpty else { return }
        var sent = SentTelegram(
            group: stimulation.group, raw: stimulation.raw, stimulus: stimulus, instant: instant, number: nil)
        if stimulation.role == .tracer {
            sent.number = numbers[sent.group, default: 0]
            numbers[sent.group, default: 0] += 1
        }
        count += 1
        order.append(sent)
        pending[Key(group: sent.group, raw: sent.raw), default: []].append(sent)
    }

    /// What a sound frame was; nil when nobody of ours sent it, or it repeats what was heard.
    mutating func match(_ frame: Event.Frame, at instant: Instant) -> SentTelegram? {
        guard let decoded = try? TP1Frame(octets: frame.octets), case .group(let group) = decoded.destination,
            let value = (try? GroupService(transportUnit: decoded.transportUnit))?.value
        else { return nil }
        let key = Key(group: group.raw, raw: value.raw)
        guard var list = pending[key],
            let index = list.firstIndex(where: { abs(($0.instant - instant).nanoseconds) <= Self.reach.nanoseconds })
        else { return nil }
        let sent = list.remove(at: index)
        pending[key] = list.isEmpty ? nil : list
        return sent
    }

    /// Those that were acknowledged before `instant` and not heard, each once.
    mutating func overdue(at instant: Instant) -> [SentTelegram] {
        var unheard: [SentTelegram] = []
        while head < order.count, order[head].instant < instant {
            let sent = order[head]
            head += 1
            let key = Key(group: sent.group, raw: sent.raw)
            guard var list = pending[key], let index = list.firstIndex(of: sent) else { continue }
            list.remove(at: index)
            pending[key] = list.isEmpty ? nil : list
            unheard.append(sent)
        }
        if head > 1_000 {
            order.removeFirst(head)
            head = 0
        }
        return unheard
    }
}
