public import Events

/// What each process of the system held at a quiet point: before the first cycle of a fault, and after the cool-down of each.
public struct Footprint: Sendable, Hashable {
    /// The view of its samples, whose points are processes.
    public static let view = "footprint"
    /// The point of the system's main process, whatever its profile calls it.
    public static let main = "controller"

    public enum Quantity: String, CaseIterable, Sendable {
        /// What the process has written and shares with nobody, swapped out or not. What is resident beside it is code and files, which come when they are first
        /// needed and go when the computer needs room: that is no growth of the system's.
        case memory = "private_kilobytes"
        case threads
        case descriptors
    }

    public var pid: Int64
    /// 0 before the first cycle.
    public var cycle: Int64
    public var values: [Quantity: Int64]

    public init(pid: Int64, cycle: Int64, values: [Quantity: Int64]) {
        self.pid = pid
        self.cycle = cycle
        self.values = values
    }

    /// As a sample holds it.
    public var reading: Value {
        .record(
            present: [("pid", .integer(pid)), ("cycle", .integer(cycle))]
                + Quantity.allCases.map { ($0.rawValue, values[$0].map(Value.integer)) })
    }

    /// nil for what is no footprint.
    public init?(_ reading: Value?) {
        guard let reading, let pid = reading["pid"]?.integer, let cycle = reading["cycle"]?.integer else { return nil }
        self.init(pid: pid, cycle: cycle, values: [:])
        for quantity in Quantity.allCases {
            guard let value = reading[quantity.rawValue]?.integer else { continue }
            values[quantity] = value
        }
    }
}
