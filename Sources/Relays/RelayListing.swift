public import Events

/// What `knxrig relay list` shows: the relay boards that transports reach, opened for a moment to ask for serial and states.
public struct RelayListing: Hashable, Sendable {
    public struct Row: Hashable, Sendable {
        public var transport: String
        /// nil when no driver knows the device.
        public var driver: String?
        public var vendor: UInt16
        public var product: UInt16
        /// nil when it could not be asked.
        public var serial: String?
        public var path: String
        public var channelCount: Int?
        /// Coils from channel 1 on; nil when they could not be read.
        public var states: [Bool]?
        /// Why something is missing, in a sentence.
        public var note: String?

        /// `16c0:05df`
        public var ids: String { "\(hexadecimal(vendor)):\(hexadecimal(product))" }
    }

    public var rows: [Row] = []
    /// What kept a transport from being asked, and what to do.
    public var notes: [String] = []

    /// Asks each transport. Boards on serial lines are told by their ids alone: a line that is opened resets some of them.
    ///
    /// - Parameter hubs: asks those hubs, too, that this sysfs shows, and lists the ones that switch each port by their own word.
    public init(
        _ transports: [any USBTransport], serial: SerialTransport? = nil,
        hubs: (transport: any USBTransport, system: String)? = nil
    ) {
        for transport in transports {
            do throws(TransportFailure) {
                for device in try transport.devices() {
                    if let row = Self.row(of: device, on: transport) { rows.append(row) }
                }
            } catch {
                notes.append("\(transport.name): \(error)")
            }
            if let local = transport as? LibUSBTransport, let absence = local.absence {
                notes.append("\(local.name): \(absence): a container needs /dev/bus/usb passed in")
            }
        }
        if let serial { rows += serial.ports().compactMap { Self.row(of: $0, on: serial) } }
        if let hubs {
            rows += HubPortPower.hubs(in: hubs.system).compactMap { Self.row(of: $0, hubs.transport, hubs.system) }
        }
    }

    /// nil for a hub that does not say that it switches each port, or may not be asked.
    private static func row(of hub: String, _ transport: any USBTransport, _ system: String) -> Row? {
        guard let board = try? HubPortPower(hub, on: transport, system: system), let states = try? board.readAll()
        else { return nil }
        let ids = HubPortPower.ids(of: hub, in: system)
        return Row(
            transport: transport.name, driver: HubPortPower.driverName, vendor: ids.vendor, product: ids.product,
            serial: board.identity.serial, path: hub, channelCount: board.channelCount, states: states,
            note:
                "a \(HubPortPower.driverName) board by its own word: whether a port's power goes, only what hangs on it tells"
        )
    }

    private static func row(of port: SerialPort, on transport: SerialTransport) -> Row? {
        guard let device = port.device, let driver = SerialBoardDrivers.all.first(where: { $0.recognises(device) })
        else {
            return nil
        }
        return Row(
            transport: transport.name, driver: driver.needsPath ? nil : driver.name, vendor: device.vendor,
            product: device.product, serial: device.serialNumber ?? "", path: port.path,
            note: driver.needsPath
                ? "\(port.node): may be a \(driver.name) board, or anything else on this converter"
                : "\(port.node): not asked, because opening a serial line resets some boards")
    }

    private static func row(of device: DeviceInfo, on transport: any USBTransport) -> Row? {
        var row = Row(
            transport: transport.name, driver: nil, vendor: device.vendor, product: device.product,
            serial: device.serialNumber, path: device.path)
        // Ids are shared: who claims a device may find another's behind them.
        let drivers = RelayBoardDrivers.all.filter { $0.recognises(device) }
        guard !drivers.isEmpty else {
            // A machine's own bus is full of other things; a server exports what is meant to be used.
            guard !(transport is LibUSBTransport) || isKnownRelay(device) else { return nil }
            row.note = "no driver of knxrig's knows it"
            return row
        }
        for driver in drivers where driver.binding == .any {
            do {
                let board = try driver.open(transport, device.path)
                defer { board.close() }
                row.driver = driver.name
                row.serial = board.identity.serial
                row.channelCount = board.channelCount
                row.states = try board.readAll()
                row.note = nil
                return row
            } catch .otherDevice(let path, let manufacturer, let product) {
                row.note = "\(RelayFailure.otherDevice(path: path, manufacturer: manufacturer, product: product))"
            } catch {
                row.driver = driver.name
                row.note = "\(error)"
                return row
            }
        }
        let others = drivers.filter { $0.binding != .any }.map(\.name)
        if !others.isEmpty {
            row.note = "may be a \(others.joined(separator: " or ")) board, or anything else on this chip: not asked"
        }
        return row
    }

    /// Ids of relay boards and switchable hubs that are sold and have no driver here yet.
    private static func isKnownRelay(_ device: DeviceInfo) -> Bool {
        let ids: [(vendor: UInt16, products: ClosedRange<UInt16>)] = [
            (0x04D8, 0x0042...0x0042), (0x04D8, 0xEFED...0xEFED), (0x04B4, 0xFD10...0xFD15), (0x0D50, 0x0008...0x0030),
        ]
        return ids.contains { $0.vendor == device.vendor && $0.products.contains(device.product) }
    }

    /// For people: a table, then the notes; never empty.
    public var text: String {
        var lines: [String] = []
        if rows.isEmpty {
            lines.append(
                "no relay board found: plug one in, or name a USB/IP server with --usbip HOST:PORT "
                    + "('knxrig twin' runs one with an emulated board)")
        } else {
            let table = [["driver", "ids", "serial", "path", "channels", "states", "transport"]] + rows.map(Self.cells)
            let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
            for (index, cells) in table.enumerated() {
                let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
                var line = padded.joined(separator: "  ")
                while line.hasSuffix(" ") { line.removeLast() }
                lines.append(line)
                if index > 0, let note = rows[index - 1].note { lines.append("    \(note)") }
            }
        }
        return (lines + notes).map { $0 + "\n" }.joined()
    }

    /// For programs.
    public var value: Value {
        let boards = rows.map { row -> Value in
            [
                "driver": row.driver.map { .text($0) } ?? .null, "ids": .text(row.ids),
                "serial": row.serial.map { .text($0) } ?? .null, "path": .text(row.path),
                "transport": .text(row.transport),
                "channels": row.channelCount.map { .integer(Int64($0)) } ?? .null,
                "states": row.states.map { .list($0.map { .bool($0) }) } ?? .null,
                "note": row.note.map { .text($0) } ?? .null,
            ]
        }
        return ["boards": .list(boards), "notes": .list(notes.map { .text($0) })]
    }

    private static func cells(_ row: Row) -> [String] {
        [
            row.driver ?? "no driver", row.ids, row.serial.map { $0.isEmpty ? "(none)" : $0 } ?? "?", row.path,
            row.channelCount.map(String.init) ?? "?",
            row.states.map { $0.map { $0 ? "1" : "0" }.joined() } ?? "?", row.transport,
        ]
    }
}

func hexadecimal(_ number: UInt16) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
}
