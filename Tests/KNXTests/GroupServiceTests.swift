import KNX
import Testing

@Suite struct GroupServiceTests {
    @Test(arguments: [
        ("0000", GroupService.read), ("0041", .response(.small(1))), ("00BF", .write(.small(63))),
        ("00800C1A", .write(.octets([0x0C, 0x1A]))), ("0040FF", .response(.octets([0xFF]))),
    ]) func bothWays(_ unit: String, _ service: GroupService) throws {
        #expect(try GroupService(transportUnit: hex(unit)) == service)
        #expect(service.transportUnit == hex(unit))
    }

    @Test(arguments: [
        ("", GroupService.Refusal.transport), ("00", .apduTooShort), ("8000", .transport), ("4080", .transport),
        ("0880", .transport), ("000001", .apduLength), ("00810C", .apduLength), ("00C0", .otherService),
        ("0300", .otherService), ("03D5", .otherService),
    ]) func refusals(_ unit: String, _ refusal: GroupService.Refusal) {
        #expect(throws: refusal) { try GroupService(transportUnit: hex(unit)) }
    }

    @Test func broadcastIsNoGroup() {
        let frame = TP1Frame(
            source: IndividualAddress(raw: 0x1105), destination: .group(GroupAddress(raw: 0)), transportUnit: [0, 0x80])
        #expect(throws: GroupService.Refusal.notGroupAddressed) { try GroupService.of(frame) }
        #expect(
            try! TransportControl(transportUnit: frame.transportUnit, destination: frame.destination) == .dataBroadcast)
    }

    @Test func everyTransportUnitOfTwoOctetsEnds() {
        for first in UInt8.min...255 {
            for second in UInt8.min...255 {
                let unit = [first, second]
                if let service = try? GroupService(transportUnit: unit), first == 0 {
                    #expect(service == .read || service.transportUnit == unit)
                }
                _ = try? TransportControl(
                    transportUnit: unit, destination: .individual(IndividualAddress(raw: 0x1101)))
            }
        }
    }

    @Test(arguments: [
        ("81", TransportControl.disconnect), ("80", .connect), ("C2", .acknowledge(0)), ("FF", .notAcknowledge(15)),
        ("4FD5", .dataConnected(3)), ("0300", .dataIndividual),
    ]) func transportToOne(_ unit: String, _ control: TransportControl) throws {
        let destination = Destination.individual(IndividualAddress(raw: 0x1101))
        #expect(try TransportControl(transportUnit: hex(unit), destination: destination) == control)
    }

    @Test(arguments: [
        ("82", TransportControl.Flaw.reserved), ("C0", .reserved), ("C1", .reserved), ("84", .reserved),
        ("0700", .reserved), ("8000", .controlWithData), ("00", .apduTooShort), ("", .empty),
    ]) func transportFlaws(_ unit: String, _ flaw: TransportControl.Flaw) {
        let destination = Destination.individual(IndividualAddress(raw: 0x1101))
        #expect(throws: flaw) { try TransportControl(transportUnit: hex(unit), destination: destination) }
    }
}
