import Events
import Platform
import Relays

/// Where the boards of a rig are reached, for a keeper or its guardian.
public struct BoardAccess: Sendable, Hashable {
    /// Host and port of a USB/IP server, for boards whose transport is `usbip`.
    public var usbip: (host: String, port: UInt16)? {
        usbipHost.map { ($0, usbipPort) }
    }
    var usbipHost: String?
    var usbipPort: UInt16 = 3240

    public init(usbipHost: String? = nil, usbipPort: UInt16 = 3240) {
        self.usbipHost = usbipHost
        self.usbipPort = usbipPort
    }

    /// Opens a board of a rig file.
    ///
    /// - Parameter others: the rig's other boards, which no hub of the rig may cut.
    func open(_ board: RigBoard, others: [RigBoard] = []) throws(RelayFailure) -> any RelayBoard {
        let match = BoardMatch(serial: board.serial, path: board.portPath)
        if board.driver == HubPortPower.driverName {
            return try HubPortPower.open(
                matching: match, on: LibUSBTransport(), protected: others.compactMap(\.portPath))
        }
        let transport: any USBTransport
        switch board.transport {
        case .serial: return try SerialBoardDrivers.open(board.driver, on: SerialTransport(), matching: match)
        case .libusb: transport = LibUSBTransport()
        case .usbip:
            guard let usbip else {
                throw .system(
                    "board '\(board.id)' is reached over USB/IP, and nobody said where: give --usbip HOST:PORT")
            }
            transport = USBIPTransport(host: usbip.host, port: usbip.port)
        }
        return try RelayBoardDrivers.open(board.driver, on: transport, matching: match)
    }
}
