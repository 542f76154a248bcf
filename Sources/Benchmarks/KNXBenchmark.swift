import CYardstick
import Events
import Glibc
import KNX

/// How many cEMI messages one thread decodes per second, against a straightforward decoder in C that makes the same checks.
///
/// Both read the same messages in the same memory, in turn, and sum up every field and fault they find; the sums must be equal. Times are
/// the thread's own, so that other work on the machine counts little.
struct KNXBenchmark {
    /// The ratio to C below which the benchmark fails.
    static let leastRatio = 0.70
    static let rounds = 9

    var frames: Int

    /// How far the messages are read.
    private enum Extent: CaseIterable {
        /// Additional information, control fields, addresses, lengths: where the TPDU lies.
        case messages
        /// TPCI, APCI and the length of the service too.
        case services

        var name: String {
            switch self {
            case .messages: "cEMI messages"
            case .services: "cEMI messages with their services"
            }
        }
    }

    private static let seed: UInt64 = 0x4B4E_5801

    /// The messages, a line of hexadecimal each: for other decoders to be measured on.
    func printMessages() {
        let corpus = KNXCorpus(count: frames, seed: Self.seed)
        var begin = 0
        for end in corpus.ends {
            print(Hex.text(Array(corpus.octets[begin..<Int(end)])))
            begin = Int(end)
        }
    }

    /// 0 when both agree, nothing is allocated, and the ratio is high enough.
    func run() -> Int32 {
        let before = yardstick_allocations()
        let corpus = KNXCorpus(count: frames, seed: Self.seed)
        guard yardstick_allocations() > before else {
            print("benchmarks: allocations are not counted on this system")
            return 5
        }
        return Extent.allCases.map { measure(corpus, $0) }.allSatisfy(\.self) ? 0 : 1
    }

    private func measure(_ corpus: KNXCorpus, _ extent: Extent) -> Bool {
        var ratios: [Double] = []
        var swiftRates: [Double] = []
        var yardstickRates: [Double] = []
        var allocations: UInt64 = 0
        var areEqual = true
        for _ in 0..<Self.rounds {
            let before = yardstick_allocations()
            let (sum, seconds) = Self.timed {
                extent == .messages
                    ? Self.messages(corpus.octets.span, corpus.ends.span)
                    : Self.services(corpus.octets.span, corpus.ends.span)
            }
            allocations += yardstick_allocations() - before
            let (expected, yardstickSeconds) = Self.timed { Self.yardstick(corpus, extent) }
            areEqual = areEqual && sum == expected
            ratios.append(yardstickSeconds / seconds)
            swiftRates.append(Double(frames) / seconds)
            yardstickRates.append(Double(frames) / yardstickSeconds)
        }
        let ratio = Self.median(ratios)
        print(
            """
            \(extent.name): \(frames) of them, \(Self.rounds) rounds in turn, one thread: Swift \
            \(Self.millions(Self.median(swiftRates))), C \(Self.millions(Self.median(yardstickRates))) million/s; ratio \
            \(Self.places(ratio)) (\(Self.places(ratios.min() ?? 0))…\(Self.places(ratios.max() ?? 0))); \(allocations) \
            allocations; results \(areEqual ? "equal" : "DIFFER")
            """)
        return areEqual && allocations == 0 && ratio >= Self.leastRatio
    }

    @inline(never)
    private static func messages(_ octets: Span<UInt8>, _ ends: Span<UInt32>) -> UInt64 {
        decode(octets, ends, .messages)
    }

    @inline(never)
    private static func services(_ octets: Span<UInt8>, _ ends: Span<UInt32>) -> UInt64 {
        decode(octets, ends, .services)
    }

    @inline(__always)
    private static func decode(_ octets: Span<UInt8>, _ ends: Span<UInt32>, _ extent: Extent) -> UInt64 {
        var sum: UInt64 = 0
        var begin = 0
        var faults = Faults()
        for index in ends.indices {
            let end = Int(ends[index])
            let message = octets.extracting(begin..<end)
            begin = end
            let frame = CEMIFrame(message, faults: &faults)
            var link = UInt64(frame.rawCode)
            var unit: UInt64 = 0xFFFF_FFFF_0000_0000
            if frame.isLinkData, frame.depth >= .header {
                link |=
                    UInt64(frame.control1) << 8 | UInt64(frame.control2) << 16 | UInt64(frame.length) << 24
                    | UInt64(frame.source.raw) << 32 | UInt64(frame.rawDestination) << 48
                if frame.depth == .body {
                    let place = frame.transportUnit
                    if extent == .services { unit = Self.unit(frame, message.extracting(place), &faults) }
                    unit |= UInt64(place.lowerBound) | UInt64(place.count) << 16
                }
            }
            var state = UInt64(frame.depth.rawValue)
            if !faults.isEmpty { state |= Self.taken(&faults) }
            sum &+=
                (link &* 0x9E37_79B9_7F4A_7C15) ^ (unit &* 0xBF58_476D_1CE4_E5B9) ^ (state &* 0x94D0_49BB_1331_11EB)
        }
        return sum
    }

    @inline(__always)
    private static func unit(_ frame: CEMIFrame, _ tpdu: Span<UInt8>, _ faults: inout Faults) -> UInt64 {
        let unit = TransportUnit(
            tpdu, isGroup: frame.isGroupAddressed, destinationIsZero: frame.rawDestination == 0,
            isSystemBroadcast: frame.isSystemBroadcast, faults: &faults, at: frame.bodyOffset + 7)
        return UInt64(unit.apci ?? 0xFFFF) << 32 | UInt64(unit.transport?.rawValue ?? 0xFF) << 48
            | UInt64(unit.sequence ?? 0xFF) << 56
    }

    /// Number of faults, and code and place of the first; there are none afterwards.
    @inline(never)
    private static func taken(_ faults: inout Faults) -> UInt64 {
        let first = faults[0]
        let state =
            UInt64(faults.count) << 8 | UInt64(yardstick(first.code).rawValue) << 16 | UInt64(first.offset) << 32
        faults = Faults()
        return state
    }

    private static func yardstick(_ code: FaultCode) -> yardstick_fault {
        switch code {
        case .empty: YARDSTICK_EMPTY
        case .messageCodeUnknown: YARDSTICK_CODE_UNKNOWN
        case .truncated: YARDSTICK_TRUNCATED
        case .trailing: YARDSTICK_TRAILING
        case .addinfoExceedsFrame: YARDSTICK_ADDINFO_EXCEEDS_FRAME
        case .addinfoLengthEscape: YARDSTICK_ADDINFO_LENGTH_ESCAPE
        case .addinfoTruncated: YARDSTICK_ADDINFO_TRUNCATED
        case .addinfoLength: YARDSTICK_ADDINFO_LENGTH
        case .addinfoTypeEscape: YARDSTICK_ADDINFO_TYPE_ESCAPE
        case .lengthEscape: YARDSTICK_LENGTH_ESCAPE
        case .errorInfoLength: YARDSTICK_ERROR_INFO_LENGTH
        case .rawEmpty: YARDSTICK_RAW_EMPTY
        case .effUnsupported: YARDSTICK_EFF_UNSUPPORTED
        case .tpciReserved: YARDSTICK_TPCI_RESERVED
        case .tpciInvalidForGroup: YARDSTICK_TPCI_INVALID_FOR_GROUP
        case .controlTpduWithData: YARDSTICK_CONTROL_WITH_DATA
        case .apduTooShort: YARDSTICK_APDU_TOO_SHORT
        case .apduLength: YARDSTICK_APDU_LENGTH
        case .countMismatch: YARDSTICK_COUNT_MISMATCH
        case .reservedBits: YARDSTICK_RESERVED_BITS
        default: YARDSTICK_OTHER
        }
    }

    @inline(never)
    private static func yardstick(_ corpus: KNXCorpus, _ extent: Extent) -> UInt64 {
        unsafe corpus.octets.withUnsafeBufferPointer { octets in
            unsafe corpus.ends.withUnsafeBufferPointer { ends in
                extent == .messages
                    ? unsafe yardstick_decode_messages(octets.baseAddress, ends.baseAddress, ends.count)
                    : unsafe yardstick_decode_services(octets.baseAddress, ends.baseAddress, ends.count)
            }
        }
    }

    private static func timed(_ work: () -> UInt64) -> (sum: UInt64, seconds: Double) {
        let begin = threadSeconds()
        let sum = work()
        return (sum, threadSeconds() - begin)
    }

    private static func threadSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func median(_ numbers: [Double]) -> Double { numbers.sorted()[numbers.count / 2] }

    private static func millions(_ rate: Double) -> Int { Int(rate / 1e6) }

    private static func places(_ number: Double) -> String {
        let hundredths = Int(number * 100)
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
