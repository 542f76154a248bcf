/// What became of a service, as the extended property, function and memory services answer it (KNX standard 3/3/7).
public struct ReturnCode: Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The lower half is free for codes of success that a property defines itself; the standard's own is 0.
    public var isSuccess: Bool { rawValue < 0x80 }

    /// Nil when the standard gives no meaning.
    public var meaning: String? {
        switch rawValue {
        case 0x00: "success"
        case 0xF1: "memory error"
        case 0xF2: "command invalid"
        case 0xF3: "impossible now"
        case 0xF4: "exceeds the longest APDU"
        case 0xF5: "data overflow"
        case 0xF6: "below the minimum"
        case 0xF7: "above the maximum"
        case 0xF8: "data void"
        case 0xF9: "temporarily not available"
        case 0xFA: "write only"
        case 0xFB: "read only"
        case 0xFC: "access denied"
        case 0xFD: "address void"
        case 0xFE: "data type conflict"
        case 0xFF: "error"
        default: nil
        }
    }

    /// `FC access denied`.
    public var description: String {
        let digits = hexadecimal(rawValue, digits: 2).uppercased()
        return meaning.map { "\(digits) \($0)" } ?? digits
    }
}

extension MasterReset {
    /// Nil when the erase code is reserved.
    public var eraseName: String? {
        switch eraseCode {
        case 1: "confirmed restart"
        case 2: "factory reset"
        case 3: "individual address"
        case 4: "application program"
        case 5: "application parameters"
        case 6: "links"
        case 7: "factory reset without individual address"
        case 8: "persistent application data"
        default: nil
        }
    }

    /// Whether the device loses what a commissioning tool has written into it.
    public var destroysProgramming: Bool { (2...8).contains(eraseCode) }
}

extension MasterResetResult {
    /// Nil when the error code is reserved.
    public var errorName: String? {
        switch errorCode {
        case 0: "success"
        case 1: "access denied"
        case 2: "erase code not supported"
        case 3: "invalid channel"
        default: nil
        }
    }
}
