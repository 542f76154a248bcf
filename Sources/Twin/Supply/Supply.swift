public import Events

/// The voltage of one line over time: held, then falling while the switch is open, rising to nominal while it is closed. Pure; readable
/// at any instant from the last change on.
public struct Supply: Sendable {
    public private(set) var parameters: SupplyParameters
    /// Whether the switch is closed.
    public private(set) var isOn = true
    /// Whether what holds the voltage up lies behind the switch: so it does behind one on the mains side, and not behind one in the bus wire.
    private var isHeldUp = true
    /// The voltage at `since`, from where the present stretch is computed.
    private var startMillivolts: Int64
    private var since: Instant

    /// A supply that has been on for a long time, or has never been.
    public init(_ parameters: SupplyParameters, isOn: Bool = true, at instant: Instant) {
        self.parameters = parameters
        self.isOn = isOn
        startMillivolts = isOn ? parameters.nominalMillivolts : 0
        since = instant
    }

    /// Opens or closes the switch. Without effect when it is so already.
    ///
    /// - Parameter heldUp: false for a switch on the DC side, between the supply and the line.
    public mutating func turn(on: Bool, heldUp: Bool = true, at instant: Instant) {
        guard on != isOn else { return }
        startMillivolts = millivolts(at: instant)
        since = max(instant, since)
        isOn = on
        isHeldUp = heldUp
    }

    /// Goes on from the present voltage with other numbers: the switch sits in another place now.
    public mutating func rewire(_ parameters: SupplyParameters, at instant: Instant) {
        precondition(parameters.nominalMillivolts == self.parameters.nominalMillivolts, "it is the same supply")
        startMillivolts = millivolts(at: instant)
        since = max(instant, since)
        self.parameters = parameters
    }

    /// When the voltage begins to change in this stretch. The hold-up belongs to a supply whose capacitors are charged.
    private var changeBegins: Instant {
        let isHeld = !isOn && isHeldUp && startMillivolts == parameters.nominalMillivolts
        return since + Instant.Span(nanoseconds: isHeld ? parameters.holdUpNanoseconds : 0)
    }

    /// The voltage at an instant not before the last change.
    public func millivolts(at instant: Instant) -> Int64 {
        let elapsed = max(0, (instant - changeBegins).nanoseconds)
        if isOn {
            let rise = product(elapsed, parameters.nominalMillivolts, dividedBy: parameters.riseNanoseconds)
            return min(parameters.nominalMillivolts, startMillivolts + rise)
        }
        return max(0, startMillivolts - product(elapsed, parameters.fallMillivoltsPerMillisecond, dividedBy: 1_000_000))
    }

    /// When the voltage is below `level` for the first time in this stretch; nil when it never gets there.
    public func instant(below level: Int64) -> Instant? {
        if startMillivolts < level { return isOn ? nil : since }
        guard !isOn, level > 0 else { return nil }
        let fall = (startMillivolts - level + 1) * 1_000_000
        return changeBegins + Instant.Span(nanoseconds: roundedUp(fall, parameters.fallMillivoltsPerMillisecond))
    }

    /// When the voltage is at `level` or above for the first time in this stretch; nil when it never gets there.
    public func instant(reaching level: Int64) -> Instant? {
        if startMillivolts >= level { return since }
        guard isOn, level <= parameters.nominalMillivolts else { return nil }
        let span = roundedUp(
            (level - startMillivolts) * parameters.riseNanoseconds, parameters.nominalMillivolts)
        return changeBegins + Instant.Span(nanoseconds: span)
    }

    /// When the voltage begins to move, and when it has come to rest, in this stretch.
    public var ramp: ClosedRange<Instant> {
        let rest = isOn ? instant(reaching: parameters.nominalMillivolts) : instant(below: 1)
        return changeBegins...max(changeBegins, rest ?? changeBegins)
    }

    private func product(_ elapsed: Int64, _ rate: Int64, dividedBy divisor: Int64) -> Int64 {
        let (high, low) = elapsed.multipliedFullWidth(by: rate)
        return high >= divisor ? .max / 4 : divisor.dividingFullWidth((high, low)).quotient
    }

    private func roundedUp(_ dividend: Int64, _ divisor: Int64) -> Int64 {
        (dividend + divisor - 1) / divisor
    }
}
