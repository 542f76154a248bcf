public import Events

/// The life of one participant on the voltage of its line: running, saving, off, starting. Pure.
public struct BusPower: Sendable {
    public enum State: Hashable, Sendable {
        case running
        /// Neither sends nor receives; its memory is kept.
        case saving
        /// Its memory is lost.
        case off
        /// Has power again, works when its start time is over.
        case starting
    }

    public let parameters: BusPowerParameters
    public private(set) var state: State
    /// When the present wait began: the voltage fell below the threshold, the capacitor was all that was left, or the wake voltage was reached.
    private var waitBegan: Instant?

    /// What it draws from the line at present.
    public var milliamperes: Int64 {
        switch state {
        case .running, .starting: parameters.milliamperes
        case .saving, .off: 0
        }
    }

    public init(_ parameters: BusPowerParameters, state: State = .running) {
        self.parameters = parameters
        self.state = state
    }

    /// When the state changes next if the switch stays as it is; nil when it does not.
    public func nextDue(_ supply: Supply, now: Instant) -> Instant? {
        switch state {
        case .running:
            guard let below = lowSince(supply, now: now) else { return nil }
            return max(now, below + span(parameters.saveDebounceNanoseconds))
        case .saving:
            let off = waitBegan.map { $0 + span(parameters.logicHoldUpNanoseconds) }
            return earlier(off ?? emptying(supply, now: now), wake(supply, now: now))
        case .off:
            return wake(supply, now: now)
        case .starting:
            let started = waitBegan.map { $0 + span(parameters.startNanoseconds) }
            return earlier(started, supply.isRising ? nil : supply.instant(below: parameters.saveMillivolts))
        }
    }

    /// Its logic starts anew, as after a reset.
    public mutating func restart(at instant: Instant) {
        _ = change(to: .starting, waitBegan: instant)
    }

    /// Takes the step that is due at `instant`, if any. To be called too before the supply is switched, so that a debounce that runs is
    /// not forgotten.
    ///
    /// - Returns: the new state when it changed.
    public mutating func advance(_ supply: Supply, to instant: Instant) -> State? {
        let voltage = supply.millivolts(at: instant)
        switch state {
        case .running:
            guard let below = lowSince(supply, now: instant) else {
                waitBegan = nil
                return nil
            }
            waitBegan = below <= instant ? below : nil
            guard instant >= below + span(parameters.saveDebounceNanoseconds) else { return nil }
            return change(to: .saving, waitBegan: voltage < parameters.offMillivolts ? instant : nil)
        case .saving:
            if voltage >= parameters.wakeMillivolts { return change(to: .running, waitBegan: nil) }
            if waitBegan == nil, voltage < parameters.offMillivolts { waitBegan = instant }
            guard let began = waitBegan, instant >= began + span(parameters.logicHoldUpNanoseconds) else { return nil }
            return change(to: .off, waitBegan: nil)
        case .off:
            return voltage >= parameters.wakeMillivolts ? change(to: .starting, waitBegan: instant) : nil
        case .starting:
            if voltage < parameters.saveMillivolts { return change(to: .off, waitBegan: nil) }
            guard let began = waitBegan, instant >= began + span(parameters.startNanoseconds) else { return nil }
            return change(to: .running, waitBegan: nil)
        }
    }

    /// Since when the voltage has been below the threshold: from an earlier stretch, or from this one's fall, which may still be to come.
    private func lowSince(_ supply: Supply, now: Instant) -> Instant? {
        if supply.isRising {
            // Rising: a debounce that runs goes on until the threshold is reached again.
            guard let waitBegan, supply.millivolts(at: now) < parameters.saveMillivolts else { return nil }
            return waitBegan
        }
        return waitBegan ?? supply.instant(below: parameters.saveMillivolts)
    }

    /// When one that has stopped has only its capacitor left, if the switch stays as it is.
    private func emptying(_ supply: Supply, now: Instant) -> Instant? {
        supply.isRising ? nil : supply.instant(below: parameters.offMillivolts).map { max(now, $0) }
    }

    private func wake(_ supply: Supply, now: Instant) -> Instant? {
        if supply.millivolts(at: now) >= parameters.wakeMillivolts { return now }
        return supply.isRising ? supply.instant(reaching: parameters.wakeMillivolts) : nil
    }

    private mutating func change(to state: State, waitBegan: Instant?) -> State {
        self.state = state
        self.waitBegan = waitBegan
        return state
    }

    private func span(_ nanoseconds: Int64) -> Instant.Span { Instant.Span(nanoseconds: nanoseconds) }

    private func earlier(_ left: Instant?, _ right: Instant?) -> Instant? {
        guard let left else { return right }
        return min(left, right ?? left)
    }
}
