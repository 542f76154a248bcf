import Platform
import Testing

@testable import USB

@Suite struct DescriptorTests {
    /// The descriptors of a dcttech relay board as `lsusb -v` shows their fields.
    static let device: [UInt8] = [
        0x12, 0x01, 0x10, 0x01, 0x00, 0x00, 0x00, 0x08, 0xC0, 0x16, 0xDF, 0x05, 0x00, 0x01, 0x01, 0x02, 0x00, 0x01,
    ]
    static let configuration: [UInt8] = [
        0x09, 0x02, 0x22, 0x00, 0x01, 0x01, 0x00, 0x80, 0x0A,
        0x09, 0x04, 0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00,
        0x09, 0x21, 0x01, 0x01, 0x00, 0x01, 0x22, 0x16, 0x00,
        0x07, 0x05, 0x81, 0x03, 0x08, 0x00, 0x14,
    ]

    @Test func aDeviceDescriptorIsTakenApart() throws {
        let descriptor = try DeviceDescriptor(octets: Self.device)
        #expect(descriptor.usbVersion == 0x0110)
        #expect(descriptor.maximumPacketSize == 8)
        #expect(descriptor.vendor == 0x16C0)
        #expect(descriptor.product == 0x05DF)
        #expect(descriptor.deviceVersion == 0x0100)
        #expect(descriptor.manufacturerString == 1)
        #expect(descriptor.productString == 2)
        #expect(descriptor.serialNumberString == 0)
        #expect(descriptor.configurationCount == 1)
        #expect(descriptor.octets == Self.device)
    }

    @Test func aConfigurationIsTakenApart() throws {
        let configuration = try ConfigurationDescriptor(octets: Self.configuration)
        #expect(configuration.number == 1)
        #expect(configuration.maximumMilliamperes == 20)
        let interface = try #require(configuration.interfaces.first)
        #expect(interface.interfaceClass == 3)
        #expect(interface.endpoints.map(\.address) == [0x81])
        #expect(interface.endpoints.map(\.interval) == [20])
        let hid = try HIDDescriptor(octets: try #require(interface.classDescriptors.first))
        #expect(hid == HIDDescriptor(hidVersion: 0x0101, reportDescriptorLength: 22))
        #expect(configuration.octets == Self.configuration)
    }

    @Test func textsGoBothWays() throws {
        let octets: [UInt8] = [0x0A, 0x03, 0x55, 0x00, 0x53, 0x00, 0x42, 0x00, 0xE9, 0x00]
        #expect(StringDescriptor.octets("USBé") == octets)
        #expect(try StringDescriptor.text(octets) == "USBé")
        #expect(StringDescriptor.octets(languages: [0x0409]) == [4, 3, 9, 4])
        #expect(try StringDescriptor.languages([4, 3, 9, 4]) == [0x0409])
        // 126 UTF-16 units are the most that one octet of length allows.
        #expect(StringDescriptor.octets(String(repeating: "a", count: 300)).count == 254)
    }

    @Test func aSetupPacketGoesBothWays() throws {
        let octets: [UInt8] = [0x21, 0x09, 0x00, 0x03, 0x02, 0x01, 0x08, 0x00]
        let setup = try #require(SetupPacket(octets: octets))
        #expect(setup == SetupPacket(requestType: 0x21, request: 9, value: 0x0300, index: 0x0102, length: 8))
        #expect(setup.direction == .out)
        #expect(setup.kind == .class)
        #expect(setup.octets == octets)
        #expect(SetupPacket(octets: octets.dropLast()) == nil)
        #expect(SetupPacket(octets: octets + [0]) == nil)
        #expect(SetupPacket.getDescriptor(.device, length: 18).octets == [0x80, 6, 0, 1, 0, 0, 18, 0])
    }

    @Test func everyPrefixIsRefusedWithItsPlace() {
        for count in 0..<Self.device.count {
            #expect(throws: DescriptorFailure.self) { try DeviceDescriptor(octets: Self.device.prefix(count)) }
        }
        for count in 0..<Self.configuration.count {
            #expect(throws: DescriptorFailure.self) {
                try ConfigurationDescriptor(octets: Self.configuration.prefix(count))
            }
        }
    }

    @Test(arguments: [
        (0, 17, "its length field is 17, not 18", 0), (1, 2, "its type field is 2, not 1", 1),
    ]) func aWrongFieldOfADeviceIsNamed(position: Int, octet: UInt8, reason: String, offset: Int) {
        var octets = Self.device
        octets[position] = octet
        #expect(throws: DescriptorFailure(reading: "device", reason: reason, offset: offset)) {
            try DeviceDescriptor(octets: octets)
        }
    }

    @Test(arguments: [
        (18, 0, "a part has length 0, 16 octets are left", 18),
        (18, 17, "a part has length 17, 16 octets are left", 18),
        (2, 200, "its total length is 200, there are 34 octets", 2), (4, 2, "it announces 2 interfaces and has 1", 4),
        (27, 6, "an endpoint has length 6, less than 7", 27),
    ]) func aWrongLengthInAConfigurationIsNamed(position: Int, octet: UInt8, reason: String, offset: Int) {
        var octets = Self.configuration
        octets[position] = octet
        #expect(throws: DescriptorFailure(reading: "configuration", reason: reason, offset: offset)) {
            try ConfigurationDescriptor(octets: octets)
        }
    }

    @Test func noOctetsTrapADecoder() {
        var generator = SeededGenerator(seed: 0x05DF)
        for _ in 0..<20_000 {
            var octets = [Self.device, Self.configuration, [4, 3, 9, 4]][Int.random(in: 0..<3, using: &generator)]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                octets[Int.random(in: octets.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            octets = Array(octets.prefix(Int.random(in: 0...octets.count, using: &generator)))
            _ = try? DeviceDescriptor(octets: octets)
            _ = try? StringDescriptor.text(octets)
            _ = try? HIDDescriptor(octets: octets)
            // What is accepted as a configuration comes out the same.
            if let configuration = try? ConfigurationDescriptor(octets: octets) {
                #expect(try! ConfigurationDescriptor(octets: configuration.octets) == configuration)
            }
        }
    }
}
