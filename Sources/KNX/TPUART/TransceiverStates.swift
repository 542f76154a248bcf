/// U_State.ind and the answer to U_State.req: `b7…b3` and 111. 07 says that all is well.
public struct TransceiverState: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue & 0xF8
    }

    /// Two polling slaves answered in one slot.
    public static let slaveCollision = TransceiverState(rawValue: 0x80)
    /// An octet from the host was damaged.
    public static let receiveError = TransceiverState(rawValue: 0x40)
    /// A 0 was sent and a 1 was on the line.
    public static let transmitterError = TransceiverState(rawValue: 0x20)
    /// The host's services came in an order that makes no sense.
    public static let protocolError = TransceiverState(rawValue: 0x10)
    public static let temperatureWarning = TransceiverState(rawValue: 0x08)

    /// Nil for an octet that is no state indication.
    public init?(octet: UInt8) {
        guard octet & 0x07 == 0x07 else { return nil }
        self.init(rawValue: octet)
    }

    public var octet: UInt8 { rawValue | 0x07 }

    public var names: [String] {
        [
            (TransceiverState.slaveCollision, "slave collision"), (.receiveError, "receive error"),
            (.transmitterError, "transmitter error"), (.protocolError, "protocol error"),
            (.temperatureWarning, "temperature warning"),
        ].compactMap { contains($0.0) ? $0.1 : nil }
    }
}

/// The octet behind 4B in U_SystemState.ind (NCN51xx): which supplies and clocks run, and the chip's mode.
public struct TransceiverSystemState: Hashable, Sendable {
    public enum Mode: UInt8, Sendable, CaseIterable {
        case powerUp = 0
        case synchronising = 1
        case stop = 2
        case normal = 3
    }

    public let octet: UInt8

    public init(octet: UInt8) {
        self.octet = octet
    }

    public var isV20VGood: Bool { octet & 0x80 != 0 }
    public var isVDD2Good: Bool { octet & 0x40 != 0 }
    /// False: the bus voltage is gone.
    public var isBusVoltagePresent: Bool { octet & 0x20 != 0 }
    public var isVFILTGood: Bool { octet & 0x10 != 0 }
    public var isCrystalRunning: Bool { octet & 0x08 != 0 }
    public var isTooHot: Bool { octet & 0x04 != 0 }
    public var mode: Mode { Mode(rawValue: octet & 3) ?? .powerUp }
}

/// U_FrameState.ind (NCN51xx with an 8 bit UART): what was wrong with the frame before it, as `b7…b5` and 10011.
public struct TransceiverFrameState: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue & 0xE0
    }

    public static let receiveError = TransceiverFrameState(rawValue: 0x80)
    public static let checksumOrLengthError = TransceiverFrameState(rawValue: 0x40)
    public static let timingError = TransceiverFrameState(rawValue: 0x20)

    /// Nil for an octet that is no frame state.
    public init?(octet: UInt8) {
        guard octet & 0x17 == 0x13 else { return nil }
        self.init(rawValue: octet)
    }

    public var octet: UInt8 { rawValue | 0x13 }
}

/// U_Configure.ind (NCN51xx): `0 b6…b2 01`.
public struct TransceiverConfiguration: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue & 0x7C
    }

    public static let busyMode = TransceiverConfiguration(rawValue: 0x40)
    public static let autoAcknowledge = TransceiverConfiguration(rawValue: 0x20)
    public static let autoPolling = TransceiverConfiguration(rawValue: 0x10)
    public static let crc = TransceiverConfiguration(rawValue: 0x08)
    public static let frameEndMarker = TransceiverConfiguration(rawValue: 0x04)

    /// Nil for an octet that is no configuration.
    public init?(octet: UInt8) {
        guard octet & 0x83 == 0x01 else { return nil }
        self.init(rawValue: octet)
    }

    public var octet: UInt8 { rawValue | 0x01 }
}

/// The CRC that a transceiver appends to received frames when it is asked to: CRC-CCITT, polynomial 1021.
///
/// An NCN51xx begins with FFFF, so that the digits `123456789` give 29B1, and sends the low octet first (NCN5121 data sheet, CRC-CCITT). The TP-UART 2
/// manual (U_ActivateCRC) prints FFFF and E5CC and says that the high octet goes first; both numbers are right for a register that is begun with
/// FFFF and then fed with the octets and 16 zero bits, which is the same as this one begun with 1D0F.
public enum TransceiverCRC {
    public static func value(_ octets: some Sequence<UInt8>, of chip: TransceiverChip = .ncn51xx) -> UInt16 {
        octets.reduce(chip == .ncn51xx ? 0xFFFF : 0x1D0F) { crc, octet in
            (0..<8).reduce(crc ^ UInt16(octet) << 8) { word, _ in
                word & 0x8000 != 0 ? word << 1 ^ 0x1021 : word << 1
            }
        }
    }

    /// As it follows a frame.
    public static func octets(behind frame: some Sequence<UInt8>, of chip: TransceiverChip) -> [UInt8] {
        let value = value(frame, of: chip)
        let octets = [UInt8(value >> 8), UInt8(value & 0xFF)]
        return chip == .ncn51xx ? octets.reversed() : octets
    }
}
