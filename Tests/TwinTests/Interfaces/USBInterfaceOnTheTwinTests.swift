import Events
import Glibc
import KNX
import Platform
import Testing
import USB

@testable import Twin

/// The interface between a simulated line in real time and a host over USB/IP.
@Suite(.serialized) struct USBInterfaceOnTheTwinTests {
    private final class World {
        let twin: TwinFixture
        let server: USBIPServer

        init(_ change: (inout USBInterfaceParameters) -> Void = { _ in }) throws {
            var parameters = USBInterfaceParameters(address: IndividualAddress(raw: 0x11F0))
            change(&parameters)
            let twin = try TwinFixture(chips: [], usbInterfaces: [.init(id: "usb", parameters: parameters)])
            self.twin = twin
            server = try USBIPServer(boards: twin.shell.usbInterfaces.map { ($0.device, $0.model) }) { _, _, _, _ in }
            twin.shell.carry(by: server)
        }

        func client() throws -> HIDClient { try HIDClient(port: server.port, busID: "1-1") }

        /// Telegrams of the interface on the line, repetitions too.
        var ofInterface: [LineRecord.Frame] { twin.frames.filter { $0.senders == ["usb"] } }

        func end() {
            server.stop()
            twin.end()
        }
    }

    private func write(_ value: UInt8, to group: UInt16 = 0x3001) -> USBTransfer.Content {
        .tunnel(.cemi, groupWrite(value, to: group).octets)
    }

    @Test func telegramsPassBothWaysAndAreConfirmedByTheLinesAcknowledge() throws {
        let world = try World()
        defer { world.end() }
        let client = try world.client()
        defer { client.close() }
        try client.say(.busAccess(BusAccessMessage(.get, .supportedEMITypes)))
        #expect(try client.next() == .busAccess(BusAccessMessage(.response, .supportedEMITypes, value: [0, 4])))
        // The lamp and the listener acknowledge 6/0/1; nobody 14/0/1, which goes out four times.
        try client.say(write(1))
        #expect(try client.message(.linkDataConfirmation)?[2] == 0xBC)
        #expect(world.ofInterface.map(\.acknowledge) == [0xCC])
        try client.say(write(2, to: 0x7001))
        #expect(try client.message(.linkDataConfirmation)?[2] == 0xBD)
        #expect(world.ofInterface.count == 5)
        // What another sends to a group is told, and acknowledged by the interface, which was alone in it.
        world.twin.shell.send(frame(source: 0x110A, data: [0x80, 9], group: 0x7001), line: "main", device: "lamp")
        #expect(
            try client.message(.linkDataIndication)
                == [0x29, 0, 0xBC, 0xE0, 0x11, 0x0A, 0x70, 0x01, 2, 0x00, 0x80, 9])
        #expect(world.twin.wait { world.twin.frames.last?.senders == ["lamp"] })
        #expect(world.twin.frames.last?.acknowledge == 0xCC)
    }

    @Test func aFullInterfaceLetsItsHostWaitAndLosesNothing() throws {
        let world = try World { $0.sendBuffers = 2 }
        defer { world.end() }
        let client = try world.client()
        defer { client.close() }
        for value in UInt8(1)...6 { try client.say(write(value)) }
        let confirmed = try (1...6).map { _ in try client.message(.linkDataConfirmation)?.last }
        #expect(confirmed == [1, 2, 3, 4, 5, 6])
        #expect(world.ofInterface.map { $0.octets[$0.octets.count - 2] } == [1, 2, 3, 4, 5, 6])
        // Two were taken at once, and one more with each that was off the line: the sixth was not yet when the first was confirmed, 20 ms after that.
        #expect(client.untakenThen.first.map { (1...4).contains($0) } == true, "\(client.untakenThen)")
        #expect(client.untaken.isEmpty && !client.isOutOfOrder)
    }

    @Test func theLineGoesAndComesAndItsHostIsTold() throws {
        let world = try World()
        defer { world.end() }
        let client = try world.client()
        defer { client.close() }
        try client.say(write(1))
        #expect(try client.message(.linkDataConfirmation) != nil)
        world.twin.shell.connect(.supply(line: "main"), false)
        #expect(try client.announcement() == false)
        try client.say(write(2))
        #expect(try client.message(.linkDataConfirmation)?[2] == 0xBD)
        world.twin.shell.connect(.supply(line: "main"), true)
        #expect(try client.announcement() == true)
        // Whoever acknowledges starts later than the interface.
        MonotonicClock.sleep(for: .milliseconds(500))
        try client.say(write(3))
        #expect(try client.message(.linkDataConfirmation)?[2] == 0xBC)
        #expect(world.ofInterface.map { $0.octets[$0.octets.count - 2] } == [1, 3])
    }

    @Test func aBusmonitorOverUSBSeesFramesAndAcknowledges() throws {
        let world = try World()
        defer { world.end() }
        let client = try world.client()
        defer { client.close() }
        try client.say(.tunnel(.cemi, PropertyMessage.setCommunicationMode(.busmonitor).octets))
        #expect(try client.message(.propertyWriteConfirmation) == [0xF5, 0, 8, 1, 0x34, 0x10, 1])
        // Alone with a telegram to a group of nobody's, it does not acknowledge; with one of the listener's, it tells.
        world.twin.shell.send(frame(source: 0x110A, group: 0x3002), line: "main", device: "lamp")
        let messages = try (0..<2).compactMap { _ in
            try client.message(.busmonitorIndication).map { try MediumMessage($0.span) }
        }
        try #require(messages.map(\.medium) == [frame(source: 0x110A, group: 0x3002), [0xCC]])
        let stamps = messages.map { message in
            message.additionalInformation[1].data.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        // The acknowledge's last bit is 15 + 11 bits and what remains of a character after the frame's.
        #expect((2_000...3_000).contains(stamps[1] &- stamps[0]), "\(stamps)")
        world.twin.shell.send(frame(source: 0x110A, group: 0x7001), line: "main", device: "lamp")
        #expect(world.twin.wait { world.twin.frames.filter { $0.octets[3] == 0x70 }.count == 4 })
        #expect(world.twin.frames.filter { $0.octets[3] == 0x70 }.allSatisfy { $0.acknowledge == nil })
    }

    @Test func itsPlugIsPulledAndPutBack() throws {
        let world = try World()
        defer { world.end() }
        let client = try world.client()
        world.twin.shell.connect(.interface(line: "main", chip: "usb"), false)
        #expect(throws: SystemFailure.self) { while try client.next() != nil {} }
        client.close()
        #expect(try HIDClient.list(port: world.server.port) == [])
        // Without it nobody acknowledges 14/0/1.
        world.twin.shell.send(frame(source: 0x110A, group: 0x7001), line: "main", device: "lamp")
        #expect(world.twin.wait { world.twin.frames.count == 4 })
        #expect(world.twin.frames.allSatisfy { $0.acknowledge == nil })
        world.twin.shell.connect(.interface(line: "main", chip: "usb"), true)
        #expect(world.twin.wait { (try? HIDClient.list(port: world.server.port)) == ["1-1"] })
        let again = try world.client()
        defer { again.close() }
        try again.say(write(1))
        #expect(try again.message(.linkDataConfirmation)?[2] == 0xBC)
        let plugs = world.twin.records.compactMap { record -> Bool? in
            if case .plug("main", "usb", let isPlugged, _) = record { isPlugged } else { nil }
        }
        #expect(plugs == [false, true])
    }

    @Test func whatIsWrongWithItIsMetOverUSBIP() throws {
        let world = try World()
        defer { world.end() }
        let client = try world.client()
        defer { client.close() }
        var faults = USBInterfaceFaults()
        faults.isStalling = true
        #expect(world.twin.shell.disturb(usbInterface: "main/usb", faults))
        // The reports that it was asked for before end so too.
        #expect(try client.next(seconds: 1) == nil)
        #expect(client.refused == [.stall, .stall])
        faults.isStalling = false
        faults.vanishesAfterReports = 1
        #expect(world.twin.shell.disturb(usbInterface: "main/usb", faults))
        let vanishing = try HIDClient.list(port: world.server.port)
        #expect(vanishing == ["1-1"])
        MonotonicClock.sleep(for: .milliseconds(50))
        try client.say(write(1))
        #expect(throws: SystemFailure.self) { while try client.next() != nil {} }
        #expect(try HIDClient.list(port: world.server.port) == [])
        #expect(!world.twin.shell.disturb(usbInterface: "main/sub", faults))
    }
}
