package import Events

/// What a driver's engine wants done.
package enum InterfaceEffect: Hashable, Sendable {
    case write([UInt8])
    case emit(Event)
}

/// The behaviour of a driver without its device: what happened, when, and what is to be done about it. Owns no clock and no descriptor.
package protocol InterfaceEngine: Sendable {
    /// The device is open.
    mutating func opened(at now: Instant) -> [InterfaceEffect]
    /// The device went away, or could not be opened.
    mutating func closed(_ reason: String, at now: Instant) -> [InterfaceEffect]
    /// Octets from the chip, all read at once.
    mutating func received(_ octets: [UInt8], at now: Instant) -> [InterfaceEffect]
    /// Nothing was there to read at `now`.
    mutating func tick(at now: Instant) -> [InterfaceEffect]
    /// The driver stops.
    mutating func finish(at now: Instant) -> [InterfaceEffect]
    /// When `tick` has something to do.
    var nextDeadline: Instant? { get }
}

extension Instant {
    /// The earlier of those that are there.
    static func earliest(_ instants: Instant?...) -> Instant? {
        instants.compactMap { $0 }.min()
    }
}
