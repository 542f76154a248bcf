public import Events

/// The voltage of one line over time: held, then falling by ΣI/C while the switch is open, rising to nominal while it is closed, 0 while the
/// wires are shorted. Pure; readable at any instant from the last change on.
public struct Supply: Sendable {
    public private(set) var parameters: SupplyParameters
    /// Whether the switch is closed.
    public private(set) var isOn = true
    public private(set) var isShorted = false
    /// What everybody on the line draws at present.
    public private(set) var loadMilliamperes: Int64
    /// Whether what holds the voltage up lies behind the switch: so it does behind one on the mains side, and not behind one in the bus wire.
    private var isHeldUp = true
    /// The voltage at `since`, from where the present stretch is computed.
    private var startMillivolts: Int64
    private var since: Instant
    /// When the voltage begins to change in this stretch.
    private var changeBegins: Instant

    /// A supply that has been on for a long time, or has never been.
    public init(_ parameters: SupplyParameters, isOn: Bool = true, at instant: Instant) {
        self.parameters = parameters
        self.isOn = isOn
        loadMilliamperes = parameters.loadMilliamperes
        startMillivolts = isOn ? parameters.nominalMillivolts : 0
        since = instant
        changeBegins = instant
    }

    /// Opens or closes the switch. Without effect when it is so already.
    ///
    /// - Parameter heldUp: false for a switch on the DC side, between the supply and the line.
    public mutating func turn(on: Bool, heldUp: Bool = true, at instant: Instant) {
        guard on != isOn else { return }
        let millivolts = millivolts(at: instant)
        isOn = on
        isHeldUp = heldUp
        begin(at: instant, millivolts: millivolts)
    }

    /// Shorts the wires, or ends that. A supply that is on lifts the line again from 0 V.
    public mutating func short(_ isShorted: Bool, at instant: Instant) {
        guard isShorted != self.isShorted else { return }
        self.isShorted = isShorted
        begin(at: instant, millivolts: 0)
    }

    /// Goes on from the present voltage with other numbers: the switch sits in another place now.
    public mutating func rewire(_ parameters: SupplyParameters, at instant: Instant) {
        precondition(parameters.nominalMillivolts == self.parameters.nominalMillivolts, "it is the same supply")
        let millivolts = millivolts(at: instant)
        self.parameters = parameters
        begin(at: instant, millivolts: millivolts)
    }

    /// Others draw from here on. A hold-up that runs goes on.
    public mutating func draw(milliamperes: Int64, at instant: Instant) {
        precondition(milliamperes > 0, "something always draws from a line")
        guard milliamperes != loadMilliamperes else { return }
        if !isOn {
            startMillivolts = millivolts(at: instant)
            since = max(instant, since)
            changeBegins = max(changeBegins, since)
        }
        loadMilliamperes = milliamperes
    }

    /// A new stretch. The hold-up belongs to a supply whose capacitors are charged.
    private mutating func begin(at instant: Instant, millivolts: Int64) {
        startMillivolts = millivolts
        since = max(instant, since)
        let isHeld = !isOn && !isShorted && isHeldUp && millivolts == parameters.nominalMillivolts
        changeBegins = since + Instant.Span(nanoseconds: isHeld ? parameters.holdUpNanoseconds : 0)
    }

    /// Whether the voltage goes up, or is up.
    public var isRising: Bool { isOn && !isShorted }

    /// The voltage at an instant not before the last change.
    public func millivolts(at instant: Instant) -> Int64 {
        if isShorted { return 0 }
        let elapsed = max(0, (instant - changeBegins).nanoseconds)
        if isOn {
            let rise = product(elapsed, parameters.nominalMillivolts, dividedBy: parameters.riseNanoseconds)
            return min(parameters.nominalMillivolts, startMillivolts + rise)
        }
        // ns · mA / µF is a thousandth of a millivolt.
        return max(0, startMillivolts - product(elapsed, loadMilliamperes, dividedBy: fallDivisor))
    }

    private var fallDivisor: Int64 { 1_000 * parameters.capacitanceMicrofarads }

    /// When the voltage is below `level` for the first time in this stretch; nil when it never gets there.
    public func instant(below level: Int64) -> Instant? {
        if startMillivolts < level { return isRising ? nil : since }
        guard !isRising, level > 0 else { return nil }
        let fall = (startMillivolts - level + 1) * fallDivisor
        return changeBegins + Instant.Span(nanoseconds: roundedUp(fall, loadMilliamperes))
    }

    /// When the voltage is at `level` or above for the first time in this stretch; nil when it never gets there.
    public func instant(reaching level: Int64) -> Instant? {
        if startMillivolts >= level { return since }
        guard isRising, level <= parameters.nominalMillivolts else { return nil }
        let span = roundedUp(
            (level - startMillivolts) * parameters.riseNanoseconds, parameters.nominalMillivolts)
        return changeBegins + Instant.Span(nanoseconds: span)
    }

    /// When the voltage begins to move, and when it has come to rest, in this stretch.
    public var ramp: ClosedRange<Instant> {
        let rest = isRising ? instant(reaching: parameters.nominalMillivolts) : instant(below: 1)
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
