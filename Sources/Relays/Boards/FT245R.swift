import USB

/// Driver of SainSmart's and Denkovi's boards on an FT245R that has its eight pins driven one by one (0403:6001, "FT245R USB FIFO").
///
/// | what | transfer | |
/// |---|---|---|
/// | pins are outputs | `40 0b 01ff 0000` | asynchronous bit-bang, volatile |
/// | set | bulk OUT 02, one octet | bit k−1 = relay k, all at once |
/// | get | `c0 0c 0000 0000 0001` | the pins |
///
/// The kernel's serial driver resets the mode when it gets the chip back, so the interface is held while the board is open. A command is read, changed
/// and written under that hold. The number of relays can't be read: the four of a small board are the first of eight.
struct FT245R: USBBoardLanguage {
    static let driver = RelayBoardDriver(
        name: "ft245r", binding: .serialOrPath,
        recognises: {
            $0.vendor == 0x0403 && $0.product == 0x6001 && ($0.productName ?? productName) == productName
        },
        language: { facts in
            guard facts.productName == productName else { return nil }
            return facts.endpoint(.out, of: 0).map(FT245R.init)
        })

    private static let productName = "FT245R USB FIFO"

    private let pins: UInt8

    private init(endpoint: UInt8) { pins = endpoint }

    var channelCount: Int { 8 }
    var claim: USBBoardClaim { .whileOpen(0) }

    func prepared(_ device: any USBDevice) throws(TransportFailure) -> any USBBoardLanguage {
        try drivePins(device)
        return self
    }

    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure) {
        let bit = UInt8(1) << UInt8(channel - 1)
        let states = try states(device)
        try write(energised ? states | bit : states & ~bit, device)
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) {
        try drivePins(device)
        try write(0, device)
    }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? {
        let states = try states(device)
        return (0..<8).map { states >> $0 & 1 == 1 }
    }

    private func drivePins(_ device: any USBDevice) throws(TransportFailure) {
        let setup = SetupPacket(requestType: 0x40, request: 0x0B, value: 0x01FF, index: 0, length: 0)
        _ = try device.control(setup, data: [], timeoutMilliseconds: USBBoard.timeoutMilliseconds)
    }

    private func write(_ octet: UInt8, _ device: any USBDevice) throws(TransportFailure) {
        try device.send([octet], to: pins, timeoutMilliseconds: USBBoard.timeoutMilliseconds)
    }

    private func states(_ device: any USBDevice) throws(TransportFailure) -> UInt8 {
        // Whoever reset the chip took the mode away, and pins that nothing drives read as ones. Setting it again changes no pin.
        try drivePins(device)
        let setup = SetupPacket(requestType: 0xC0, request: 0x0C, value: 0, index: 0, length: 1)
        let octets = try device.control(setup, data: [], timeoutMilliseconds: USBBoard.timeoutMilliseconds)
        guard let octet = octets.first else { throw .shortAnswer(got: 0, wanted: 1) }
        return octet
    }
}
