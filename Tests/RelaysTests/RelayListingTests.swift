import Relays
import Testing
import Twin
import USB

@Suite struct RelayListingTests {
    @Test func noBoardIsAProperAnswer() {
        let listing = RelayListing([DirectTransport([])])
        #expect(listing.rows.isEmpty)
        #expect(listing.text.hasPrefix("no relay board found: plug one in"))
        #expect(listing.text.contains("--usbip"))
    }

    /// This machine may have a USB system or none, and boards or none; neither is an error.
    @Test func thisMachineIsEnumerated() throws {
        let local = LibUSBTransport()
        let devices = try local.devices()
        if local.absence != nil { #expect(devices.isEmpty) }
        #expect(devices.allSatisfy { !$0.path.isEmpty })
        #expect(throws: TransportFailure.self) { try local.open("no-such-path") }
        let listing = RelayListing([local])
        #expect(listing.rows.isEmpty == listing.text.hasPrefix("no relay board found"))
        print("libusb: \(devices.count) devices; \(local.absence ?? "USB is there")")
    }

    @Test func boardsAreShownWithTheirStates() throws {
        let transport = DirectTransport([
            ("1-1", DcttechBoard(serial: "HW554")), ("1-2", DcttechBoard(channelCount: 2)),
        ])
        _ = try RelayBoardDrivers.open("dcttech", on: transport, matching: BoardMatch(path: "1-1")).set(
            2, energised: true)
        transport.with("1-2") { $0.faults.answer = .stalling(requests: nil) }
        let listing = RelayListing([transport])
        #expect(listing.rows.map(\.driver) == ["dcttech", "dcttech"])
        #expect(listing.rows.map(\.serial) == ["HW554", nil])
        #expect(listing.rows[0].states == [false, true, false, false, false, false, false, false])
        #expect(listing.rows[1].note?.contains("STALL") == true)
        let lines = listing.text.split(separator: "\n")
        #expect(lines[0] == "driver   ids        serial  path  channels  states    transport")
        #expect(lines[1] == "dcttech  16c0:05df  HW554   1-1   8         01000000  direct")
        #expect(lines[2] == "dcttech  16c0:05df  ?       1-2   ?         ?         direct")
        #expect(lines[3].hasPrefix("    dcttech board at 1-2"))
    }

    @Test func whatIsInUseSaysSo() throws {
        let server = try USBIPServer(boards: [("board", DcttechBoard())]) { _, _, _, _ in }
        defer { server.stop() }
        let transport = USBIPTransport(host: "127.0.0.1", port: server.port)
        let board = try RelayBoardDrivers.open("dcttech", on: transport, matching: BoardMatch())
        #expect(RelayListing([transport]).rows[0].note?.contains("another program has it") == true)
        board.close()
        #expect(RelayListing([transport]).rows[0].states == [Bool](repeating: false, count: 8))
    }
}
