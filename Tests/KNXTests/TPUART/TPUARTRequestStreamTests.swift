import KNX
import Platform
import Testing

@Suite struct TPUARTRequestStreamTests {
    private static let write = hex("BC 0002 0901 E1 0081 29")
    private static let device = IndividualAddress(raw: 0x11C8)

    /// A frame with a transport unit of `count` octets.
    private static func frame(_ count: Int) -> [UInt8] {
        TP1Frame(
            source: IndividualAddress(raw: 2), destination: .group(GroupAddress(raw: 0x0901)),
            transportUnit: (0..<count).map { UInt8($0 & 255) }
        ).octets
    }

    private static let both: [(TPUARTRequest, String)] = [
        (.reset, "01"), (.state, "02"), (.activateBusmonitor, "05"),
        (.acknowledgeInformation(isAddressed: false), "10"),
        (.acknowledgeInformation(isAddressed: true), "11"),
        (.acknowledgeInformation(isAddressed: true, isBusy: true, isNotAcknowledged: true), "17"),
        (.pollingState(slot: 14, group: 0x1234, state: 0x56), "EE 12 34 56"),
        // As knxd sends it: hop count 5.
        (.transmit(hex("BC 0002 0901 D1 0081 19")), "80BC 8100 8202 8309 8401 85D1 8600 8781 4819"),
        (.transmit(write), "80BC 8100 8202 8309 8401 85E1 8600 8781 4829"),
        (.transmit(write, isRepeated: false), "809C 8100 8202 8309 8401 85E1 8600 8781 4829"),
        // What knxd sends after 2 s: R = 0 in the frame and its check octet.
        (.transmit(hex("9C 0002 0901 E1 0081 09"), isRepeated: false), "809C 8100 8202 8309 8401 85E1 8600 8781 4809"),
    ]

    private static let ofOneChip: [(TransceiverChip, TPUARTRequest, String)] = [
        (.tpuart2, .productIdentification, "20"), (.tpuart2, .setBusyMode(true), "21"),
        (.tpuart2, .setBusyMode(false), "22"), (.tpuart2, .setRepetitions(busy: 3, notAcknowledged: 1), "24 61"),
        (.tpuart2, .activateCRC, "25"), (.tpuart2, .setAddress(device), "28 11C8"),
        (.ncn51xx, .setBusyModeNCN51xx(true), "03"), (.ncn51xx, .setBusyModeNCN51xx(false), "04"),
        (.ncn51xx, .systemState, "0D"), (.ncn51xx, .stopMode, "0E"), (.ncn51xx, .exitStopMode, "0F"),
        (.ncn51xx, .configure(frameEndMarker: true, crc: false, autoPolling: false), "19"),
        (.ncn51xx, .configure(frameEndMarker: false, crc: true, autoPolling: true), "1E"),
        (.ncn51xx, .writeRegister(2, 0xAB), "2A AB"), (.ncn51xx, .writeRegister(0, 0x01), "28 01"),
        (.ncn51xx, .readRegister(3), "3B"), (.ncn51xx, .setAddressNCN51xx(device), "F1 11C8 00"),
        (.ncn51xx, .setRepetitionsNCN51xx(busy: 3, notAcknowledged: 1), "F2 31 0000"),
    ]

    static let table: [(TransceiverChip, TPUARTRequest, String)] =
        TransceiverChip.allCases.flatMap { chip in both.map { (chip, $0.0, $0.1) } } + ofOneChip

    private static func read(_ octets: [UInt8], _ chip: TransceiverChip) -> [TPUARTRequestStream.Output] {
        var stream = TPUARTRequestStream(chip: chip)
        return octets.compactMap { stream.feed($0) }
    }

    @Test(arguments: table.indices) func requests(_ index: Int) {
        let (chip, request, text) = Self.table[index]
        let octets = hex(text)
        #expect(request.octets == octets)
        let outputs = Self.read(octets, chip)
        #expect(outputs.last == .request(request))
        #expect(outputs.dropLast() == (octets[0] == 0x80 ? [.transmissionBegins] : []))
    }

    /// One after another on one stream, without anything between them.
    @Test(arguments: TransceiverChip.allCases) func conversation(_ chip: TransceiverChip) {
        let mine = Self.table.filter { $0.0 == chip }
        let outputs = Self.read(mine.flatMap { hex($0.2) }, chip).filter { $0 != .transmissionBegins }
        #expect(outputs == mine.map { .request($0.1) })
    }

    @Test func framesOfEveryLength() {
        for count in 1...255 {
            let frame = Self.frame(count)
            for isRepeated in [true, false] {
                let isLong = frame.count > TPUARTRequest.longestTransmission
                let request: TPUARTRequest =
                    isLong
                    ? .transmitNCN51xx(frame, isRepeated: isRepeated) : .transmit(frame, isRepeated: isRepeated)
                #expect(request.octets.count == 2 * frame.count + (frame.count - 1) / 64)
                #expect(Self.read(request.octets, .ncn51xx) == [.transmissionBegins, .request(request)])
            }
        }
    }

    @Test func longestFrame() {
        let frame = Self.frame(255)
        #expect(frame.count == TP1.longestFrame)
        let octets = TPUARTRequest.transmitNCN51xx(frame).octets
        #expect(octets.count == 2 * 263 + 4)
        #expect(Array(octets[126..<131]) == [0xBF, frame[63], 0x09, 0x80, frame[64]])
        #expect(octets.suffix(2) == [0x46, frame[262]])
        #expect(Self.read(octets, .ncn51xx) == [.transmissionBegins, .request(.transmitNCN51xx(frame))])
    }

    /// The offset ends with the next frame.
    @Test func aFrameAfterALongOne() {
        let long = TPUARTRequest.transmitNCN51xx(Self.frame(100))
        let short = TPUARTRequest.transmit(Self.write)
        #expect(
            Self.read(long.octets + short.octets + long.octets, .ncn51xx) == [
                .transmissionBegins, .request(long), .transmissionBegins, .request(short), .transmissionBegins,
                .request(long),
            ])
    }

    @Test func servicesThatAChipLacks() {
        func refused(_ octets: [UInt8]) -> TPUARTRequestStream.Output {
            .refused(Fault(.serviceUnknown, .link, at: 0), octets)
        }
        for octet in UInt8.min...255 {
            let known: [UInt8] = [0x01, 0x02, 0x05]
            let isFrame = octet >= 0x47 && octet < 0xC0
            let isCommon =
                known.contains(octet) || (0x10...0x17).contains(octet) || (0xE0...0xEE).contains(octet) || isFrame
            let tpuart: [UInt8] = [0x20, 0x21, 0x22, 0x24, 0x25, 0x28]
            let isNCN51xx =
                (0x08...0x0F).contains(octet) || (0x18...0x1F).contains(octet) || (0x28...0x2B).contains(octet)
                || (0x38...0x3B).contains(octet) || [0x03, 0x04, 0xF1, 0xF2].contains(octet)
            let eldest = Self.read([octet], .tpuart1).first
            #expect((eldest == refused([octet])) == !isCommon, "\(octet)")
            let first = Self.read([octet], .tpuart2).first
            #expect((first == refused([octet])) == !(isCommon || tpuart.contains(octet)), "\(octet)")
            let second = Self.read([octet], .ncn51xx).first
            #expect((second == refused([octet])) == !(isCommon || isNCN51xx), "\(octet)")
        }
    }

    @Test func framesThatAreNone() {
        func last(_ text: String) -> TPUARTRequestStream.Output? { Self.read(hex(text), .tpuart2).last }
        let damaged = hex("BC 0002 0901 E1 0081 18")
        #expect(
            last("80BC 8100 8202 8309 8401 85E1 8600 8781 4818")
                == .refused(Fault(.checksum, .link, at: 8), damaged))
        // R = 0 excuses that bit in the check octet, and no other.
        #expect(
            last("809C 8100 8202 8309 8401 85E1 8600 8781 4828")
                == .refused(Fault(.checksum, .link, at: 8), hex("9C 0002 0901 E1 0081 28")))
        #expect(
            last("80BC 8100 8202 8309 8401 85E1 8600 4798")
                == .refused(Fault(.structLength, .link, at: 8), hex("BC 0002 0901 E1 00 98")))
        #expect(
            last("80F0 8100 8202 8309 8401 85E1 8600 8781 4819")
                == .refused(Fault(.controlInvalid, .link, at: 0), hex("F0 0002 0901 E1 0081 19")))
        // One left out, one that comes twice, an end without a begin.
        #expect(last("80BC 8100 8309") == .refused(Fault(.structLength, .link, at: 0), hex("8309")))
        #expect(last("80BC 8100 8100") == .refused(Fault(.structLength, .link, at: 0), hex("8100")))
        #expect(last("4819") == .refused(Fault(.structLength, .link, at: 0), hex("4819")))
        #expect(last("80BC 8100 80BC") == .transmissionBegins)
    }

    /// Wherever the host stops, nothing is told that did not come, and a reset begins a good conversation.
    @Test func everyTruncation() {
        for (chip, request, text) in Self.table {
            let octets = hex(text)
            for count in 1..<octets.count {
                var stream = TPUARTRequestStream(chip: chip)
                let outputs = octets.prefix(count).compactMap { stream.feed($0) }
                #expect(!outputs.contains(.request(request)))
                #expect(stream.isInsideService)
                var last: TPUARTRequestStream.Output?
                for _ in 0..<4 { last = stream.feed(0x01) ?? last }
                #expect(last == .request(.reset), "\(text) cut at \(count)")
            }
        }
    }

    /// Every octet of every request set to every value: what is taken is said again with the same octets, but for what a chip ignores.
    @Test func everyMutation() {
        var taken = 0
        for (chip, _, text) in Self.table {
            let octets = hex(text)
            for index in octets.indices {
                for octet in UInt8.min...255 {
                    var mutated = octets
                    mutated[index] = octet
                    let outputs = Self.read(mutated, chip)
                    guard outputs.filter({ $0 != .transmissionBegins }).count == 1,
                        case .request(let request) = outputs.last
                    else { continue }
                    taken += 1
                    let isIgnored = [0x24, 0xF1, 0xF2].contains(mutated[0])
                    if !isIgnored, request.octets.count == mutated.count, request.octets != mutated {
                        Issue.record("\(mutated) came back as \(request.octets)")
                    }
                }
            }
        }
        #expect(taken > 3000)
    }

    @Test(arguments: [UInt64(1), 2, UInt64.random(in: 0...UInt64.max)]) func anyOctets(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for chip in TransceiverChip.allCases {
            var stream = TPUARTRequestStream(chip: chip)
            var requests = 0
            var next: UInt8 = 0
            for _ in 0..<100_000 {
                // Half of the octets go on with a frame, so that frames grow.
                let octet: UInt8 =
                    Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : 0x80 | next & 0x3F
                next = octet == 0x80 ? 1 : next &+ 1
                switch stream.feed(octet) {
                case .request(let request):
                    requests += 1
                    #expect(!request.octets.isEmpty)
                case .refused(let fault, let octets):
                    #expect(!octets.isEmpty && fault.offset <= octets.count, "seed \(seed)")
                case .transmissionBegins, nil: break
                }
            }
            #expect(requests > 1000, "seed \(seed)")
        }
    }

    @Test func numbersBeyondTheirBitsTrap() async {
        await #expect(processExitsWith: .failure) { _ = TPUARTRequest.writeRegister(4, 0).octets }
        await #expect(processExitsWith: .failure) {
            _ = TPUARTRequest.pollingState(slot: 15, group: 0, state: 0).octets
        }
        await #expect(processExitsWith: .failure) {
            _ = TPUARTRequest.setRepetitionsNCN51xx(busy: 8, notAcknowledged: 0).octets
        }
        await #expect(processExitsWith: .failure) {
            _ = TPUARTRequest.transmitNCN51xx([UInt8](repeating: 0xBC, count: 264)).octets
        }
    }
}
