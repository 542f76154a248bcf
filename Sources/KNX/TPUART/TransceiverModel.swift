/// The transceivers that a rig may meet, as rig files name them.
public enum TransceiverModel: String, Sendable, CaseIterable {
    /// Siemens' first TP-UART, which has the services that all have and no others (EIB-TP-UART-IC technical data, 3.2.3.1).
    case tpuart1
    case tpuart2
    case ncn5120
    case ncn5121
    case ncn5130

    /// As its maker calls it.
    public var name: String {
        switch self {
        case .tpuart1: "TP-UART"
        case .tpuart2: "TP-UART 2"
        case .ncn5120: "NCN5120"
        case .ncn5121: "NCN5121"
        case .ncn5130: "NCN5130"
        }
    }

    /// Which octets mean what.
    public var chip: TransceiverChip {
        switch self {
        case .tpuart1: .tpuart1
        case .tpuart2: .tpuart2
        case .ncn5120, .ncn5121, .ncn5130: .ncn51xx
        }
    }

    /// How fast its serial line is, bits per second: 19200 on a TP-UART; 38400 on an NCN51xx, which has 19200 too, by its pins.
    public var baudRate: Int { chip == .ncn51xx ? 38_400 : 19_200 }

    /// Whether its serial line has an even parity bit: always on a TP-UART, and on an NCN51xx in its 9-bit mode, which is not the one that is
    /// meant here, since knxd's driver for it uses the other.
    public var hasParity: Bool { chip != .ncn51xx }
}
