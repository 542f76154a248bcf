import Documents
import KNX
import Platform
import Rigs
import Twin

extension Command {
    static let twin = Command(
        name: "twin", summary: "Run a simulated KNX line with its chips, devices, supply and relay board",
        options: [
            .value("--rig", "FILE", "the rig file that describes it (default: twin)"),
            .value("--directory", "DIR", "where its devices and sockets appear (default: a new directory in /tmp)"),
            .value("--journal", "FILE", "append what its boards were told to FILE"),
            .value("--usbip-port", "PORT", "the port of its USB/IP server (default: a free one)"),
            .value(
                "--knxnetip-port", "PORT",
                "put a KNXnet/IP interface with four tunnels on its first line, on this port of 127.0.0.1 (0: a free one)"
            ),
            .value(
                "--tcp", "LINE/CHIP=PORT",
                "serve this transceiver on this port of 127.0.0.1 instead of a terminal (0: a free one)", repeats: true),
            .value(
                "--knxnetip-routing", "ADDRESS[:PORT]",
                "make that interface a router on this multicast address, such as 224.0.23.12"),
            .value(
                "--knxnetip-host", "ADDRESS",
                "the IPv4 address that it is served on, and whose network it routes to (default: 127.0.0.1)"),
            .value(
                "--building", "N",
                "put a building of N devices (8 to 200) on each of its lines, which talk by themselves: lights, dimmers, buttons, thermostats, sensors"
            ),
            .value("--seed", "S", "settle what the building says (default: 1)"),
            .flag("--knx-usb", "put a KNX USB interface on its first line, for who imports it from the USB/IP server"),
            data,
        ],
        examples: [
            "knxrig twin", "knxrig twin --building 200",
            "knxrig twin --directory /run/twin &  knxd -e 1.1.200 -E 1.1.201:8 -u /run/knx -b tpuarts:/run/twin/main-sut",
            "knxrig twin --tcp main/sut=55332 &  knxd -e 1.1.200 -E 1.1.201:8 -u /run/knx -b tpuarttcp:127.0.0.1:55332",
            "knxrig twin --knxnetip-port 3671 &  knxd -e 1.1.200 -E 1.1.201:8 -u /run/knx -b ipt:127.0.0.1:3671",
            "knxrig twin --knxnetip-port 3672 --knxnetip-routing 224.0.23.12 &  knxd -e 1.1.200 -E 1.1.201:8 -u /run/knx -b ip:224.0.23.12",
            "knxrig twin --knx-usb --usbip-port 3240 &  usbip attach -r 127.0.0.1 -b 1-2  # as root; then knxd … -b usb:",
        ],
        notes: """
            It prints one line of JSON when it is ready: the port of its USB/IP server and the paths of its transceivers, which any knxd or
            KNX client can open as serial lines. In the directory stand three sockets: `sense` tells the supply's voltage, `truth` everything,
            and `hands` takes what a person could do:
              {"unplug":"BOARD"}  {"plug":"BOARD"}  {"send":{"line":"main","octets":"bc…"}}  {"short":{"line":"main","shorted":true}}
              {"wire":{"board":"BOARD","channel":1,"feeds":"main","contact":"NO"}}  {"break":{"board":"BOARD","channel":1,"as":"stuck"}}
              {"disturb":{"chip":"main/sut","confirms_nothing":true}}  {"disturb":{"interface":"main/ip","silent":true}}
            A disturbance says what is wrong from then on, and what it does not name is right: with a transceiver silent, confirms_nothing,
            confirms_wrongly, confirmation_delay (ms), deaf, busy, hot.
            The chip of an attachment is what its `driver` in the rig file says: tpuart1, tpuart or tpuart2 (19200 baud, even parity), ncn5120,
            ncn5121, ncn5130 (38400 baud, no parity, for knxd's driver `ncn5120`).
            Devices on its lines (`devices:` in the rig file) are of kind switch, dimmer, button, sensor or thermostat; every device answers to
            management at its address: T_Connect, device descriptor, properties, memory, restart.
            KNXnet/IP interfaces on its lines (`interfaces:` in the rig file, or --knxnetip-port) serve any client of their address by UDP and
            TCP; it tells where. A router (`kind: router` there) routes on its multicast address too, by the network of its own address. Whoever
            is to meet it on 127.0.0.1 needs `ip route add 224.0.0.0/4 dev lo src 127.0.0.1`, best in a network namespace.
            KNX USB interfaces (`driver: usb` there, or --knx-usb) stand beside the relay board in its USB/IP server; it tells their bus ids.
            A relay channel with `feeds: LINE/INTERFACE` unplugs either. Ctrl-C ends it.
            """
    ) { arguments in
        try arguments.refuseOperands()
        let rig = try Rig(path: dataDirectories(arguments).find(arguments.value("--rig") ?? "twin", folder: ""))
        guard rig.kind == .twin else { throw UsageFailure("\(rig.file) describes real hardware, not a twin") }
        let temporary =
            arguments.value("--directory") == nil ? try TemporaryDirectory(heldWithPrefix: "knxrig-twin-") : nil
        defer { temporary?.remove() }
        let directory = arguments.value("--directory") ?? temporary?.path ?? "."
        try Files.makeDirectories(directory)
        var configuration = TwinConfiguration(rig, directory: directory, journal: arguments.value("--journal"))
        configuration.usbipPort = UInt16(try arguments.integer("--usbip-port", 0...65_535, default: 0))
        for wish in arguments.all("--tcp") { try configuration.serve(wish) }
        if arguments.value("--knxnetip-port") != nil {
            let port = UInt16(try arguments.integer("--knxnetip-port", 0...65_535, default: 0))
            try configuration.addInterface(
                host: arguments.value("--knxnetip-host") ?? "127.0.0.1", port: port,
                routing: arguments.value("--knxnetip-routing"))
        } else if let option = ["--knxnetip-routing", "--knxnetip-host"].first(where: { arguments.value($0) != nil }) {
            throw UsageFailure("\(option) is about the interface of --knxnetip-port, which is not there")
        }
        if arguments.value("--building") != nil {
            let count = try arguments.integer("--building", 8...200, default: 200)
            let seed = try arguments.integer("--seed", 0...Int.max, default: 1)
            try configuration.addBuildings(of: count, on: rig.lines, seed: UInt64(seed))
        }
        if arguments.has("--knx-usb") { try configuration.addUSBInterface() }
        return ExitStatus(rawValue: Twin.run(configuration, lifeline: Lifeline.inherited())) == .pass ? .pass : .error
    }
}

extension TwinConfiguration {
    /// Serves a transceiver over TCP, as `LINE/CHIP=PORT` wishes.
    mutating func serve(_ wish: String) throws {
        let parts = wish.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let port = UInt16(parts[1]) else {
            throw UsageFailure(
                "'--tcp \(wish)' should be LINE/CHIP=PORT with a port from 0 to 65535, such as main/sut=55332")
        }
        for line in lines.indices {
            for chip in lines[line].chips.indices where "\(lines[line].id)/\(lines[line].chips[chip].id)" == parts[0] {
                guard lines[line].chips[chip].tcpPort == nil else {
                    throw UsageFailure("'--tcp' names \(parts[0]) twice")
                }
                lines[line].chips[chip].tcpPort = port
                return
            }
        }
        let known = lines.flatMap { line in line.chips.map { "\(line.id)/\($0.id)" } }
        throw UsageFailure(
            "'--tcp \(wish)': this twin has no transceiver '\(parts[0])': it has \(known.joined(separator: ", "))"
                + Nearest.suggestion(for: parts[0], among: known))
    }

    /// Puts an interface `ip` with the addresses 15.15.240 to 15.15.244 on the first line, which no line of a rig has.
    mutating func addInterface(host: String, port: UInt16, routing: String?) throws {
        guard !lines[0].interfaces.contains(where: { $0.id == "ip" }) else {
            throw UsageFailure("the line '\(lines[0].id)' has an interface 'ip' already: its rig file names the port")
        }
        guard InterfaceLocation("knxnetip://\(host)")?.host == host else {
            throw UsageFailure(
                "--knxnetip-host: '\(host)' should be an IPv4 address of this computer such as 127.0.0.1")
        }
        let slots = (0xFFF1...0xFFF4).map { IndividualAddress(raw: $0) }
        var parameters = IPInterfaceParameters(address: IndividualAddress(raw: 0xFFF0), slots: slots)
        if let routing {
            guard let place = InterfaceLocation(multicast: routing) else {
                throw UsageFailure(
                    "--knxnetip-routing: '\(routing)' should be a multicast address such as 224.0.23.12 or 224.0.23.12:3671"
                )
            }
            parameters.multicast = IPEndpoint(InternetAddress(raw: place.rawAddress), port: place.port)
            var rules = IPRoutingParameters(address: parameters.address)
            // Of its address nothing follows: no line of a rig is 15.15.
            rules.filter.individual = .always
            parameters.routing = rules
        }
        lines[0].interfaces.append(NetworkInterface(id: "ip", host: host, port: port, parameters: parameters))
    }

    /// Puts an interface `usb` with the address 15.15.245 on the first line, which no line of a rig has.
    mutating func addUSBInterface() throws {
        let names = lines[0].chips.map(\.id) + lines[0].interfaces.map(\.id) + lines[0].usbInterfaces.map(\.id)
        guard !names.contains("usb") else {
            throw UsageFailure("the line '\(lines[0].id)' has something called 'usb' already, by its rig file")
        }
        let parameters = USBInterfaceParameters(address: IndividualAddress(raw: 0xFFF5))
        lines[0].usbInterfaces.append(PluggedInterface(id: "usb", parameters: parameters))
    }

    /// The twin that a rig file describes.
    init(_ rig: Rig, directory: String, journal: String?) {
        let lines = rig.lines.map { line in
            Line(
                id: line.id, supply: SupplyParameters(line.supply),
                chips: line.attachments.compactMap { attachment in
                    attachment.transceiver.map { model in
                        Chip(
                            id: attachment.id, parameters: TPUARTParameters(model),
                            noise: attachment.noise.map(SerialNoise.init))
                    }
                },
                devices: line.devices.map { SimulatedDevice.Configuration($0, on: line) },
                interfaces: line.interfaces.filter { $0.driver == .knxnetip }.map { interface in
                    NetworkInterface(
                        id: interface.id, host: interface.host, port: interface.port ?? 0,
                        parameters: IPInterfaceParameters(interface))
                },
                usbInterfaces: line.interfaces.filter { $0.driver == .usb }.map { interface in
                    var parameters = USBInterfaceParameters(address: interface.address)
                    parameters.withoutBus = .init(rawValue: interface.withoutBus.rawValue) ?? .refuses
                    return PluggedInterface(id: interface.id, parameters: parameters)
                }, noise: line.noise.map(LineNoise.init))
        }
        let boards = rig.boards.map { board in
            Board(
                id: board.id, serial: board.serial ?? "TWIN1", channels: 8,
                wiring: board.channels.map { channel in
                    WiredChannel(
                        number: channel.number,
                        // A switch on the DC side lies behind the supply and what holds it up.
                        feed: rig.lines.first { $0.supply?.wireSwitch == channel.id }.map { .wires(line: $0.id) }
                            ?? Feed(channel.feeds, rig),
                        energisedMeansCut: channel.wiring == .normallyClosed)
                })
        }
        self.init(lines: lines, boards: boards, directory: directory, journal: journal)
    }
}

extension IPInterfaceParameters {
    /// The interface or router that a rig file describes.
    init(_ interface: RigInterface) {
        self.init(
            address: interface.address, slots: interface.slots,
            routing: interface.routing.map { routing in
                var filter = RoutingFilter(address: interface.address)
                filter.groups = [routing.groups]
                filter.individual = .init(rawValue: routing.individual.rawValue) ?? .byAddress
                return IPRoutingParameters(filter: filter)
            })
        withoutBus = .init(rawValue: interface.withoutBus.rawValue) ?? .refuses
        servesTCP = interface.servesTCP
        if let place = interface.routing?.multicast {
            multicast = IPEndpoint(InternetAddress(raw: place.rawAddress), port: place.port)
        }
    }
}

extension TwinConfiguration.Feed {
    init(_ feeds: String, _ rig: Rig) {
        let parts = feeds.split(separator: "/").map(String.init)
        if parts.count == 2 {
            self = .interface(line: parts[0], chip: parts[1])
        } else {
            self = rig.lines.contains { $0.id == feeds } ? .supply(line: feeds) : .none
        }
    }
}
