import Events
import Foundation
import Platform
import Rigs
import Testing
import Twin

/// `knxrig rig safe` against emulated boards, over USB/IP; one after the other, since all of them are one board to the lock.
@Suite(.serialized) struct SafetyOfRigTests {
    private static func rig() throws -> Rig {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        return try Rig(path: root + "/rigs/twin.yaml")
    }

    private static func serve(_ change: (inout DcttechBoard) -> Void) throws -> USBIPServer {
        let server = try USBIPServer(boards: [(id: "relays", model: DcttechBoard(channelCount: 8, serial: "TWIN1"))]) {
            _, _, _, _ in
        }
        server.withModel(of: "relays", as: DcttechBoard.self) { board in
            board.turn(1, energised: true)
            board.turn(2, energised: true)
            change(&board)
        }
        return server
    }

    @Test func allCoilsAreOffAndReadBack() throws {
        let server = try Self.serve { _ in }
        defer { server.stop() }
        #expect(server.contacts(of: "relays").prefix(2) == [true, true])
        let outcomes = try Self.rig().commandSafeState(
            BoardAccess(usbipHost: "127.0.0.1", usbipPort: server.port), holder: "a test")
        #expect(outcomes.map(\.readback) == [.confirmed])
        #expect(!server.contacts(of: "relays").contains(true))
        let text = try #require(outcomes.first?.text)
        #expect(text.contains("all coils off (confirmed") && text.contains("bus-power powered"), "\(text)")
    }

    @Test func aBoardThatDoesNotFollowIsNotCalledSafe() throws {
        let server = try Self.serve { $0.faults.deafChannels = [1] }
        defer { server.stop() }
        let outcomes = try Self.rig().commandSafeState(
            BoardAccess(usbipHost: "127.0.0.1", usbipPort: server.port), holder: "a test")
        #expect(outcomes.map(\.readback) == [.failed])
        #expect(outcomes.first?.text.contains("not safe: ") == true)
        #expect(outcomes.first?.reason?.contains("reads back 1") == true, "\(outcomes)")
        #expect(server.contacts(of: "relays")[0])
    }

    @Test func nobodyThereIsNotSafeEither() throws {
        let outcomes = try Self.rig().commandSafeState(BoardAccess(), holder: "a test")
        #expect(outcomes.map(\.readback) == [.failed])
        #expect(outcomes.first?.reason?.contains("--usbip") == true, "\(outcomes)")
    }
}
