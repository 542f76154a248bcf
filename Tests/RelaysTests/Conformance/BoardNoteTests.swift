import Documents
import Foundation
import Testing
import Twin
import USB

@testable import Relays

/// What a firmware note says of a board is what its model, and so its driver, was shown to do.
@Suite struct BoardNoteTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func notes() throws -> [FirmwareNote] {
        try DataDirectories(directories: [root.path]).firmwareNotes()
    }

    @Test func everyDriverHasItsNote() throws {
        let drivers = RelayBoardDrivers.all.map(\.name) + SerialBoardDrivers.all.map(\.name) + [HubPortPower.driverName]
        let boards = try Self.notes().filter { $0.kind == .relayBoard }
        #expect(Set(boards.compactMap(\.driver)) == Set(drivers))
        #expect(boards.allSatisfy { $0.switching != nil })
        #expect(boards.allSatisfy { $0.times["contact_settle"] != nil || $0.driver == HubPortPower.driverName })
    }

    @Test func everyBoardOnPlainUSBHasItsRule() throws {
        let rules = try String(contentsOf: Self.root.appending(path: "scripts/99-knxrig.rules"), encoding: .utf8)
            .split(separator: "\n").filter { $0.contains("ENV{DEVTYPE}==\"usb_device\"") }
        for note in try Self.notes() where RelayBoardDrivers.all.contains(where: { $0.name == note.driver }) {
            for device in note.usb {
                let ids = device.ids.split(separator: ":")
                let isRuled = rules.contains { rule in
                    rule.contains("ATTR{idVendor}==\"\(ids[0])\"")
                        && rule.firstMatch(of: /ATTR{idProduct}=="([^"]*)"/)?.1.split(separator: "|").contains(ids[1])
                            == true
                }
                #expect(isRuled, "no rule gives \(note.name) (\(device.ids)) to the group")
            }
        }
    }

    @Test func everyDriverIsListedWithWhatIsKnownOfIt() throws {
        let listing = RelayDriverListing(try Self.notes())
        #expect(listing.rows.allSatisfy { $0.name != nil && $0.switching != nil })
        #expect(listing.rows.count == RelayBoardDrivers.all.count + SerialBoardDrivers.all.count + 1)
        let lines = listing.text.split(separator: "\n").map(String.init)
        #expect(lines.count == listing.rows.count + 1)
        #expect(lines.contains { $0.hasPrefix("conrad") && $0.contains("coils") && $0.contains("path") })
        #expect(lines.contains { $0.hasPrefix("ucreate") && $0.contains("none") && $0.contains("anything") })
        // Without notes the drivers are there all the same.
        #expect(RelayDriverListing([]).text.contains("(no firmware note)"))
    }

    @Test(arguments: RelayBoardModels.all.map(\.name)) func aNoteTellsWhatItsBoardDoes(_ name: String) throws {
        let specimen = try #require(RelayBoardModels.all.first { $0.name == name })
        let note = try #require(try Self.notes().first { $0.driver == specimen.driver })
        let switching = try #require(note.switching)
        let board = specimen.model()
        #expect(switching.channels.contains(board.channelCount))
        #expect((switching.readback == .coils) == board.isReadable)
        switch board.onUnplugging {
        case .released: #expect(switching.unplugged == .released)
        case .kept: #expect(switching.unplugged == .kept)
        case .cut: #expect(switching.unplugged == .cut)
        }
        switch switching.powerUp {
        case .released: #expect(!board.contactsAtPowerUp.contains(true))
        case .stored, .kept: break
        }
        // The note knows the board by the same ids and texts.
        let descriptor = board.deviceDescriptor
        func text(_ index: UInt8) -> String? { index == 0 ? nil : board.strings[Int(index) - 1] }
        let ids = "\(hexadecimal(descriptor.vendor)):\(hexadecimal(descriptor.product))"
        #expect(
            note.recognises(
                ids: ids, manufacturer: text(descriptor.manufacturerString), product: text(descriptor.productString)),
            "\(note.id) does not know \(ids)")
    }

    @Test(arguments: SerialSpecimen.all) func aNoteTellsWhatItsSerialBoardDoes(_ specimen: SerialSpecimen) throws {
        let switching = try #require(try Self.notes().first { $0.driver == specimen.driver }?.switching)
        #expect(switching.channels.contains(specimen.channelCount))
        #expect((switching.readback == .coils) == specimen.canBeRead)
        #expect(switching.unplugged == .released)
    }
}
