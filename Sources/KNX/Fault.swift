/// How much a fault matters. Ordered: a larger one is worse.
public enum Severity: UInt8, Sendable, Comparable, CaseIterable {
    /// Worth knowing; nothing is wrong.
    case info
    /// The frame is kept and what could be read of it counts.
    case warning
    /// The frame is dropped: its octets are kept as evidence, its fields are no facts.
    case reject

    public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }

    public var name: String {
        switch self {
        case .info: "info"
        case .warning: "warning"
        case .reject: "reject"
        }
    }
}

/// The part of the stack in which a fault lies.
public enum FaultLayer: UInt8, Sendable, CaseIterable {
    case frame
    case additionalInformation
    case link
    case linkUnsupported
    case transport
    case application
    case applicationUnknown
    case knxnetip
    case usb
    case knxd
    case datapoint

    public var name: String {
        switch self {
        case .frame: "frame"
        case .additionalInformation: "addinfo"
        case .link: "link"
        case .linkUnsupported: "link-unsupported"
        case .transport: "transport"
        case .application: "application"
        case .applicationUnknown: "application-unknown"
        case .knxnetip: "knxnetip"
        case .usb: "usb"
        case .knxd: "knxd"
        case .datapoint: "dpt"
        }
    }
}

/// One thing that is wrong with octets, and the octet at which it shows. Four octets, so that a frame carries its faults without the heap.
public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    public let code: FaultCode
    public let layer: FaultLayer
    /// Offset of the octet that shows the fault, counted from the first octet given to the decoder; the count of octets where
    /// one is missing. Offsets beyond 65 535 read 65 535.
    private let octet: UInt16

    public init(_ code: FaultCode, _ layer: FaultLayer, at offset: Int) {
        self.code = code
        self.layer = layer
        octet = UInt16(clamping: offset)
    }

    public var offset: Int { Int(octet) }
    public var severity: Severity { code.severity }

    /// `octet 8: apdu-length: the service needs another number of octets than follow it`.
    public var description: String { "octet \(offset): \(code.name): \(code.sentence)" }

    /// The same fault of an embedded frame that begins at octet `base` of the enclosing one.
    public func shifted(by base: Int) -> Fault { Fault(code, layer, at: offset + base) }
}

/// The faults of one frame, in the order in which they were found; at most four, of which the worst are kept. Lives without the heap.
public struct Faults: Hashable, Sendable, RandomAccessCollection {
    public static let capacity = 4

    private var slots: InlineArray<4, Fault> = .init(repeating: Fault(.empty, .frame, at: 0))
    private var used: UInt8 = 0

    public init() {}

    public init(_ fault: Fault) { add(fault) }

    public var startIndex: Int { 0 }
    public var endIndex: Int { Int(used) }
    public subscript(position: Int) -> Fault {
        precondition(position < Int(used), "no fault at that place")
        return slots[position]
    }

    /// When four are held already, the least severe gives way to a worse one; the later of equals goes first.
    public mutating func add(_ fault: Fault) {
        if Int(used) < Self.capacity {
            slots[Int(used)] = fault
            used += 1
            return
        }
        var least = 0
        for place in 1..<Self.capacity where slots[place].severity <= slots[least].severity { least = place }
        guard slots[least].severity < fault.severity else { return }
        for place in least..<(Self.capacity - 1) { slots[place] = slots[place + 1] }
        slots[Self.capacity - 1] = fault
    }

    /// The most severe one; the first found of equals. Nil when nothing is wrong.
    public var worst: Fault? {
        var worst: Fault?
        for fault in self where worst.map({ $0.severity < fault.severity }) ?? true { worst = fault }
        return worst
    }

    /// Worst first, equals in the order in which they were found.
    public var ranked: [Fault] {
        indices.sorted { left, right in
            self[left].severity == self[right].severity ? left < right : self[left].severity > self[right].severity
        }.map { self[$0] }
    }

    public var isRejected: Bool { worst?.severity == .reject }

    public static func == (left: Faults, right: Faults) -> Bool { left.elementsEqual(right) }

    public func hash(into hasher: inout Hasher) {
        for fault in self { hasher.combine(fault) }
    }
}
