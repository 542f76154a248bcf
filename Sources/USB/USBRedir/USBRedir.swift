/// usb-redir: one USB device over a stream, as QEMU's `usb-redir` takes it (usbredir, docs/usb-redirection-protocol.md, version 0.7). The side
/// with the device is the host, the side with the virtual machine the guest. Each begins with a hello; the features that both name in it shape all
/// that follows. All integers are little endian.
///
/// | octets | of a message |
/// |---|---|
/// | 4 | type |
/// | 4 | octets after the header |
/// | 4, or 8 where both have `wideIdentifiers` | id that an answer repeats; always 4 in a hello |
public enum USBRedir {
    /// Most octets after a header that a decoder accepts: a 64 KiB transfer and its own header.
    public static let maximumLength = 65_536 + 16
    /// Interfaces and endpoints that an announcement has room for.
    public static let slots = 32

    /// What a side can do; only what both can is used.
    public struct Capabilities: OptionSet, Hashable, Sendable {
        public var rawValue: UInt32

        public init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        public static let bulkStreams = Capabilities(rawValue: 1 << 0)
        public static let deviceVersion = Capabilities(rawValue: 1 << 1)
        public static let filter = Capabilities(rawValue: 1 << 2)
        public static let disconnectAcknowledgement = Capabilities(rawValue: 1 << 3)
        public static let maximumPacketSize = Capabilities(rawValue: 1 << 4)
        public static let wideIdentifiers = Capabilities(rawValue: 1 << 5)
        public static let wideBulkLength = Capabilities(rawValue: 1 << 6)
        public static let bulkReceiving = Capabilities(rawValue: 1 << 7)

        /// What QEMU's xHCI controller refuses to do without (QEMU 7.2, measured).
        public static let device: Capabilities = [
            .deviceVersion, .maximumPacketSize, .wideIdentifiers, .wideBulkLength,
        ]
    }

    /// How a request ended.
    public enum Status: UInt8, Hashable, Sendable {
        case success = 0
        case cancelled = 1
        case invalid = 2
        case inputOutputError = 3
        case stall = 4
        case timeout = 5
        case babble = 6
    }

    public enum Speed: UInt8, Hashable, Sendable {
        case low = 0
        case full = 1
        case high = 2
        case `super` = 3
        case unknown = 255
    }

    /// Who sends a message: it decides which packets carry data.
    public enum Side: Hashable, Sendable {
        case host, guest
    }

    /// Where an endpoint stands in the announcement of all endpoints.
    public static func slot(ofEndpoint address: UInt8) -> Int {
        Int(address & 0x80) >> 3 | Int(address & 0x0F)
    }
}

/// Why a usb-redir stream can't be read on: after one the connection is of no further use.
public struct USBRedirFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The message that was being read.
    public var reading: String
    public var reason: String
    /// Offset in octets from the start of the connection to the message's first octet.
    public var offset: Int

    public var description: String { "not usb-redir at octet \(offset), reading \(reading): \(reason)" }
}
