import KNX

/// Which devices of a line a telegram is for, so that a line of hundreds asks no device about what it does not take.
struct DeviceDirectory: Sendable {
    private var byAddress: [IndividualAddress: [Int]] = [:]
    private var byGroup: [GroupAddress: [Int]] = [:]
    /// Devices that acknowledge whole ranges.
    private var ranges: [(range: ClosedRange<GroupAddress>, device: Int)] = []

    init(_ devices: [SimulatedDevice] = []) {
        for (index, device) in devices.enumerated() {
            byAddress[device.address, default: []].append(index)
            for group in device.groups { byGroup[group, default: []].append(index) }
            for range in device.configuration.acknowledges { ranges.append((range, index)) }
        }
    }

    /// Places of those that take a frame, in their order on the line: everybody where nobody can read it, or it is a broadcast.
    func receivers(of frame: TP1Frame?, among all: Range<Int>) -> [Int] {
        guard let frame else { return Array(all) }
        switch frame.destination {
        case .individual(let address): return byAddress[address] ?? []
        case .group(let group):
            guard group.raw != 0 else { return Array(all) }
            var receivers = byGroup[group] ?? []
            for (range, device) in ranges where range.contains(group) && !receivers.contains(device) {
                receivers.append(device)
            }
            return receivers.sorted()
        }
    }
}
