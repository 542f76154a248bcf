import Events
import KNX
import Testing

@testable import Twin

/// The device's end of a connection, rule by rule (KNX standard 3/3/4).
@Suite struct TransportConnectionTests {
    private static let partner = IndividualAddress(raw: 0x11C8)
    private static let other = IndividualAddress(raw: 0x11C9)
    private static let answer = ApplicationService.deviceDescriptorResponse(DeviceDescriptorResponse(mask: 0x07B0))

    private func connected() -> TransportConnection {
        var connection = TransportConnection()
        #expect(connection.received([0x80], from: Self.partner, at: at(0)).isEmpty)
        #expect(connection.partner == Self.partner)
        return connection
    }

    private func data(_ number: UInt8) -> [UInt8] { [0x43 | number << 2, 0x00] }
    private func toPartner(_ tpdu: [UInt8]) -> TransportConnection.Effect { .send(tpdu, to: Self.partner) }

    @Test func dataAreAcknowledgedAndDeliveredInTheirOrder() {
        var connection = connected()
        for round in 0..<40 {
            let number = UInt8(round % 16)
            let effects = connection.received(data(number), from: Self.partner, at: at(Double(round)))
            #expect(effects == [toPartner([0xC2 | number << 2]), .deliver(data(number))])
        }
    }

    @Test func aRepetitionIsAcknowledgedAndNotDelivered() {
        var connection = connected()
        _ = connection.received(data(0), from: Self.partner, at: at(1))
        #expect(connection.received(data(0), from: Self.partner, at: at(2)) == [toPartner([0xC2])])
        // Number 15 before the first is a repetition as well: counting is modulo 16.
        var fresh = connected()
        #expect(fresh.received(data(15), from: Self.partner, at: at(1)) == [toPartner([0xC2 | 15 << 2])])
    }

    @Test func aWrongNumberIsRefused() {
        var connection = connected()
        for number in UInt8(1)...14 {
            #expect(
                connection.received(data(number), from: Self.partner, at: at(1)) == [toPartner([0xC3 | number << 2])])
        }
        #expect(connection.received(data(0), from: Self.partner, at: at(2)).count == 2)
    }

    @Test func strangersAreTurnedAway() {
        var connection = connected()
        let away = [TransportConnection.Effect.send([0x81], to: Self.other)]
        #expect(connection.received([0x80], from: Self.other, at: at(1)) == away)
        #expect(connection.received(data(0), from: Self.other, at: at(1)) == away)
        #expect(connection.received([0x81], from: Self.other, at: at(1)).isEmpty)
        #expect(connection.received([0xC2], from: Self.other, at: at(1)).isEmpty)
        #expect(connection.partner == Self.partner)
        // Nobody is connected: the same for everybody.
        var closed = TransportConnection()
        #expect(closed.received(data(0), from: Self.other, at: at(1)) == away)
    }

    @Test func thePartnerEndsItAndStartsItAnew() {
        var connection = connected()
        _ = connection.received(data(0), from: Self.partner, at: at(1))
        #expect(connection.received([0x80], from: Self.partner, at: at(2)).isEmpty)
        // It counts from 0 again.
        #expect(connection.received(data(0), from: Self.partner, at: at(3)).count == 2)
        #expect(connection.received([0x81], from: Self.partner, at: at(4)) == [.closed])
        #expect(connection.partner == nil && connection.nextDue == nil)
    }

    @Test func sixSecondsWithoutAWordEndIt() {
        var connection = connected()
        #expect(connection.nextDue == at(6_000))
        // Every word of the partner counts.
        _ = connection.received([0xC2], from: Self.partner, at: at(5_000))
        #expect(connection.nextDue == at(11_000))
        #expect(connection.advance(to: at(10_999)).isEmpty)
        #expect(connection.advance(to: at(11_000)) == [toPartner([0x81]), .closed])
        #expect(connection.partner == nil)
    }

    @Test func unacknowledgedDataAreRepeatedThreeTimesThenItIsGivenUp() {
        var connection = connected()
        let tpdu: [UInt8] = [0x43, 0x40, 0x07, 0xB0]
        #expect(connection.send(Self.answer, at: at(100)) == [toPartner(tpdu)])
        for repetition in 1...3 {
            let due = at(100 + 3_000 * Double(repetition))
            #expect(connection.nextDue == due)
            #expect(connection.advance(to: due) == [toPartner(tpdu)], "repetition \(repetition)")
        }
        #expect(connection.advance(to: at(12_100)) == [toPartner([0x81]), .closed])
    }

    @Test func aRefusalIsARepetitionAtOnce() {
        var connection = connected()
        let tpdu: [UInt8] = [0x43, 0x40, 0x07, 0xB0]
        _ = connection.send(Self.answer, at: at(0))
        // Of another number: let pass.
        #expect(connection.received([0xC3 | 5 << 2], from: Self.partner, at: at(10)).isEmpty)
        for _ in 0..<3 { #expect(connection.received([0xC3], from: Self.partner, at: at(10)) == [toPartner(tpdu)]) }
        #expect(connection.received([0xC3], from: Self.partner, at: at(10)) == [toPartner([0x81]), .closed])
    }

    @Test func answersGoOneAfterTheOther() {
        var connection = connected()
        #expect(connection.send(Self.answer, at: at(0)).count == 1)
        #expect(connection.send(Self.answer, at: at(0)).isEmpty)
        // A wrong acknowledge changes nothing.
        #expect(connection.received([0xC2 | 1 << 2], from: Self.partner, at: at(50)).isEmpty)
        #expect(connection.received([0xC2], from: Self.partner, at: at(60)) == [toPartner([0x47, 0x40, 0x07, 0xB0])])
        #expect(connection.received([0xC6], from: Self.partner, at: at(70)).isEmpty)
        #expect(connection.nextDue == at(6_070))
    }
}
