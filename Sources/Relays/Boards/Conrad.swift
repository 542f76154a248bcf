import USB

/// Driver of Conrad's board with four relays on the pins of a CP2104 (10c4:ea60).
///
/// | what | control transfer | |
/// |---|---|---|
/// | set | `40 ff 37e1`, index: low octet which relays, high octet their pins | a pin at 0 energises |
/// | get | `c0 ff 00c2 0000 0001` | bit k−1 = pin of relay k |
///
/// The requests are to the device, so nothing is claimed and the kernel's serial driver stays. The ids are those of every CP210x: only a path binds.
enum Conrad: USBBoardLanguage {
    case board

    static let driver = RelayBoardDriver(
        name: "conrad", binding: .path, recognises: { $0.vendor == 0x10C4 && $0.product == 0xEA60 },
        language: { _ in Conrad.board })

    var channelCount: Int { 4 }
    var claim: USBBoardClaim { .never }

    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure) {
        let relay = UInt16(1) << UInt16(channel - 1)
        try latch(relays: relay, pins: energised ? 0 : relay, device)
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) {
        try latch(relays: 0x0F, pins: 0x0F, device)
    }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? {
        let setup = SetupPacket(requestType: 0xC0, request: 0xFF, value: 0x00C2, index: 0, length: 1)
        let octets = try device.control(setup, data: [], timeoutMilliseconds: USBBoard.timeoutMilliseconds)
        guard let pins = octets.first else { throw .shortAnswer(got: 0, wanted: 1) }
        return (0..<channelCount).map { pins >> $0 & 1 == 0 }
    }

    private func latch(relays: UInt16, pins: UInt16, _ device: any USBDevice) throws(TransportFailure) {
        let setup = SetupPacket(requestType: 0x40, request: 0xFF, value: 0x37E1, index: relays | pins << 8, length: 0)
        _ = try device.control(setup, data: [], timeoutMilliseconds: USBBoard.timeoutMilliseconds)
    }
}
