import Events
public import KNX
import Twin

/// Telegrams per second of a saturated line in virtual time, for one kind of telegram.
public struct TelegramRate: Sendable {
    /// Data octets behind the APCI; 0 for a value that is packed into it.
    public var dataOctets: Int
    public var priority: Priority

    public init(dataOctets: Int, priority: Priority) {
        precondition((0...14).contains(dataOctets), "a standard frame has 0 to 14 data octets")
        self.dataOctets = dataOctets
        self.priority = priority
    }

    /// Counts telegrams of a simulated line that is never out of work for `seconds` of its time, and divides.
    public func measure(seconds: Int64) -> Double {
        let sender = SimulatedDevice.Configuration(
            id: "sender", address: IndividualAddress(raw: 0x110A), actuators: [])
        let group = GroupAddress(raw: 0x3000)
        let listener = SimulatedDevice.Configuration(
            id: "listener", address: IndividualAddress(raw: 0x11F0), actuators: [], acknowledges: [group...group])
        var simulation = LineSimulation(
            TwinConfiguration.Line(id: "main", chips: [], devices: [sender, listener]),
            anchor: Instant(nanoseconds: 0))
        let octets = TP1Frame(
            priority: priority, source: sender.address, destination: .group(group),
            transportUnit: [0x00, 0x80] + Array(repeating: 0x55, count: dataOctets)
        ).octets
        for number in 0..<2 {
            simulation.send(Transmission(number: number, octets: octets), fromDevice: 0, at: simulation.now)
        }
        let end = simulation.now + .seconds(seconds)
        var effects: [LineSimulation.Effect] = []
        var telegrams = 0
        while let due = simulation.nextDue, due < end {
            simulation.advance(to: due, effects: &effects)
            for effect in effects {
                switch effect {
                case .record(.frame(let frame)) where frame.acknowledge == TP1.acknowledge: telegrams += 1
                case .record(.confirmation):
                    simulation.send(
                        Transmission(number: telegrams, octets: octets), fromDevice: 0, at: simulation.now)
                default: break
                }
            }
            effects.removeAll(keepingCapacity: true)
        }
        return Double(telegrams) / Double(seconds)
    }
}
