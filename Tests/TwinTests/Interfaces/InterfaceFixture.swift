import Events
import KNX
import Platform

@testable import Twin

extension TwinFixture {
    /// A twin in real time with a KNXnet/IP interface 1.1.240 `ip` of four slots, and the usual devices.
    convenience init(interface change: (inout IPInterfaceParameters) -> Void) throws {
        var parameters = IPInterfaceParameters(
            address: IndividualAddress(raw: 0x11F0), slots: (0x11F1...0x11F4).map { IndividualAddress(raw: $0) })
        Signals.ignorePipe()
        change(&parameters)
        try self.init(chips: [], interfaces: [.init(id: "ip", parameters: parameters)])
    }

    /// A twin in real time with a KNXnet/IP router 1.1.240 `ip` of four slots on 224.0.23.12.
    convenience init(
        router change: (inout IPInterfaceParameters, inout IPRoutingParameters) -> Void
    ) throws {
        try self.init(interface: { parameters in
            var routing = IPRoutingParameters(address: parameters.address)
            change(&parameters, &routing)
            parameters.routing = routing
        })
    }

    /// The UDP port of its interface.
    var port: UInt16 { shell.interfaces[0].port }

    func disturb(_ change: (inout IPInterfaceFaults) -> Void) {
        var faults = IPInterfaceFaults()
        change(&faults)
        shell.disturb(interface: "main/ip", faults)
    }

    /// Telegrams that the interface has put on the line: group and value octet.
    var ofInterface: [(group: UInt16, value: UInt8)] {
        frames.filter { $0.senders == ["ip"] && $0.octets.count > 7 }.map {
            (UInt16($0.octets[3]) << 8 | UInt16($0.octets[4]), $0.octets[$0.octets.count - 2])
        }
    }
}
