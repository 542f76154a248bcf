public import Bus
public import KNX

/// What an attachment through a transceiver is driven with.
extension RigLine.Attachment {
    /// Its chip; nil for what is no transceiver.
    public var transceiver: TransceiverModel? {
        driver == "tpuart" ? .tpuart2 : TransceiverModel(rawValue: driver)
    }

    /// Its serial line at `path`, as the chip has it. What is no transceiver is taken for a TP-UART.
    public func serialPort(_ path: String) -> BusPort {
        let model = transceiver ?? .tpuart2
        return .serial(path: path, baudRate: model.baudRate, evenParity: model.hasParity)
    }

    /// How a stimulus speaks to it.
    public var stimulusChip: TPUARTStimulus.Chip { transceiver?.chip == .ncn51xx ? .ncn51xx : .tpuart2 }

    /// Whether its host can hand it a frame of more than 64 octets.
    var takesLongFrames: Bool { transceiver?.chip == .ncn51xx }
}
