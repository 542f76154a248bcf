public import Events

/// What `knxrig rig discover` shows.
extension Discovery {
    /// For people: what was found, each with why it is not usable yet; one line when there is nothing.
    public var text: String {
        guard !isEmpty else {
            return
                "nothing found: no relay board, no hub that switches its ports, no KNX interface and no serial line on USB\n"
        }
        var lines: [String] = []
        func add(_ text: String, _ obstacles: [Obstacle]) {
            lines.append(text)
            for obstacle in obstacles { lines.append("    \(obstacle.sentence)") }
        }
        for board in boards {
            let place = "\(board.title) at \(board.path)"
            guard board.isCertain else {
                add(
                    "\(place): may be a \(board.drivers.joined(separator: " or ")) board, or anything else on this chip",
                    board.obstacles)
                continue
            }
            let count = board.channelCount.map { ", \($0) channels" } ?? ""
            let serial = board.serial.map { ", serial \($0)" } ?? ", bound by its port"
            add("\(place): relay board, driver \(board.drivers[0])\(count)\(serial)", board.obstacles)
        }
        for hub in hubs {
            add(
                "\(hub.title) at \(hub.path): hub with a switch for each of \(hub.portCount) ports, if it is true to them: driver hub-port-power",
                hub.obstacles)
        }
        for interface in interfaces {
            add(
                "\(interface.title) at \(interface.path): KNX interface, for the system's own daemon",
                interface.obstacles)
        }
        for port in ports {
            let what = port.isTransceiver ? "KNX transceiver" : "serial line: may lead to a transceiver, --open asks it"
            add(
                port.device.isEmpty ? "\(port.title) at \(port.path)" : "\(port.title) at \(port.device): \(what)",
                port.obstacles)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// For programs.
    public var value: Value {
        func reasons(_ obstacles: [Obstacle]) -> Value {
            .list(obstacles.map { ["kind": .text($0.kind.rawValue), "sentence": .text($0.sentence)] })
        }
        func optional(_ text: String?) -> Value { text.map { .text($0) } ?? .null }
        return [
            "schema": "knxrig/discovery/1",
            "boards": .list(
                boards.map {
                    [
                        "drivers": .list($0.drivers.map { .text($0) }), "certain": .bool($0.isCertain),
                        "title": .text($0.title), "path": .text($0.path), "serial": optional($0.serial),
                        "transport": .text($0.isOnSerialLine ? "serial" : "libusb"),
                        "channels": $0.channelCount.map { .integer(Int64($0)) } ?? .null,
                        "obstacles": reasons($0.obstacles),
                    ]
                }),
            "hubs": .list(
                hubs.map {
                    [
                        "title": .text($0.title), "path": .text($0.path), "ports": .integer(Int64($0.portCount)),
                        "obstacles": reasons($0.obstacles),
                    ]
                }),
            "interfaces": .list(
                interfaces.map {
                    [
                        "title": .text($0.title), "path": .text($0.path), "serial": optional($0.serial),
                        "obstacles": reasons($0.obstacles),
                    ]
                }),
            "ports": .list(
                ports.map {
                    [
                        "title": .text($0.title), "node": .text($0.node), "device": .text($0.device),
                        "path": .text($0.path), "transceiver": .bool($0.isTransceiver),
                        "obstacles": reasons($0.obstacles),
                    ]
                }),
        ]
    }
}
