import Events
import Platform
import Twin

@testable import Relays

extension ConformanceCheck {
    static let identification: [ConformanceCheck] = [
        check("says its driver and its path") { bench, board in
            try hold(board.identity.driver == bench.driver, "it calls itself \(board.identity.driver)")
            try hold(board.identity.path.hasPrefix(bench.path), "it says it is at \(board.identity.path)")
        },
        check("says its serial, or none") { bench, board in
            try hold(board.identity.serial == bench.serialNumber, "it says '\(board.identity.serial)'")
        },
        check("has as many channels as it has relays") { bench, board in
            try hold(board.channelCount == bench.channelCount, "it says \(board.channelCount)")
        },
        bare("is not switched by being opened") { bench in
            var wanted = bench.contacts
            for channel in ends(bench) {
                bench.turn(channel, energised: true)
                wanted[channel - 1] = true
            }
            let board = try bench.open()
            defer { board.close() }
            try holdContacts(wanted, bench, "after opening")
        },
        bare("is not found by another serial") { bench in
            let failure = try refused("another serial") { try bench.open(BoardMatch(serial: "NO-SUCH")) }
            switch failure {
            case .noBoard, .needsPath: break
            default: throw Deviation(description: "another serial fails as '\(failure)'")
            }
        },
        bare("is refused at its path under another serial") { bench in
            let failure = try refused("another serial") {
                try bench.open(BoardMatch(serial: "NO-SUCH", path: bench.path))
            }
            switch failure {
            case .noBoard, .exchanged: break
            default: throw Deviation(description: "another serial fails as '\(failure)'")
            }
        },
        bare("is found by its serial, where that may bind it") { bench in
            try applies(!bench.serialNumber.isEmpty && bench.binding != .path)
            let board = try bench.open(BoardMatch(serial: bench.serialNumber))
            defer { board.close() }
            try hold(board.identity.serial == bench.serialNumber, "another board was opened")
        },
        bare("is not touched before it is named, where others look like it") { bench in
            try applies(bench.binding != .any)
            let failure = try refused("a board that nobody named") { try bench.open(BoardMatch()) }
            guard case .needsPath = failure else { throw Deviation(description: "it fails as '\(failure)'") }
            try hold((bench.claims?.claims ?? 0) == 0, "it was claimed")
        },
        bare("is not touched under another serial, where others look like it") { bench in
            try applies(bench.binding == .serialOrPath && bench.claims != nil)
            for match in [BoardMatch(serial: "NO-SUCH"), BoardMatch(serial: "NO-SUCH", path: bench.path)] {
                try refused("another serial") { try bench.open(match) }
                try hold(bench.claims?.claims == 0, "it was claimed")
            }
        },
        bare("has no serial when that was never written") { bench in
            guard let unwritten = (bench as? USBConformanceBench)?.unwritten() else { throw NotApplicable() }
            let other = try unwritten.get()
            defer { other.end() }
            let board = try other.open()
            defer { board.close() }
            try hold(board.identity.serial.isEmpty, "it says '\(board.identity.serial)'")
        },
        bare("is not taken for its twin beside it") { bench in
            guard let pair = try (bench as? USBConformanceBench)?.pair() else { throw NotApplicable() }
            defer { pair.end() }
            let match = bench.serialNumber.isEmpty ? BoardMatch() : BoardMatch(serial: bench.serialNumber)
            let failure = try refused("one of two that are alike") { try pair.open(match) }
            switch failure {
            case .ambiguous, .duplicateSerial, .needsPath: break
            default: throw Deviation(description: "two that are alike fail as '\(failure)'")
            }
            let second = try pair.open(BoardMatch(path: "1-2"))
            defer { second.close() }
            let first = pair.contacts
            _ = try second.set(1, energised: true)
            try hold(pair.contactsOfSecond[0] && pair.contacts == first, "the first one was switched")
        },
        bare("is listed, and not switched by that") { bench in
            bench.turn(1, energised: true)
            let contacts = bench.contacts
            let rows = bench.listing().rows.filter { $0.path.hasPrefix(bench.path) }
            try hold(rows.count == 1, "the listing has \(rows.count) rows of it")
            try holdContacts(contacts, bench, "after the listing")
            guard bench.binding == .any else {
                return try hold(rows[0].note?.contains(bench.driver) == true, "nothing says that it may be one")
            }
            try hold(rows[0].driver == bench.driver, "it is listed as \(rows[0].driver ?? "nothing")")
            guard bench.isOnUSB else { return }
            try hold(rows[0].states == (bench.isReadable ? contacts : nil), "it is listed as \(text(rows[0].states))")
        },
        bare("is left alone by every other driver") { bench in
            guard let others = (bench as? USBConformanceBench)?.otherDrivers() else { throw NotApplicable() }
            for other in others {
                // Ids that are no maker's own are why a path has to name the board.
                guard other.driver.binding != .path else { continue }
                let failure = try refused("a \(bench.driver) board, by \(other.driver.name),") {
                    try other.open(BoardMatch(path: bench.path))
                }
                switch failure {
                case .noBoard, .otherDevice: break
                default: throw Deviation(description: "\(other.driver.name) fails on it as '\(failure)'")
                }
            }
        },
    ]
}

extension USBConformanceBench {
    /// A bench with a board whose serial was never written; nil where no memory has one.
    func unwritten() -> Result<USBConformanceBench, any Error>? {
        guard let model = type(of: kind).unwritten() else { return nil }
        return Result { try USBConformanceBench(sold, models: [model], lie: lie) }
    }

    /// Two of them beside each other.
    func pair() throws -> USBConformanceBench { try USBConformanceBench(sold, count: 2, lie: lie) }

    func otherDrivers() -> [(driver: RelayBoardDriver, open: (BoardMatch) throws -> any RelayBoard)] {
        RelayBoardDrivers.all.filter { $0.name != driver }.map { other in
            let name = lie == .opensAnything ? driver : other.name
            return (other, { try RelayBoardDrivers.open(name, on: self.transport, matching: $0) })
        }
    }
}
