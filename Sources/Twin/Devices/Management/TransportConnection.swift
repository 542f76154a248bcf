import Events
import KNX

/// The device's end of connection-oriented transport (KNX standard 3/3/4): one connection at a time, numbered data with acknowledges and repetitions.
/// Pure.
struct TransportConnection: Sendable {
    struct Parameters: Hashable, Sendable {
        /// Without an acknowledge for so long the data are repeated.
        var acknowledgeTimeout = Instant.Span.seconds(3)
        /// How often, before the connection is given up.
        var repetitions = 3
        /// A connection on which nothing happens for so long is given up.
        var connectionTimeout = Instant.Span.seconds(6)
    }

    /// What is to be done.
    enum Effect: Hashable, Sendable {
        /// A TPDU of one octet, or the repetition of one with data, for that address.
        case send([UInt8], to: IndividualAddress)
        /// An APDU of the partner, TPCI still in its first octet.
        case deliver([UInt8])
        case closed
    }

    private struct Waiting {
        let tpdu: [UInt8]
        var repetitionsLeft: Int
        var due: Instant
    }

    private struct Open {
        let partner: IndividualAddress
        var sendNumber: UInt8 = 0
        var receiveNumber: UInt8 = 0
        var waiting: Waiting?
        /// Answers that wait for the one before to be acknowledged.
        var queue: [ApplicationService] = []
        var idleDue: Instant
    }

    private static let connect: UInt8 = 0x80
    private static let disconnect: UInt8 = 0x81

    let parameters: Parameters
    private var open: Open?

    init(_ parameters: Parameters = Parameters()) { self.parameters = parameters }

    var partner: IndividualAddress? { open?.partner }

    var nextDue: Instant? {
        guard let open else { return nil }
        return open.waiting.map { min($0.due, open.idleDue) } ?? open.idleDue
    }

    /// A telegram to this device has come in, with a control or a numbered TPDU.
    mutating func received(_ tpdu: [UInt8], from source: IndividualAddress, at instant: Instant) -> [Effect] {
        guard let octet = tpdu.first else { return [] }
        let number = octet >> 2 & 15
        if octet == Self.connect { return connected(by: source, at: instant) }
        guard open?.partner == source else {
            // Whoever is not connected is told so when it sends data; what is left over of another connection needs no answer.
            return octet & 0xC0 == 0x40 ? [.send([Self.disconnect], to: source)] : []
        }
        open?.idleDue = instant + parameters.connectionTimeout
        switch octet {
        case Self.disconnect: return close()
        case _ where octet & 0xC0 == 0x40: return data(tpdu, number: number)
        case _ where octet & 0xC3 == 0xC2: return acknowledged(number, at: instant)
        case _ where octet & 0xC3 == 0xC3: return refused(number, at: instant)
        default: return []
        }
    }

    private mutating func connected(by source: IndividualAddress, at instant: Instant) -> [Effect] {
        if let open, open.partner != source { return [.send([Self.disconnect], to: source)] }
        // A partner that has started anew counts from 0 again.
        open = Open(partner: source, idleDue: instant + parameters.connectionTimeout)
        return []
    }

    private mutating func data(_ tpdu: [UInt8], number: UInt8) -> [Effect] {
        guard let connection = open else { return [] }
        let acknowledge = Effect.send([0xC2 | number << 2], to: connection.partner)
        if number == connection.receiveNumber {
            open?.receiveNumber = (number + 1) & 15
            return [acknowledge, .deliver(tpdu)]
        }
        // Its acknowledge was lost: once more, and nothing else.
        if number == (connection.receiveNumber + 15) & 15 { return [acknowledge] }
        return [.send([0xC3 | number << 2], to: connection.partner)]
    }

    private mutating func acknowledged(_ number: UInt8, at instant: Instant) -> [Effect] {
        // An acknowledge of what was not sent is let pass.
        guard open?.waiting != nil, open?.sendNumber == number else { return [] }
        open?.sendNumber = (number + 1) & 15
        open?.waiting = nil
        return sendNext(at: instant)
    }

    private mutating func refused(_ number: UInt8, at instant: Instant) -> [Effect] {
        guard open?.waiting != nil, open?.sendNumber == number else { return [] }
        return repeatData(at: instant)
    }

    /// Sends a service to the partner, after what waits already.
    mutating func send(_ service: ApplicationService, at instant: Instant) -> [Effect] {
        open?.queue.append(service)
        return sendNext(at: instant)
    }

    private mutating func sendNext(at instant: Instant) -> [Effect] {
        guard let connection = open, connection.waiting == nil, let service = connection.queue.first else { return [] }
        open?.queue.removeFirst()
        let tpdu = service.tpdu(.dataConnected, sequence: connection.sendNumber)
        open?.waiting = Waiting(
            tpdu: tpdu, repetitionsLeft: parameters.repetitions, due: instant + parameters.acknowledgeTimeout)
        open?.idleDue = instant + parameters.connectionTimeout
        return [.send(tpdu, to: connection.partner)]
    }

    private mutating func repeatData(at instant: Instant) -> [Effect] {
        guard let connection = open, let waiting = connection.waiting else { return [] }
        guard waiting.repetitionsLeft > 0 else { return giveUp() }
        open?.waiting?.repetitionsLeft -= 1
        open?.waiting?.due = instant + parameters.acknowledgeTimeout
        open?.idleDue = instant + parameters.connectionTimeout
        return [.send(waiting.tpdu, to: connection.partner)]
    }

    mutating func advance(to instant: Instant) -> [Effect] {
        guard let connection = open else { return [] }
        if let waiting = connection.waiting, waiting.due <= instant { return repeatData(at: instant) }
        return connection.idleDue <= instant ? giveUp() : []
    }

    private mutating func giveUp() -> [Effect] {
        guard let partner = open?.partner else { return [] }
        return [.send([Self.disconnect], to: partner)] + close()
    }

    /// Forgets the connection without a word, as a device that starts anew.
    mutating func forget() { open = nil }

    private mutating func close() -> [Effect] {
        open = nil
        return [.closed]
    }
}
