/// The transceivers that differ in what their octets mean.
public enum TransceiverChip: Sendable, CaseIterable {
    /// The first TP-UART, which has none of the services 20 to 28.
    case tpuart1
    case tpuart2
    /// NCN5120, NCN5121, NCN5130.
    case ncn51xx
}

/// Reads what a host sends to a transceiver: for whoever plays the chip, or listens between the two. Total: any octets make requests or
/// refusals.
public struct TPUARTRequestStream: Sendable {
    public enum Output: Hashable, Sendable {
        case request(TPUARTRequest)
        /// U_L_DataStart: the chip's buffer is being written, and what waited in it is gone.
        case transmissionBegins
        /// No service of this chip, or a frame that is none: a chip answers with a protocol error. The octets are those of the service,
        /// or of the frame as far as it had come; the fault's offset is in them.
        case refused(Fault, [UInt8])
    }

    private enum Expectation {
        case service
        /// A service that has more octets than have come.
        case more([UInt8], length: Int)
        /// The data octet behind a U_L_Data service octet.
        case data(UInt8, index: Int, isLast: Bool)
    }

    public let chip: TransceiverChip
    private var expectation = Expectation.service
    /// The frame as far as its octets came in their order.
    private var frame: [UInt8] = []
    private var offset = 0
    /// True directly behind U_L_DataOffset.req, when 80 does not begin a frame.
    private var isBehindOffset = false

    public init(chip: TransceiverChip) {
        self.chip = chip
    }

    /// True when a service has begun and is not whole, or a frame has.
    public var isInsideService: Bool {
        if case .service = expectation { !frame.isEmpty } else { true }
    }

    public mutating func feed(_ octet: UInt8) -> Output? {
        let expected = expectation
        expectation = .service
        switch expected {
        case .service: return service(octet)
        case .more(let begun, let length):
            let octets = begun + [octet]
            guard octets.count == length else {
                expectation = .more(octets, length: length)
                return nil
            }
            return .request(request(octets))
        case .data(let service, let index, let isLast):
            guard index == frame.count else {
                frame = []
                return .refused(Fault(.structLength, .link, at: 0), [service, octet])
            }
            frame.append(octet)
            return isLast ? transmission(isNCN51xx: index >= TPUARTRequest.longestTransmission) : nil
        }
    }

    private mutating func service(_ octet: UInt8) -> Output? {
        let continues = isBehindOffset
        isBehindOffset = false
        switch octet {
        case 0x80 where !(continues && offset > 0):
            frame = []
            offset = 0
            expectation = .data(octet, index: 0, isLast: false)
            return .transmissionBegins
        case 0x80...0xBF:
            expectation = .data(octet, index: 64 * offset + Int(octet & 0x3F), isLast: false)
            return nil
        case 0x40...0x7F where octet >= 0x47 || offset > 0:
            expectation = .data(octet, index: 64 * offset + Int(octet & 0x3F), isLast: true)
            return nil
        case 0x08...0x0C where chip == .ncn51xx:
            offset = Int(octet & 7)
            isBehindOffset = true
            return nil
        default: break
        }
        guard let length = length(ofService: octet) else {
            return .refused(Fault(.serviceUnknown, .link, at: 0), [octet])
        }
        guard length > 1 else { return .request(request([octet])) }
        expectation = .more([octet], length: length)
        return nil
    }

    /// Octets of a service that is no part of a frame; nil when the chip has no such service.
    private func length(ofService octet: UInt8) -> Int? {
        switch (octet, chip) {
        case (0x01, _), (0x02, _), (0x05, _), (0x10...0x17, _): 1
        case (0x20...0x22, .tpuart2), (0x25, .tpuart2): 1
        case (0x24, .tpuart2): 2
        case (0x28, .tpuart2): 3
        case (0x03, .ncn51xx), (0x04, .ncn51xx), (0x0D...0x0F, .ncn51xx), (0x18...0x1F, .ncn51xx),
            (0x38...0x3B, .ncn51xx):
            1
        case (0x28...0x2B, .ncn51xx): 2
        case (0xE0...0xEE, _), (0xF1, .ncn51xx), (0xF2, .ncn51xx): 4
        default: nil
        }
    }

    /// The request of a whole service whose first octet has a length.
    private func request(_ octets: [UInt8]) -> TPUARTRequest {
        let service = octets[0]
        switch service {
        case 0x02: return .state
        case 0x03, 0x04: return .setBusyModeNCN51xx(service == 0x03)
        case 0x05: return .activateBusmonitor
        case 0x0D: return .systemState
        case 0x0E: return .stopMode
        case 0x0F: return .exitStopMode
        case 0x10...0x17:
            return .acknowledgeInformation(
                isAddressed: service & 1 != 0, isBusy: service & 2 != 0, isNotAcknowledged: service & 4 != 0)
        case 0x18...0x1F:
            return .configure(
                frameEndMarker: service & 1 != 0, crc: service & 2 != 0, autoPolling: service & 4 != 0)
        case 0x20: return .productIdentification
        case 0x21, 0x22: return .setBusyMode(service == 0x21)
        case 0x24: return .setRepetitions(busy: octets[1] >> 5, notAcknowledged: octets[1] & 7)
        case 0x25: return .activateCRC
        case 0x28 where chip == .tpuart2: return .setAddress(IndividualAddress(raw: octets.span.bigEndian16(at: 1)))
        case 0x28...0x2B: return .writeRegister(service & 3, octets[1])
        case 0x38...0x3B: return .readRegister(service & 3)
        case 0xE0...0xEE:
            return .pollingState(slot: service & 15, group: octets.span.bigEndian16(at: 1), state: octets[3])
        case 0xF1: return .setAddressNCN51xx(IndividualAddress(raw: octets.span.bigEndian16(at: 1)))
        case 0xF2: return .setRepetitionsNCN51xx(busy: octets[1] >> 4 & 7, notAcknowledged: octets[1] & 7)
        default: return .reset
        }
    }

    /// Judges the frame whose check octet has come.
    private mutating func transmission(isNCN51xx: Bool) -> Output {
        var octets = frame
        frame = []
        guard TP1.isDataControl(octets[0]) else { return .refused(Fault(.controlInvalid, .link, at: 0), octets) }
        guard TP1.frameLength(prefix: octets) == octets.count else {
            return .refused(Fault(.structLength, .link, at: octets.count), octets)
        }
        let isRepeated = octets[0] & 0x20 != 0
        if TP1.checkOctet(octets) != 0 {
            // Some hosts say R = 0 and give the check octet of the frame that goes onto the line, which has R = 1.
            guard !isRepeated, TP1.checkOctet(octets) == 0x20 else {
                return .refused(Fault(.checksum, .link, at: octets.count - 1), octets)
            }
            octets[0] |= 0x20
        }
        return .request(
            isNCN51xx
                ? .transmitNCN51xx(octets, isRepeated: isRepeated) : .transmit(octets, isRepeated: isRepeated))
    }
}
