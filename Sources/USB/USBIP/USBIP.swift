/// USB/IP: USB transfers over a TCP connection (Linux, Documentation/usb/usbip_protocol.rst; protocol version 1.1.1). A connection
/// begins with one operation. A device list is answered and that is all; an import that succeeds makes the rest of the connection a
/// stream of transfers of that one device, each answered under its sequence number. All integers are big endian.
public enum USBIP {
    /// The version octets of every operation.
    public static let version: UInt16 = 0x0111
    /// The TCP port registered for it.
    public static let port: UInt16 = 3240
    /// Most octets of one transfer that a decoder accepts. A relay board needs 8, a HID report 64; the bound keeps a wrong length from
    /// being believed.
    public static let maximumTransferLength = 65_536
    /// Most devices of one list that a decoder accepts.
    public static let maximumDeviceCount = 1_024

    /// What the number of isochronous packets is when there are none; older kernels write 0.
    static let notIsochronous: UInt32 = 0xFFFF_FFFF

    /// What an operation's reply says of it (Linux, tools/usb/usbip/libsrc/usbip_common.h).
    public enum OperationStatus: UInt32, Sendable {
        case ok = 0
        case failed = 1
        case busy = 2
        case deviceError = 3
        case noDevice = 4
        case unexpected = 5
    }

    /// How a transfer ended: 0 or a negated Linux error number, as `usb_submit_urb` completions give it.
    public struct TransferStatus: RawRepresentable, Hashable, Sendable {
        public var rawValue: Int32

        public init(rawValue: Int32) {
            self.rawValue = rawValue
        }

        public static let ok = TransferStatus(rawValue: 0)
        /// −ENOENT: taken back by the host (unlinked) synchronously.
        public static let unlinked = TransferStatus(rawValue: -2)
        /// −ENODEV
        public static let noDevice = TransferStatus(rawValue: -19)
        /// −EPIPE: the endpoint stalled, or the device refused the request.
        public static let stall = TransferStatus(rawValue: -32)
        /// −EPROTO: bit stuffing, no answer in time, an unknown error of the controller.
        public static let protocolError = TransferStatus(rawValue: -71)
        /// −EOVERFLOW: the device sent more than was asked.
        public static let overflow = TransferStatus(rawValue: -75)
        /// −EILSEQ: checksum mismatch.
        public static let checksum = TransferStatus(rawValue: -84)
        /// −ECONNRESET: taken back by the host; also what a successful RET_UNLINK carries.
        public static let reset = TransferStatus(rawValue: -104)
        /// −ESHUTDOWN: the device or its controller went away.
        public static let shutdown = TransferStatus(rawValue: -108)
        /// −ETIMEDOUT
        public static let timedOut = TransferStatus(rawValue: -110)
        /// −EREMOTEIO: shorter than asked where that was forbidden.
        public static let shortAnswer = TransferStatus(rawValue: -121)
    }

    /// The speed numbers of `enum usb_device_speed` that a list carries.
    public enum Speed: UInt32, Sendable {
        case unknown = 0
        case low = 1
        case full = 2
        case high = 3
        case wireless = 4
        case `super` = 5
    }
}

/// Why a USB/IP stream can't be read on: after one the connection is of no further use.
public struct USBIPFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The message that was being read, by the name the protocol has for it.
    public var reading: String
    public var reason: String
    /// Offset in octets from the start of the connection to the message's first octet.
    public var offset: Int

    public var description: String { "not USB/IP at octet \(offset), reading \(reading): \(reason)" }
}
