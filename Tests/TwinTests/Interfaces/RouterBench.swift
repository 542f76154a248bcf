import KNX

@testable import Twin

extension InterfaceBench {
    /// A router 1.1.0 with two tunnels, without delays of its own.
    static func router(
        _ change: (inout IPInterfaceParameters, inout IPRoutingParameters) -> Void = { _, _ in }
    ) -> InterfaceBench {
        var routing = IPRoutingParameters(address: IndividualAddress(raw: 0x1100))
        var parameters = InterfaceBench.parameters
        parameters.address = IndividualAddress(raw: 0x1100)
        change(&parameters, &routing)
        parameters.routing = routing
        return InterfaceBench(parameters)
    }

    /// What it says after `frame` has passed on the line.
    mutating func toNetwork(_ frame: [UInt8], isOwn: Bool = false) -> [KNXnetIPMessage] {
        multicast = []
        feed(.line(.frame(frame, isOwn: isOwn, at: now)))
        run(milliseconds: 20)
        return multicast
    }
}

/// A frame of the device 1.1.32 on the line.
func lineFrame(
    _ value: UInt8, to destination: Destination = .group(GroupAddress(raw: 0x3001)), hops: UInt8 = 6,
    repetition: Bool = false
) -> [UInt8] {
    TP1Frame(
        isRepetition: repetition, source: IndividualAddress(raw: 0x1120), destination: destination, hopCount: hops,
        transportUnit: [0x00, 0x80, value]
    ).octets
}

/// A ROUTING_INDICATION of the device 2.2.1.
func indication(
    _ value: UInt8, to destination: Destination = .group(GroupAddress(raw: 0x3001)), hops: UInt8 = 6
) -> KNXnetIPMessage {
    .routingIndication(
        cemi: LinkData(
            .indication, source: IndividualAddress(raw: 0x2201), destination: destination, hopCount: hops,
            transportUnit: [0x00, 0x80, value]
        ).octets)
}
