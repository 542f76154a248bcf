import KNX

/// A TP1 line as a pure state machine in bit times: who may start when, arbitration, acknowledges, repetitions, truncation. It does no I/O
/// and owns no clock (KNX standard 3/2/2; timing as counted by `BusTiming`).
///
/// Every participant sends and receives. `advance(to:)` carries the line forward and says what happened; between two calls participants
/// say what they want. A caller who wants acknowledges to depend on what was received steps from `nextDue` to `nextDue`: whatever is said
/// until 15 bits after the check octet counts.
public struct TP1Line: Sendable {
    /// One participant of the line it was made by.
    public struct Participant: Hashable, Sendable {
        public let index: Int
    }

    /// What was on the line, once it is over.
    public struct FrameRecord: Hashable, Sendable {
        /// Complete octets, the check octet included unless `isTruncated`.
        public var octets: [UInt8]
        /// The acknowledge character that followed; nil when nobody said anything.
        public var acknowledge: UInt8?
        /// Who sent it: one participant, or several with identical frames.
        public var senders: [Participant]
        /// First bit of the first octet.
        public var began: BitTime
        /// First bit after the stop bit of the last octet; of a truncated frame, the bit at which the line fell silent.
        public var ended: BitTime
        /// True when its senders lost their power or gave it up, or the line was shorted, while it was on the line.
        public var isTruncated: Bool
        /// What answered a polling request, slot by slot.
        public var slots: [UInt8] = []
    }

    /// What happened on the line. All bit times are exact, however far `advance(to:)` went.
    public enum Effect: Hashable, Sendable {
        /// A frame begins: the line stops being idle.
        case began(at: BitTime, contenders: Int)
        /// An octet of a frame is complete; every powered participant received it, its senders too.
        case octet(UInt8, index: Int, at: BitTime)
        /// The last octet of a frame was complete at this bit: acknowledges count until 15 bits later.
        case complete(octets: [UInt8], senders: [Participant], at: BitTime)
        /// An acknowledge character is complete.
        case acknowledge(UInt8, at: BitTime)
        /// The character in one slot of a polling request is complete.
        case slot(UInt8, index: Int, at: BitTime)
        /// Noise: everybody reads these bits of the character that follows, a frame's octet or its acknowledge, other than they were sent.
        case disturbed(mask: UInt8, at: BitTime)
        /// The frame and what answered it are over. `at` is when its sender knows: the end of the acknowledge character, 30 bits after the
        /// check octet where none came, or the bit of truncation.
        case frame(FrameRecord, at: BitTime)
        /// A transmission has come to its end: acknowledged, or given up after its repetitions.
        case outcome(Participant, number: Int, isConfirmed: Bool, at: BitTime)
    }

    /// No acknowledge within this many bits of the check octet means that none comes (NCN51xx manual).
    static let acknowledgeWindowBits: BitTime = 30
    /// Wait after BUSY before the repetition.
    static let busyWaitBits: BitTime = 150
    /// What the master of a poll puts into a slot that no slave fills (recalled, not verified).
    static let emptySlot: UInt8 = 0xFE

    private struct Current {
        enum Phase {
            case octets, awaitingAcknowledge
            case acknowledging(UInt8)
            case unacknowledged
            /// The slot of a polling request that is next.
            case polling(Int)
        }

        let began: BitTime
        var octets: [UInt8] = []
        /// Indices of the participants that still send, all with the same octets so far.
        var contenders: [Int]
        var phase = Phase.octets
        /// Wired AND of what has been said so far.
        var acknowledge: UInt8?
        /// Of a polling request, the wired AND of what fills each slot; nil where nobody does.
        var slots: [UInt8?] = []

        var octetEnd: BitTime {
            began + BitTime(BusTiming.characterPitchBits * octets.count + BusTiming.characterBits)
        }
        /// End of the check octet.
        var end: BitTime { began + BitTime(BusTiming.frameBits(octets: octets.count)) }
    }

    private struct Station {
        var isAttached = true
        var queue: [PendingTransmission] = []
    }

    /// How far the line has been carried.
    public private(set) var now: BitTime
    private var stations: [Station] = []
    /// Those with something to send, in their order: a line of hundreds looks at no other when it is idle.
    private var waiting: [Int] = []
    private var current: Current?
    /// Long ago: a new line has been idle for ever.
    private var lastCharacterEnd: BitTime = .min / 2
    private var flips: BitFlips?
    /// Every bit of the line reads 0.
    private var isShorted = false
    private var heldUntil: BitTime = .min

    public init(at start: BitTime = 0) {
        now = start
    }

    /// Adds a participant, powered, with nothing to send.
    public mutating func addParticipant() -> Participant {
        stations.append(Station())
        return Participant(index: stations.count - 1)
    }

    /// The end of the last character when the line is silent now; nil inside a frame or an acknowledge character.
    public var idleSince: BitTime? {
        if isShorted { return nil }
        return switch current?.phase {
        case .octets, .acknowledging, .polling: nil
        default: lastCharacterEnd
        }
    }

    /// True from the first bit of a frame to its last.
    public var isInFrame: Bool {
        if case .octets = current?.phase { true } else { false }
    }

    /// Transmissions of `participant` without an outcome yet, the one on the line included.
    public func pendingCount(of participant: Participant) -> Int {
        stations[participant.index].queue.count
    }

    /// Wants a telegram on the line as soon as the rules allow, after what the participant wanted before with the same priority.
    public mutating func enqueue(_ transmission: Transmission, from participant: Participant, at bit: BitTime) {
        let ready = max(bit, now)
        let index = participant.index
        let pending = PendingTransmission(transmission, ready: ready)
        // What is on the line keeps its place, and what has lost arbitration may stand before what is more urgent.
        let waiting = stations[index].queue.dropFirst(isSending(index) ? 1 : 0)
        let place = waiting.lastIndex { $0.rank <= pending.rank }.map { $0 + 1 } ?? waiting.startIndex
        stations[index].queue.insert(pending, at: place)
        reviewWaiting(index)
        // Whoever wants the very bit in which a frame began contends with it.
        if place == 0, stations[index].isAttached, let frame = current, frame.began == ready, frame.octets.isEmpty,
            ready >= lastCharacterEnd + pending.idleBits
        {
            current?.contenders.append(index)
        }
    }

    /// Takes back everything of `participant` that is not on the line at this moment, without an outcome.
    public mutating func withdraw(_ participant: Participant) {
        if isSending(participant.index) {
            stations[participant.index].queue.removeLast(stations[participant.index].queue.count - 1)
        } else {
            stations[participant.index].queue = []
            reviewWaiting(participant.index)
        }
    }

    /// To be called when the queue of a station has changed.
    private mutating func reviewWaiting(_ index: Int) {
        let place = waiting.firstIndex { $0 >= index } ?? waiting.endIndex
        let isListed = place < waiting.endIndex && waiting[place] == index
        let isEmpty = stations[index].queue.isEmpty
        if isListed, isEmpty { waiting.remove(at: place) }
        if !isListed, !isEmpty { waiting.insert(index, at: place) }
    }

    private func isSending(_ index: Int) -> Bool {
        current?.contenders.contains(index) == true
    }

    /// Says what `participant` answers to the frame on the line, or to the one that has just ended. Several participants' answers, and
    /// several of one, are wired AND. Without effect when the acknowledge slot has begun.
    public mutating func say(_ acknowledgement: Acknowledgement, from participant: Participant) {
        guard stations[participant.index].isAttached else { return }
        switch current?.phase {
        case .octets, .awaitingAcknowledge:
            let said = current?.acknowledge ?? 0xFF
            current?.acknowledge = said & acknowledgement.rawValue
        default: break
        }
    }

    /// Fills a slot of the polling request on the line, wired AND with whoever fills the same one. Without effect when the slot has begun, or
    /// the request has no such slot.
    public mutating func fill(slot: Int, with octet: UInt8, from participant: Participant) {
        guard stations[participant.index].isAttached, case .polling(let next)? = current?.phase, slot >= next,
            let frame = current, frame.slots.indices.contains(slot),
            now < frame.end + BitTime(BusTiming.characterPitchBits * (slot + 1) - BusTiming.characterBits)
        else { return }
        current?.slots[slot] = (frame.slots[slot] ?? 0xFF) & octet
    }

    /// From here on everybody reads some bits wrong, as the seed says.
    public mutating func disturb(_ noise: LineNoise) {
        flips = BitFlips(noise)
    }

    /// The line is shorted from this bit on: it reads 0 whatever is sent. Who sends a 1 reads a 0 and falls silent, as one who has lost
    /// arbitration, and sends again when the short is gone; an acknowledge is none.
    public mutating func short(at bit: BitTime, effects: inout [Effect]) {
        advance(to: bit - 1, effects: &effects)
        now = max(now, bit)
        isShorted = true
        forgetAcknowledge()
        switch current?.phase {
        case .octets, .polling: truncate(by: current?.contenders ?? [], effects: &effects)
        default: break
        }
    }

    /// The short is gone: the line is idle from this bit on.
    public mutating func release(at bit: BitTime) {
        guard isShorted else { return }
        now = max(now, bit)
        isShorted = false
        lastCharacterEnd = max(lastCharacterEnd, now)
    }

    /// Power is back from this bit on: the participant receives and sends again.
    public mutating func attach(_ participant: Participant, at bit: BitTime) {
        let index = participant.index
        stations[index].isAttached = true
        let ready = max(bit, now)
        for place in stations[index].queue.indices {
            stations[index].queue[place].ready = max(stations[index].queue[place].ready, ready)
        }
    }

    /// The participant has no power from this bit on: what it sends ends in the middle of the octet, which nobody receives.
    ///
    /// - Parameter dropping: whether what it wanted to send is lost with its power, as in a chip, or sent when it is back.
    public mutating func detach(_ participant: Participant, at bit: BitTime, dropping: Bool, effects: inout [Effect]) {
        advance(to: bit - 1, effects: &effects)
        now = max(now, bit)
        let index = participant.index
        stations[index].isAttached = false
        if isSending(index) {
            current?.contenders.removeAll { $0 == index }
            // After the check octet the frame is whole, whoever dies: only its outcome has nobody left to go to.
            if case .octets = current?.phase, let frame = current, frame.contenders.isEmpty {
                truncate(by: [index], effects: &effects)
            }
        }
        if dropping {
            stations[index].queue = []
            reviewWaiting(index)
        }
        if !stations.contains(where: \.isAttached) { forgetAcknowledge() }
    }

    /// Nobody is left who could say what was to be said, or say it to its end.
    private mutating func forgetAcknowledge() {
        switch current?.phase {
        case .awaitingAcknowledge, .acknowledging:
            current?.acknowledge = nil
            current?.phase = .unacknowledged
        default: break
        }
    }

    private mutating func truncate(by senders: [Int], effects: inout [Effect]) {
        guard let frame = current else { return }
        current = nil
        lastCharacterEnd = now
        effects.append(
            .frame(
                FrameRecord(
                    octets: frame.octets, acknowledge: nil, senders: senders.map(Participant.init), began: frame.began,
                    ended: now, isTruncated: true), at: now))
    }

    /// Power fails for everybody at once. What was not dropped is sent after `restore`.
    public mutating func cut(at bit: BitTime, dropping: Bool, effects: inout [Effect]) {
        for index in stations.indices where stations[index].isAttached {
            detach(Participant(index: index), at: bit, dropping: dropping, effects: &effects)
        }
    }

    /// Power is back for everybody.
    public mutating func restore(at bit: BitTime) {
        for index in stations.indices { attach(Participant(index: index), at: bit) }
    }

    /// Lets no frame begin before `bit`. A real-time caller says the present bit before it advances: a frame whose start has passed while
    /// the caller slept begins now, and an idle line never catches up. Frames on the line keep their slots.
    ///
    /// - Returns: by how many bits the next start has been put off; 0 when none was due.
    @discardableResult
    public mutating func holdStarts(until bit: BitTime) -> BitTime {
        var delay: BitTime = 0
        if current == nil, let due = nextDue, due < bit { delay = bit - due }
        heldUntil = bit
        return delay
    }

    /// When something happens next if nobody says anything; nil when all is quiet.
    public var nextDue: BitTime? {
        guard let current else {
            if isShorted { return nil }
            var due: BitTime?
            for index in waiting where stations[index].isAttached {
                guard let pending = stations[index].queue.first else { continue }
                let start = earliestStart(of: pending)
                due = min(due ?? start, start)
            }
            return due
        }
        return switch current.phase {
        case .octets: current.octetEnd
        case .awaitingAcknowledge: current.end + BitTime(BusTiming.acknowledgeDelayBits)
        case .acknowledging: current.end + BitTime(BusTiming.acknowledgeDelayBits + BusTiming.characterBits)
        case .unacknowledged: current.end + Self.acknowledgeWindowBits
        case .polling(let slot): current.end + BitTime(BusTiming.characterPitchBits * (slot + 1))
        }
    }

    private func earliestStart(of pending: PendingTransmission) -> BitTime {
        max(pending.ready, lastCharacterEnd + pending.idleBits, heldUntil)
    }

    /// Carries the line to the end of bit `target`.
    public mutating func advance(to target: BitTime) -> [Effect] {
        var effects: [Effect] = []
        advance(to: target, effects: &effects)
        return effects
    }

    /// `advance(to:)` that appends, for callers who step often.
    public mutating func advance(to target: BitTime, effects: inout [Effect]) {
        while let due = nextDue, due <= target {
            now = max(now, due)
            step(at: due, effects: &effects)
        }
        now = max(now, target)
    }

    private mutating func step(at bit: BitTime, effects: inout [Effect]) {
        guard let phase = current?.phase else { return begin(at: bit, effects: &effects) }
        switch phase {
        case .octets: completeOctet(at: bit, effects: &effects)
        case .awaitingAcknowledge:
            if let character = current?.acknowledge {
                current?.phase = .acknowledging(character)
            } else {
                current?.phase = .unacknowledged
            }
        case .acknowledging(let character):
            lastCharacterEnd = bit
            let heard = disturbed(character, at: bit, effects: &effects)
            current?.acknowledge = heard
            effects.append(.acknowledge(heard, at: bit))
            resolve(at: bit, effects: &effects)
        case .unacknowledged: resolve(at: bit, effects: &effects)
        case .polling(let slot): completeSlot(slot, at: bit, effects: &effects)
        }
    }

    private mutating func completeSlot(_ slot: Int, at bit: BitTime, effects: inout [Effect]) {
        guard let frame = current else { return }
        let octet = frame.slots[slot] ?? Self.emptySlot
        current?.slots[slot] = octet
        lastCharacterEnd = bit
        effects.append(.slot(octet, index: slot, at: bit))
        if slot + 1 == frame.slots.count {
            resolve(at: bit, effects: &effects)
        } else {
            current?.phase = .polling(slot + 1)
        }
    }

    /// A character as everybody reads it.
    private mutating func disturbed(_ character: UInt8, at bit: BitTime, effects: inout [Effect]) -> UInt8 {
        guard let mask = flips?.next(), mask != 0 else { return character }
        effects.append(.disturbed(mask: mask, at: bit))
        return character ^ mask
    }

    private mutating func begin(at bit: BitTime, effects: inout [Effect]) {
        var contenders: [Int] = []
        for index in waiting where stations[index].isAttached {
            if let pending = stations[index].queue.first, earliestStart(of: pending) <= bit { contenders.append(index) }
        }
        current = Current(began: bit, contenders: contenders)
        effects.append(.began(at: bit, contenders: contenders.count))
    }

    private mutating func completeOctet(at bit: BitTime, effects: inout [Effect]) {
        guard let index = current?.octets.count, let contenders = current?.contenders, let first = contenders.first
        else { return }
        if contenders.count > 1 { arbitrate(octet: index) }
        let leader = current?.contenders.first ?? first
        let sent = stations[leader].queue[0].octets
        let octet = disturbed(sent[index], at: bit, effects: &effects)
        current?.octets.append(octet)
        lastCharacterEnd = bit
        effects.append(.octet(octet, index: index, at: bit))
        guard index + 1 == sent.count, let frame = current else { return }
        guard !stations[leader].queue[0].isAbandoned else { return abandon(at: bit, effects: &effects) }
        effects.append(.complete(octets: frame.octets, senders: frame.contenders.map(Participant.init), at: bit))
        guard sent[0] == PollData.control, sent.count == PollData.length else {
            current?.phase = .awaitingAcknowledge
            return
        }
        current?.acknowledge = nil
        current?.slots = Array(repeating: nil, count: Int(sent[5] & 15))
        current?.phase = .polling(0)
        if sent[5] & 15 == 0 { resolve(at: bit, effects: &effects) }
    }

    /// Those who fall silent here have sent what they wanted; who has more to say goes on.
    private mutating func abandon(at bit: BitTime, effects: inout [Effect]) {
        guard let frame = current else { return }
        let silent = frame.contenders.filter { stations[$0].queue[0].octets.count == frame.octets.count }
        current?.contenders.removeAll { silent.contains($0) }
        if silent.count == frame.contenders.count { truncate(by: silent, effects: &effects) }
        for index in silent {
            let given = stations[index].queue.removeFirst()
            reviewWaiting(index)
            effects.append(.outcome(Participant(index: index), number: given.number, isConfirmed: false, at: bit))
        }
    }

    /// Compares what the contenders send, least significant bit first: whoever sends 1 and reads 0 stops sending.
    private mutating func arbitrate(octet index: Int) {
        guard var contenders = current?.contenders else { return }
        let octet = { (octets: [UInt8]) -> UInt8? in index < octets.count ? octets[index] : nil }
        let longer = contenders.filter { octet(stations[$0].queue[0].octets) != nil }
        if !longer.isEmpty { contenders = longer }
        for bit in 0..<8 {
            let dominant = contenders.filter { (octet(stations[$0].queue[0].octets) ?? 0xFF) >> bit & 1 == 0 }
            if !dominant.isEmpty { contenders = dominant }
        }
        current?.contenders = contenders
    }

    private mutating func resolve(at bit: BitTime, effects: inout [Effect]) {
        guard let frame = current else { return }
        current = nil
        let senders = frame.contenders.map(Participant.init)
        effects.append(
            .frame(
                FrameRecord(
                    octets: frame.octets, acknowledge: frame.acknowledge, senders: senders, began: frame.began,
                    ended: frame.end, isTruncated: false, slots: frame.slots.map { $0 ?? Self.emptySlot }), at: bit))
        for sender in senders { settle(sender, frame, at: bit, effects: &effects) }
    }

    private mutating func settle(_ sender: Participant, _ frame: Current, at bit: BitTime, effects: inout [Effect]) {
        var pending = stations[sender.index].queue.removeFirst()
        defer { reviewWaiting(sender.index) }
        if case .polling = frame.phase {
            // Nobody acknowledges a polling request: its slots are the answer.
            effects.append(.outcome(sender, number: pending.number, isConfirmed: true, at: bit))
            return
        }
        // NAK and BUSY at once (00) is BUSY; a character that noise has made into none of the four is no acknowledge.
        let acknowledge = frame.acknowledge.flatMap(Acknowledge.init)
        let isBusy = acknowledge?.isBusy ?? false
        let isRefused = acknowledge?.isNotAcknowledge ?? true
        if isBusy, pending.busyRepetitionsLeft > 0 {
            pending.busyRepetitionsLeft -= 1
            pending.becomeRepetition(ready: bit + Self.busyWaitBits)
            stations[sender.index].queue.insert(pending, at: 0)
        } else if isRefused, !isBusy, pending.repetitionsLeft > 0 {
            pending.repetitionsLeft -= 1
            pending.becomeRepetition(ready: bit)
            stations[sender.index].queue.insert(pending, at: 0)
        } else {
            effects.append(
                .outcome(sender, number: pending.number, isConfirmed: !isBusy && !isRefused, at: bit))
        }
    }
}
