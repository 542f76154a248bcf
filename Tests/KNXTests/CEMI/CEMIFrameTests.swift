import Platform
import Testing

@testable import KNX

@Suite struct CEMIFrameTests {
    /// One sound message or more of each kind.
    static let messages = [
        "2900 BCE0 1105 0901 01 0081", "1100 BCE0 0000 0901 03 0080 0C1A", "2E00 BDE0 1105 0901 01 0081",
        "2900 B060 0000 1101 00 80", "2900 B060 0000 1101 05 4FD5 000B 1001",
        "29 07 030100 04020001 BCE0 1105 0901 01 0081", "29 0A 02082A00FA0102030400 BCE0 1105 0901 01 0081",
        "2900 3CE0 1105 0901 10 0080 111111111111111111111111111111", "2900 3CE4 1105 0901 01 0081",
        "2B 07 030100 0402ABCD BC11050902E100813C", "2B 03 030100 CC", "2D 00 BC11050902E100813C",
        "13 00 F011050E0003", "25 00 F011050E000301FE02", "4A 00 000000000000 05 03D5000B1001",
        "41 00 000000000000 05 03D5000B1001", "FC 0008 01 34 1001", "FB 0008 01 34 0001 07", "FB 0000 01 38 1001 000F",
        "F6 0008 01 34 1001 00", "F5 0008 01 34 1001", "F7 0008 01 34 1001 01", "F8 0011 01 33 0001",
        "F9 0011 01 33 00",
        "FA 0011 01 33 00 01", "FA 0011 01 33", "F1", "F0",
    ].map(hex)

    private func read(_ octets: [UInt8]) -> (frame: CEMIFrame, faults: Faults) {
        var faults = Faults()
        let frame = CEMIFrame(octets.span, faults: &faults)
        return (frame, faults)
    }

    /// The short path of sound L_Data and the long one must agree on everything.
    private func expectBothPathsAgree(_ octets: [UInt8]) {
        let (frame, faults) = read(octets)
        var examined = Faults()
        #expect(CEMIFrame.examined(octets.span, &examined) == frame, "\(octets)")
        #expect(examined == faults, "\(octets)")
    }

    /// What must hold of any octets.
    private func expectSound(_ octets: [UInt8]) {
        expectBothPathsAgree(octets)
        let (frame, faults) = read(octets)
        #expect(frame.count == octets.count)
        #expect(frame.transportUnit.upperBound <= octets.count)
        #expect(frame.additionalInformation.upperBound <= octets.count || frame.depth < .additionalInformation)
        for fault in faults { #expect((0...octets.count).contains(fault.offset)) }
        let description = CEMIDescription(octets)
        #expect(description.faults.isRejected == faults.isRejected)
        do throws(Fault) {
            let message = try CEMIMessage(octets.span)
            #expect(!faults.isRejected)
            let written = message.octets
            #expect(try CEMIMessage(written.span).octets == written)
            #expect(!read(written).faults.isRejected)
        } catch {
            #expect(faults.isRejected)
        }
    }

    @Test(arguments: messages) func isSound(_ octets: [UInt8]) throws {
        let (frame, faults) = read(octets)
        #expect(faults.allSatisfy { $0.severity == .info })
        #expect(frame.code?.rawValue == octets[0])
        #expect(try CEMIMessage(octets.span).octets == octets)
        #expect(try CEMIMessage(octets.span).code.rawValue == octets[0])
        expectSound(octets)
    }

    /// Of a message that says its own length every cut is rejected; a cut of raw octets of the medium is another message.
    @Test(arguments: messages) func cut(_ octets: [UInt8]) {
        for count in 0..<octets.count {
            let cut = Array(octets.prefix(count))
            expectSound(cut)
            let (frame, faults) = read(cut)
            switch frame.code?.family {
            case .raw, .busmonitor, .pollData:
                #expect(faults.isRejected == (frame.depth < .additionalInformation || count <= frame.bodyOffset))
            case .functionProperty: #expect(faults.isRejected == (count < 5))
            case .property: #expect(faults.isRejected || octets[0] == 0xF6 || octets[0] == 0xFB)
            default: #expect(faults.isRejected, "\(count) of \(octets)")
            }
        }
    }

    @Test(arguments: messages) func damaged(_ octets: [UInt8]) {
        for index in octets.indices {
            for value in UInt8.min...UInt8.max where value != octets[index] {
                var damaged = octets
                damaged[index] = value
                expectBothPathsAgree(damaged)
                if value % 16 == 1 || value == 0xFF { expectSound(damaged) }
            }
        }
    }

    @Test(arguments: messages) func prolonged(_ octets: [UInt8]) {
        let longer = octets + [0]
        expectSound(longer)
        let (frame, faults) = read(longer)
        switch frame.code?.family {
        case .linkData where frame.extendedFormat == 0, .transport, .reset: #expect(faults.worst?.code == .trailing)
        default: break
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>) func anything(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<4_000 {
            var octets = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            // Half of them begin like a message, so that more than the first octet is read.
            if Bool.random(using: &random), octets.count > 9 {
                octets[0] = MessageCode.allCases.randomElement(using: &random)?.rawValue ?? 0
                octets[1] = UInt8.random(in: 0...12, using: &random)
                let length = octets.count - 10 - Int(octets[1])
                if length >= 0 { octets[8 + Int(octets[1])] = UInt8(length) }
            }
            expectSound(octets)
        }
    }

    @Test func fieldsOfLinkData() {
        let (frame, faults) = read(hex("2E 04 0402FFFF 8F 74 1203 FF05 01 0081"))
        #expect(faults.isEmpty == false && faults[0] == Fault(.effUnsupported, .linkUnsupported, at: 7))
        #expect(frame.depth == .header && frame.isLinkData && frame.code == .linkDataConfirmation)
        #expect(!frame.isExtended && frame.repeatBit == 0 && frame.isSystemBroadcast && frame.priority == .low)
        #expect(frame.requestsAcknowledge && frame.isNegativeConfirmation)
        #expect(!frame.isGroupAddressed && frame.hopCount == 7 && frame.extendedFormat == 4)
        #expect(frame.source.description == "1.2.3" && frame.destination.description == "15.15.5")
        #expect(frame.length == 1 && frame.bodyOffset == 6 && frame.additionalInformation == 2..<6)
        #expect(frame.transportUnit.isEmpty)
    }

    @Test func priorities() {
        for (octet, priority) in [(0xB0, Priority.system), (0xB4, .normal), (0xB8, .urgent), (0xBC, .low)] {
            #expect(read(hex("2900") + [UInt8(octet)] + hex("E0 1105 0901 01 0081")).frame.priority == priority)
        }
    }

    /// The longest message there is, and the next longer one, whose length is reserved.
    @Test func longest() {
        let items = [0xAA, 252] + [UInt8](repeating: 7, count: 252)
        let head = [0x29, 254] + items + hex("3CE0 1105 0901")
        let (frame, faults) = read(head + [254, 0x00, 0x80] + [UInt8](repeating: 1, count: 253))
        #expect(faults.isEmpty && frame.depth == .body && frame.transportUnit == 263..<518)
        #expect(read(head + [255, 0x00, 0x80] + [UInt8](repeating: 1, count: 254)).faults.worst?.code == .lengthEscape)
        let escaped = [0x29, 255, 0xAA, 253] + [UInt8](repeating: 7, count: 253) + hex("BCE0 1105 0901 01 0081")
        #expect(read(escaped).faults.worst == Fault(.addinfoLengthEscape, .frame, at: 1))
    }

    /// A radio frame has no LG and takes all that is left; without radio information the same octets are too many.
    @Test func withoutLength() throws {
        let radio = hex("29 0A 02082A00FA0102030400 BCE0 1105 0901 00 0080 0C1A")
        let (frame, faults) = read(radio)
        #expect(faults.isEmpty && frame.transportUnit == 19..<23)
        #expect(CEMIDescription(radio).transportUnit?.service == .groupValueWrite)
        let data = try LinkData(radio.span)
        #expect(data.transportUnit == hex("0080 0C1A") && data.octets == radio)
        #expect(read(hex("29 04 0402FFFF BCE0 1105 0901 00 0080 0C1A")).faults.worst?.code == .trailing)
        let endless = hex("11 0A 02082A00FA0102030400 BCE0 1105 0901 00") + [UInt8](repeating: 0, count: 400)
        let long = try LinkData(endless.span)
        #expect(long.confirmation(isNegative: true).octets.count == endless.count)
        #expect(long.tp1Frame(ownAddress: IndividualAddress(raw: 1)) == nil)
    }

    @Test func formatNeedNotGoWithTheLength() {
        let short = read(hex("2900 3CE0 1105 0901 01 0081"))
        #expect(short.faults.isEmpty && short.frame.isExtended && short.frame.isUnusualFormat)
        #expect(CEMIDescription(hex("2900 3CE0 1105 0901 01 0081")).decoded.contains { $0.name == "note" })
        for (control, length, isUnusual) in [(0xBC, 15, false), (0xBC, 16, true), (0x3C, 15, true), (0x3C, 16, false)] {
            let head = [0x29, 0, UInt8(control)] + hex("E0 1105 0901") + [UInt8(length), 0x00, 0x80]
            let (frame, faults) = read(head + [UInt8](repeating: 0, count: length - 1))
            #expect(faults.isEmpty && frame.isUnusualFormat == isUnusual)
        }
    }

    @Test func everyCode() {
        let known = Set(MessageCode.allCases.map(\.rawValue))
        #expect(known.count == 23)
        for code in UInt8.min...UInt8.max {
            let faults = read([code, 0, 0xBC, 0xE0, 0x11, 0x05, 0x09, 0x01, 0x01, 0x00, 0x81]).faults
            #expect((faults.worst?.code == .messageCodeUnknown) == !known.contains(code))
        }
        #expect(Set(MessageCode.allCases.map(\.name)).count == 23)
        #expect(MessageCode.allCases.filter(\.isRequest).allSatisfy { $0.name.hasSuffix(".req") })
        #expect(MessageCode.allCases.filter { !$0.isRequest }.allSatisfy { !$0.name.hasSuffix(".req") })
        #expect(MessageCode.allCases.allSatisfy { $0.hasAdditionalInformation != $0.name.hasPrefix("M_") })
    }

    @Test(arguments: [
        ("29 04 0403 1234 BCE0 1105 0901 01 0081", FaultCode.addinfoTruncated, 2),
        ("29 05 0402 1234 00 BCE0 1105 0901 01 0081", .addinfoTruncated, 6),
        ("29 04 FF02 0000 BCE0 1105 0901 01 0081", .addinfoTypeEscape, 2),
        ("29 04 FE02 0000 BCE0 1105 0901 01 0081", .addinfoLength, 3),
        ("29 03 0302 00 BCE0 1105 0901 01 0081", .addinfoTruncated, 2), ("29 07 040100", .addinfoExceedsFrame, 1),
        ("29 03 0201 99 BCE0 1105 0901 01 0081", .addinfoLength, 3), ("2B 00", .rawEmpty, 2),
        ("F500 08 01 34 0001 05 06", .errorInfoLength, 8), ("FA 0011 01", .truncated, 4),
        ("4A 00 000000000000 02 03D5000B", .trailing, 12), ("4A 00 000000000000 FF 03D5", .lengthEscape, 8),
    ]) func faultsHaveTheirPlace(_ text: String, _ code: FaultCode, _ offset: Int) {
        let faults = read(hex(text)).faults
        #expect(faults.worst?.code == code)
        #expect(faults.worst?.offset == offset)
    }
}
