import Events
import Glibc
import Platform

/// An open serial line of ours alone. Every wait ends. For one thread at a time.
public final class SerialConnection: Sendable {
    private let line: SerialLine

    init(_ line: SerialLine) {
        self.line = line
    }

    public func close() { line.close() }

    /// Throws away what came unasked, until nothing has come for `quietMilliseconds`.
    ///
    /// - Throws: `overflow` when the line doesn't fall silent within ten times that, and a tenth of a second.
    public func drain(quietMilliseconds: Int) throws(TransportFailure) {
        let deadline = MonotonicClock.now() + .milliseconds(Int64(quietMilliseconds * 10 + 100))
        repeat {
            let until = MonotonicClock.now() + .milliseconds(Int64(quietMilliseconds))
            if try read(maximum: 4_096, until: until).isEmpty { return }
        } while MonotonicClock.now() < deadline
        throw .overflow
    }

    public func send(_ octets: [UInt8], timeoutMilliseconds: Int) throws(TransportFailure) {
        try Urgency.giveWay()
        do {
            try line.descriptor.writeAll(
                octets, until: MonotonicClock.now() + .milliseconds(Int64(timeoutMilliseconds)))
        } catch {
            throw Self.failure(error, timeoutMilliseconds)
        }
    }

    /// Exactly `count` octets.
    ///
    /// - Throws: `timedOut` when none came, `shortAnswer` when some did.
    public func receive(_ count: Int, timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        try receive(timeoutMilliseconds: timeoutMilliseconds, wanted: count) { $0.count >= count ? count : nil }
    }

    /// Octets up to and with the first `end`.
    ///
    /// - Throws: `timedOut` when none came, `shortAnswer` when the end didn't, `overflow` when it wasn't among the first `maximum`.
    public func receive(through end: UInt8, maximum: Int, timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8]
    {
        var searched = 0
        var isTooLong = false
        let octets = try receive(timeoutMilliseconds: timeoutMilliseconds, wanted: nil) { octets in
            if let place = octets[searched...].firstIndex(of: end) { return place + 1 }
            searched = octets.count
            isTooLong = octets.count >= maximum
            return isTooLong ? octets.count : nil
        }
        if isTooLong { throw .overflow }
        return octets
    }

    /// Nothing may follow an answer: what does is another command's answer, or an echo.
    ///
    /// - Throws: `overflow` when something comes within `milliseconds`.
    public func expectSilence(milliseconds: Int) throws(TransportFailure) {
        let until = MonotonicClock.now() + .milliseconds(Int64(milliseconds))
        guard try read(maximum: 4_096, until: until).isEmpty else { throw .overflow }
    }

    /// - Parameters:
    ///   - wanted: for the failure; nil where only the end is known: then one more than came.
    ///   - length: the length of the answer once it is whole.
    private func receive(
        timeoutMilliseconds: Int, wanted: Int?, length: ([UInt8]) -> Int?
    ) throws(TransportFailure) -> [UInt8] {
        let deadline = MonotonicClock.now() + .milliseconds(Int64(timeoutMilliseconds))
        var octets: [UInt8] = []
        while true {
            let more = try read(maximum: wanted.map { $0 - octets.count } ?? 256, until: deadline)
            guard !more.isEmpty else {
                guard !octets.isEmpty else { throw .timedOut(milliseconds: timeoutMilliseconds) }
                throw .shortAnswer(got: octets.count, wanted: wanted ?? octets.count + 1)
            }
            octets += more
            if let length = length(octets) {
                guard length == octets.count else { throw .overflow }
                return octets
            }
        }
    }

    /// What is there, or comes until then; empty when nothing does.
    private func read(maximum: Int, until deadline: Instant) throws(TransportFailure) -> [UInt8] {
        while true {
            do {
                // A line in raw mode ends with an empty read or EIO when its device is pulled.
                if let octets = try line.descriptor.read(maximum: maximum) {
                    guard !octets.isEmpty else { throw TransportFailure.gone }
                    return octets
                }
            } catch let failure as SystemFailure {
                throw Self.failure(failure, 0)
            } catch {
                throw .gone
            }
            if try !Urgency.waitToRead(line.descriptor, until: deadline) { return [] }
        }
    }

    private static func failure(_ failure: SystemFailure, _ timeoutMilliseconds: Int) -> TransportFailure {
        switch failure.code {
        case EIO, ENODEV, ENXIO, EBADF, EPIPE: .gone
        case ETIMEDOUT: .timedOut(milliseconds: timeoutMilliseconds)
        default: .io("\(failure)")
        }
    }
}
