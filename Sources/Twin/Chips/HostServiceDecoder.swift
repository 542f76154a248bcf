import KNX

/// What a host asks of a TP-UART2 (TP-UART2 manual, services to the UART).
enum HostService: Hashable, Sendable {
    case reset
    case state
    case activateBusmonitor
    /// Bit 0 addressed, bit 1 busy, bit 2 NAK.
    case acknowledgeInformation(UInt8)
    case productIdentifier
    case activateBusyMode
    case resetBusyMode
    /// Repetitions after BUSY and after NAK, 0…7 each.
    case repetitions(busy: Int, notAcknowledge: Int)
    case setAddress(UInt16)
    /// The first octet of a frame has been announced: the buffer is being written.
    case dataBegins
    /// A whole frame with a check octet that fits.
    case data([UInt8])
    /// No service, or a frame that is none: a protocol error.
    case invalid
}

/// Reads the octets a host sends to a TP-UART2. Total: any octets make services or protocol errors.
struct HostServiceDecoder: Sendable {
    private enum Expectation {
        case service
        case repetitions
        case addressHigh
        case addressLow(UInt8)
        case data(index: Int)
        case lastData(index: Int)
    }

    private var expectation = Expectation.service
    /// The frame as far as its octets came in their order.
    private var buffer: [UInt8] = []

    mutating func feed(_ octet: UInt8) -> HostService? {
        let expected = expectation
        expectation = .service
        switch expected {
        case .service: return service(octet)
        case .repetitions: return .repetitions(busy: Int(octet >> 5), notAcknowledge: Int(octet & 7))
        case .addressHigh:
            expectation = .addressLow(octet)
            return nil
        case .addressLow(let high): return .setAddress(UInt16(high) << 8 | UInt16(octet))
        case .data(let index):
            guard index == buffer.count else {
                buffer = []
                return .invalid
            }
            buffer.append(octet)
            return nil
        case .lastData(let index):
            let frame = buffer + [octet]
            buffer = []
            guard index == frame.count - 1, TP1.isDataControl(frame[0]), TP1.frameLength(prefix: frame) == frame.count,
                TP1.checkOctet(frame) == 0
            else { return .invalid }
            return .data(frame)
        }
    }

    private mutating func service(_ octet: UInt8) -> HostService? {
        switch octet {
        case 0x01: return .reset
        case 0x02: return .state
        case 0x05: return .activateBusmonitor
        case 0x10...0x17: return .acknowledgeInformation(octet & 7)
        case 0x20: return .productIdentifier
        case 0x21: return .activateBusyMode
        case 0x22: return .resetBusyMode
        case 0x24: expectation = .repetitions
        case 0x28: expectation = .addressHigh
        case 0x80:
            buffer = []
            expectation = .data(index: 0)
            return .dataBegins
        case 0x81...0xBF: expectation = .data(index: Int(octet & 0x3F))
        case 0x47...0x7F: expectation = .lastData(index: Int(octet & 0x3F))
        default: return .invalid
        }
        return nil
    }
}
