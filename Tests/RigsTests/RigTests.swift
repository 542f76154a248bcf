import Bus
import Documents
import Foundation
import KNX
import Platform
import Testing

@testable import Rigs

@Suite struct RigTests {
    static let root = String(#filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })

    static func text(_ name: String) throws -> String {
        String(decoding: try Files.read(root + "/rigs/\(name).yaml"), as: UTF8.self)
    }

    @Test func theTwinIsReadAsWritten() throws {
        let rig = try Rig(path: Self.root + "/rigs/twin.yaml")
        #expect(rig.kind == .twin)
        let line = rig.lines[0]
        #expect(line.attachments.map(\.id) == ["sut", "witness", "stimulus-1", "stimulus-2", "injector"])
        #expect(line.groups.contains(GroupAddress(raw: 0x0900)))
        #expect(line.sources.contains { $0.contains(IndividualAddress(raw: 0x110A)) })
        #expect(line.supply?.channel == "bus-power" && line.supply?.wireSwitch == "bus-switch")
        let channel = try #require(rig.channel("bus-power")).channel
        #expect(channel.wiring == .normallyClosed)
        #expect(channel.longestCutNanoseconds == 120_000_000_000)
        #expect(
            rig.lacks([
                "relay:line-supply", "timed-contact", "witness", "stimulus", "saturation", "service:broker",
                "injector:chip", "injector:line",
            ]).isEmpty)
        #expect(line.attachments(.stimulus).map(\.loadAddress?.description) == ["1.1.127", "1.1.255"])
    }

    @Test func theExampleOfABenchParses() throws {
        let rig = try Rig(path: Self.root + "/rigs/bench-example.yaml")
        #expect(rig.kind == .bench)
        #expect(rig.boards[0].transport == .libusb)
        #expect(rig.lines[0].supply?.sense == nil)
        #expect(rig.lines[0].attachments.allSatisfy { $0.device?.hasPrefix("/dev/") == true })
        #expect(rig.lacks(["relay:line-supply", "witness", "stimulus"]).isEmpty)
        #expect(rig.lacks(["timed-contact"]).first?.contains("with a timing of its own") == true)
        #expect(rig.lacks(["injector:chip"]).first?.contains("takes no frame of more than 64 octets") == true)
        #expect(rig.lacks(["injector:line"]).first?.contains("puts single octets on the line") == true)
    }

    /// Long frames go through an injector, else through a stimulus whose chip takes them.
    @Test func longFramesNeedAChipThatTakesThem() throws {
        let injector = "      injector: {driver: ncn5130, address: 1.1.12}\n"
        let none = (old: injector, new: "")
        let second = (old: "- {driver: tpuart, address: 1.1.11", new: "- {driver: ncn5120, address: 1.1.11")
        #expect(try Self.rig([]).lines[0].longFrames?.id == "injector")
        #expect(try Self.rig([second]).lines[0].longFrames?.id == "injector")
        #expect(try Self.rig([none]).lines[0].longFrames == nil)
        #expect(try Self.rig([none]).lacks(["injector:chip", "injector:line"]).count == 1)
        #expect(try Self.rig([none, second]).lines[0].longFrames?.id == "stimulus-2")
        for (old, new, message) in [
            ("ncn5130, address: 1.1.12", "tpuart, address: 1.1.12", "which only an ncn5120, ncn5121 or ncn5130 takes"),
            ("ncn5130, address: 1.1.12", "ncn5130", "an injector needs an 'address' to send from"),
        ] {
            let failure = #expect(throws: DocumentFailure.self) { try Self.rig([(old: old, new: new)]) }
            #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
        }
    }

    private static let interface =
        "    interfaces:\n      - {id: ip, driver: knxnetip, address: 1.1.20, slots: 1.1.21-1.1.24, port: 3671, without_bus: silent}\n"

    /// The twin's rig file with a KNXnet/IP interface on its line, and `old` and `new` replaced after that.
    private static func rigWithInterface(_ changes: [(old: String, new: String)] = []) throws -> Rig {
        try rig([(old: "    devices:\n", new: interface + "    devices:\n")] + changes)
    }

    @Test func aTwinsLineHasInterfacesAndAWitnessThroughOne() throws {
        let rig = try Self.rigWithInterface([("witness: {driver: tpuart}", "witness: {driver: knxnetip, device: ip}")])
        let interface = try #require(rig.lines[0].interfaces.first)
        #expect(interface.id == "ip" && interface.port == 3671 && interface.withoutBus == .silent)
        #expect(interface.slots.map(\.description) == ["1.1.21", "1.1.22", "1.1.23", "1.1.24"])
        #expect(rig.lines[0].attachments(.witness).map(\.device) == ["ip"])
        // Its network cable may hang on a channel.
        #expect(try Self.rigWithInterface([("feeds: main/sut", "feeds: main/ip")]).channel("sut-interface") != nil)
        // Without any, nothing is otherwise than before.
        #expect(try Self.rig([]).lines[0].interfaces.isEmpty)
    }

    /// Each transceiver by its name, with the chip that it means, the speed of its serial line and how a stimulus gives it an address.
    @Test(arguments: [
        ("tpuart", TransceiverModel.tpuart2, 19_200, true), ("tpuart2", .tpuart2, 19_200, true),
        ("ncn5120", .ncn5120, 38_400, false), ("ncn5121", .ncn5121, 38_400, false),
        ("ncn5130", .ncn5130, 38_400, false),
    ])
    func transceiversAreNamed(name: String, model: TransceiverModel, baudRate: Int, hasParity: Bool) throws {
        let rig = try Self.rig([(old: "driver: tpuart", new: "driver: \(name)")])
        let attachments = rig.lines[0].attachments.filter { $0.role != .injector }
        #expect(attachments.count == 4)
        for attachment in attachments {
            #expect(attachment.transceiver == model)
            #expect(
                attachment.serialPort("/dev/x") == .serial(path: "/dev/x", baudRate: baudRate, evenParity: hasParity))
            #expect(attachment.stimulusChip == (hasParity ? .tpuart2 : .ncn51xx))
        }
        // Two names of one chip are one driver: its firmware note is found by either.
        #expect(Set(attachments.map(\.driver)) == [name == "tpuart2" ? "tpuart" : name])
    }

    @Test func aFirstTPUARTIsNoStimulus() throws {
        let witness = (old: "witness: {driver: tpuart}", new: "witness: {driver: tpuart1}")
        #expect(try Self.rig([witness]).lines[0].attachments(.witness)[0].transceiver == .tpuart1)
        do {
            _ = try Self.rig([(old: "- {driver: tpuart, address: 1.1.10", new: "- {driver: tpuart1, address: 1.1.10")])
            Issue.record("a stimulus that acknowledges nothing was taken")
        } catch let failure as DocumentFailure {
            #expect(failure.description.contains("it needs a tpuart2 or an ncn51xx"), "\(failure)")
        }
    }

    @Test func aTwinMayBeNoisy() throws {
        let quiet = try Self.rig([]).lines[0]
        #expect(quiet.noise == nil && quiet.attachments.allSatisfy { $0.noise == nil })
        let witness = (old: "witness: {driver: tpuart}", new: "witness: {driver: tpuart, noise: {lost: 100, seed: 7}}")
        let line = (old: "    supply:\n", new: "    noise: {flipped: 200}\n    supply:\n")
        let noisy = try Self.rig([witness, line]).lines[0]
        #expect(noisy.noise?.flippedPerMillion == 200 && noisy.noise?.seed == 1)
        let serial = try #require(noisy.attachments(.witness)[0].noise)
        #expect((serial.lostPerMillion, serial.extraPerMillion, serial.seed) == (100, 0, 7))
        for (old, new, word) in [
            ("lost: 100", "lots: 100", "did you mean 'lost'?"), ("lost: 100, seed: 7", "seed: 7", "'lost' or 'extra'"),
            ("lost: 100", "lost: 1000001", "1000001"), ("flipped: 200", "seed: 2", "flipped"),
            ("kind: twin", "kind: bench", "'noise' is simulated"),
        ] {
            do {
                _ = try Self.rig([witness, line, (old, new)])
                Issue.record("\(new) was taken")
            } catch let failure as DocumentFailure {
                #expect(failure.description.contains(word), "\(failure)")
            }
        }
    }

    @Test func anInterfaceMayBeARouter() throws {
        let plain = try #require(try Self.rigWithInterface().lines[0].interfaces.first)
        #expect(plain.routing == nil && plain.host == "127.0.0.1" && plain.servesTCP)
        let short = try Self.rigWithInterface([("driver: knxnetip, ", "driver: knxnetip, kind: router, ")])
        #expect(throws: DocumentFailure.self, "a router has no busmonitor") {
            try Self.rigWithInterface([
                ("driver: knxnetip, address", "driver: knxnetip, kind: router, address"),
                ("witness: {driver: tpuart}", "witness: {driver: knxnetip, device: ip}"),
            ])
        }
        let router = try #require(short.lines[0].interfaces[0].routing)
        #expect(router.multicast == .systemSetup && router.individual == .byAddress)
        #expect(router.groups == GroupAddress(raw: 1)...GroupAddress(raw: 0xFFFF))
        let long = try Self.rigWithInterface([
            (
                "slots: 1.1.21-1.1.24, port: 3671",
                "kind: router, host: 192.168.1.2, tcp: no, multicast: \"239.1.2.3:3700\", groups: 1/0/0-1/7/255, individual: never"
            )
        ])
        let bare = long.lines[0].interfaces[0]
        #expect(bare.slots.isEmpty && bare.port == nil && bare.host == "192.168.1.2" && !bare.servesTCP)
        #expect(bare.routing?.multicast.rawAddress == 0xEF01_0203 && bare.routing?.multicast.port == 3_700)
        #expect(bare.routing?.groups == GroupAddress(raw: 0x0800)...GroupAddress(raw: 0x0FFF))
        #expect(bare.routing?.individual == .never)
    }

    @Test func aTwinsLineHasAUSBInterface() throws {
        let usb =
            "    interfaces:\n      - {id: usb, driver: usb, address: 1.1.20, without_bus: silent}\n    devices:\n"
        func rig(_ changes: [(old: String, new: String)] = []) throws -> Rig {
            try Self.rig([(old: "    devices:\n", new: usb)] + changes)
        }
        let interface = try #require(try rig().lines[0].interfaces.first)
        #expect(interface.driver == .usb && interface.withoutBus == .silent && interface.slots.isEmpty)
        #expect(try rig([("feeds: main/sut", "feeds: main/usb")]).channel("sut-interface")?.channel.feeds == "main/usb")
        let wrong = [
            ("without_bus: silent", "without_bus: dead", "lives on USB, not on its line"),
            ("without_bus: silent", "slots: 1.1.21-1.1.22", "a USB interface has no 'slots'"),
            ("without_bus: silent", "port: 3671", "a USB interface has no 'port'"),
            ("address: 1.1.20", "address: 9.1.20", "9.1.20 of 'usb' is not among the line's 'sources'"),
            ("driver: usb", "driver: usbb", "the drivers of simulated interfaces are: knxnetip, usb"),
            // No tunnel goes through it.
            ("witness: {driver: tpuart}", "witness: {driver: knxnetip, device: usb}", "witness needs the 'url'"),
        ]
        for (old, new, word) in wrong {
            do {
                _ = try rig([(old, new)])
                Issue.record("\(new) was taken")
            } catch let failure as DocumentFailure {
                #expect(failure.description.contains(word), "\(failure)")
                #expect(!failure.description.contains("\n"))
            }
        }
    }

    @Test func aWitnessIsFoundOnTheNetwork() throws {
        let text = try Self.text("twin")
        func location(_ url: String) throws -> InterfaceLocation? {
            let changed = text.replacingOccurrences(
                of: "witness: {driver: tpuart}", with: "witness: {driver: knxnetip, url: \"\(url)\"}")
            return try Rig(text: changed, file: "r.yaml").lines[0].attachments(.witness)[0].location
        }
        #expect(try location("knxnetip://192.168.1.5")?.port == 3671)
        #expect(try location("knxnetip://192.168.1.5:3672")?.host == "192.168.1.5")
        #expect(try location("knxnetip://192.168.1.5:3672")?.port == 3672)
        for bad in [
            "192.168.1.5", "knxnetip://", "knxnetip://1.2.3", "knxnetip://1.2.3.400", "knxnetip://1.2.3.4:0",
            "knxnetip://1.2.3.4:", "knxnetip://1.2.3.4:5:6", "knxnetip://host", "tcp://1.2.3.4",
        ] {
            #expect(throws: DocumentFailure.self) { try location(bad) }
        }
    }

    /// What is wrong about an interface or a tunnel, with the word that names it.
    @Test(arguments: [
        (
            "driver: knxnetip, address: 1.1.20", "driver: tpuart, address: 1.1.20",
            "the drivers of simulated interfaces are"
        ),
        ("slots: 1.1.21-1.1.24", "slots: 1.1.20-1.1.24", "cannot be one of its slots' too"),
        ("slots: 1.1.21-1.1.24", "slots: 1.1.200-1.1.220", "at most 16 slots"),
        ("slots: 1.1.21-1.1.24", "slots: 1.1.25-1.1.28", "1.1.28 of 'ip' is not among the line's 'sources'"),
        ("id: ip,", "id: y/ip,", "'y/ip' should be a name without '/'"),
        ("id: ip,", "id: witness,", "two things on the line 'main' are called 'witness'"),
        ("port: 3671,", "port: 0,", "0"),
        ("without_bus: silent", "without_bus: mute", "'mute'"),
        ("port: 3671,", "port: 3671, kind: bridge,", "'bridge' is no kind of interface: expected interface, router"),
        (
            "port: 3671,", "port: 3671, groups: 1/0/0-1/7/255,",
            "'groups' belongs to a router: say 'kind: router' for one"
        ),
        ("slots: 1.1.21-1.1.24, ", "", "'slots'"),
        ("port: 3671,", "port: 3671, host: localhost,", "'localhost' should be an IPv4 address of this computer"),
        ("port: 3671,", "port: 3671, kind: router, multicast: 192.168.1.5,", "should be a multicast address such as"),
        ("port: 3671,", "port: 3671, kind: router, groups: 1/0,", "should be a group address"),
        ("port: 3671,", "port: 3671, kind: router, individual: some,", "'some' is no rule for telegrams to devices"),
        ("port: 3671,", "port: 3671, tcp: maybe,", "'maybe' should be true or false"),
        ("without_bus: silent", "without_buss: silent", "did you mean 'without_bus'?"),
        ("witness: {driver: tpuart}", "witness: {driver: knxnetip}", "witness needs the 'url'"),
        ("witness: {driver: tpuart}", "witness: {driver: knxnetip, device: ipp}", "did you mean 'ip'?"),
        (
            "witness: {driver: tpuart}", "witness: {driver: tpuart, url: \"knxnetip://1.2.3.4\"}",
            "goes with the driver 'knxnetip'"
        ),
        (
            "sut: {driver: tpuart,", "sut: {driver: knxnetip, device: ip,",
            "only a witness goes through KNXnet/IP so far"
        ),
        ("kind: twin", "kind: bench", "'interfaces' are simulated"),
    ])
    func wrongInterfacesAreNamed(old: String, new: String, word: String) throws {
        do {
            _ = try Self.rigWithInterface([(old, new)])
            Issue.record("\(new) was taken")
        } catch let failure as DocumentFailure {
            #expect(failure.description.contains(word), "\(failure)")
        }
    }

    @Test func aBenchMayListenThroughItsKnxd() throws {
        let text = try Self.text("bench-example")
        let device = "        driver: tpuart\n        device: /dev/serial/by-id/usb-busware.de_TPUART_WITNESS-if00\n"
        func witness(_ lines: String) throws -> RigLine.Attachment {
            try #require(text.contains(device))
            let changed = text.replacingOccurrences(of: device, with: lines)
            return try Rig(text: changed, file: "r.yaml").lines[0].attachments(.witness)[0]
        }
        func through(_ rest: String) throws -> RigLine.Attachment { try witness("        driver: knxd\n\(rest)") }
        let local = try through("        url: local:/run/knx\n")
        #expect(local.daemon?.server == .unix(path: "/run/knx") && local.daemon?.mode == .busmonitor)
        #expect(local.visibility.stampPlace == .daemon)
        let remote = try through("        url: ip:192.168.1.5\n        mode: vbusmonitor\n")
        #expect(remote.daemon?.server == .tcp(host: "192.168.1.5", port: 6720) && remote.visibility.ownFrames == .early)
        #expect(try through("        url: ip:1.2.3.4:6721\n").daemon?.server == .tcp(host: "1.2.3.4", port: 6721))
        for (lines, word) in [
            ("", "needs the 'url' of its socket"), ("        url: /run/knx\n", "should be local:PATH"),
            ("        url: local:run/knx\n", "should be local:PATH"), ("        url: ip:1.2.3\n", "or ip:ADDRESS:PORT"),
            ("        url: ip:1.2.3.4:0\n", "or ip:ADDRESS:PORT"), ("        url: ip:house\n", "or ip:ADDRESS:PORT"),
            ("        url: local:/run/knx\n        device: /dev/x\n", "and no 'device'"),
            ("        url: local:/run/knx\n        mode: busmonitr\n", "did you mean 'busmonitor'?"),
        ] {
            do {
                _ = try through(lines)
                Issue.record("\(lines) was taken")
            } catch let failure as DocumentFailure {
                #expect(failure.description.contains(word), "\(failure)")
            }
        }
        do {
            _ = try witness(device + "        mode: busmonitor\n")
            Issue.record("a mode of a TP-UART was taken")
        } catch let failure as DocumentFailure {
            #expect(failure.description.contains("a 'mode' goes with the driver 'knxd'"))
        }
        do {
            _ = try Self.rig([("witness: {driver: tpuart}", "witness: {driver: knxd, url: \"local:/run/knx\"}")])
            Issue.record("a twin was given a witness through knxd")
        } catch let failure as DocumentFailure {
            #expect(failure.description.contains("no knxd listens to a twin by itself"))
        }
        do {
            _ = try Self.rig([("sut: {driver: tpuart,", "sut: {driver: knxd, url: \"local:/run/knx\",")])
            Issue.record("a system was attached through the rig's knxd")
        } catch let failure as DocumentFailure {
            #expect(failure.description.contains("only a witness goes through knxd"))
        }
    }

    @Test func oneStimulusDoesNotSaturateALine() throws {
        let rig = try Self.rig([(old: ", load_address: 1.1.255", new: "")])
        #expect(rig.lacks(["saturation"]).count == 1)
        #expect(rig.lacks(["saturation"]).first?.contains("two stimuli with a load_address") == true)
    }

    /// `old` and `new` replaced in the twin's rig file.
    private static func rig(_ changes: [(old: String, new: String)]) throws -> Rig {
        var text = try Self.text("twin")
        for (old, new) in changes { text = text.replacingOccurrences(of: old, with: new) }
        return try Rig(text: text, file: "r.yaml")
    }

    @Test func boardsOnSerialLinesAndHubsAreBound() throws {
        let path = (old: "match: {serial: TWIN1}", new: "match: {port_path: 1-1.4}")
        let serial = (old: "transport: usbip", new: "transport: serial")
        let numato = try Self.rig([("driver: dcttech", "driver: numato"), serial])
        #expect(numato.boards[0].transport == .serial && numato.boards[0].serial == "TWIN1")
        let lcus = [("driver: dcttech", "driver: lcus-serial"), serial]
        #expect(try Self.rig(lcus + [path]).boards[0].portPath == "1-1.4")
        #expect(throws: DocumentFailure.self) { try Self.rig(lcus) }
        // On a common chip a serial may do where chips have one of their own, and never where any converter looks the same.
        #expect(try Self.rig([("driver: dcttech", "driver: ft245r")]).boards[0].serial == "TWIN1")
        #expect(throws: DocumentFailure.self) { try Self.rig([("driver: dcttech", "driver: conrad")]) }
        #expect(try Self.rig([("driver: dcttech", "driver: conrad"), path]).boards[0].portPath == "1-1.4")
        let hub = [("driver: dcttech", "driver: hub-port-power"), ("transport: usbip", "transport: libusb")]
        #expect(try Self.rig(hub + [path]).boards[0].driver == "hub-port-power")
        #expect(throws: DocumentFailure.self) { try Self.rig(hub) }
    }

    /// Each wrong file is one line that names place and remedy. The static interlocks are among them.
    @Test(arguments: [
        ("kind: twin", "kind: twn", "'twn' is no kind of rig: expected twin, bench: did you mean 'twin'?"),
        ("lines:", "line:", "a rig has no key 'line': did you mean 'lines'?"),
        ("id: main", "id: ../main", "'../main' should be a name without '/'"),
        ("version: 1", "version: 9", "this knxrig reads version 1"),
        ("channel: bus-power", "channel: bus-pwer", "no board has a channel 'bus-pwer': did you mean 'bus-power'?"),
        ("driver: dcttech", "driver: dctech", "there is no relay driver 'dctech': did you mean 'dcttech'?"),
        (
            "witness: {driver: tpuart}", "witness: {driver: tpurt}",
            "there is no driver 'tpurt' for an attachment: did you mean 'tpuart'?"
        ),
        (
            "witness: {driver: tpuart}", "witness: {driver: ncn5210}",
            "there is no driver 'ncn5210' for an attachment: did you mean 'ncn5120'?"
        ),
        (
            "witness: {driver: tpuart}", "witness: {driver: modbus}",
            "there is no driver 'modbus' for an attachment: expected tpuart, tpuart1, tpuart2, ncn5120, ncn5121, ncn5130, knxnetip"
        ),
        (
            "feeds: main/sut", "feeds: main/stu",
            "'main/stu' is nothing that a channel can feed: did you mean 'main/sut'?"
        ),
        ("feeds: main/sut", "feeds: main/witness", "a channel must not feed the witness"),
        (
            "circuit: selv, wiring: NC, settle: 20 ms", "circuit: mains, wiring: NC, settle: 20 ms",
            "must not switch mains"
        ),
        ("wiring: NC", "wiring: NO", "what must stay powered is wired NC"),
        ("number: 2", "number: 1", "two channels of this board have number 1"),
        ("id: sut-interface", "id: bus-power", "two channels are called 'bus-power'"),
        ("1.1.20-1.1.27", "1.1.27-1.1.20", "should be an individual address or a range"),
        ("groups: 1/0/0-1/7/255", "groups: 1/0/0-1/9/255", "should be a group address or a range"),
        ("address: 1.1.10,", "adress: 1.1.10,", "an attachment has no key 'adress': did you mean 'address'?"),
        ("- {driver: tpuart, address: 1.1.11,", "- {driver: tpuart,", "a stimulus needs an 'address'"),
        (
            "load_address: 1.1.127", "load_address: 1.1.126",
            "the load_address 1.1.126 of stimulus-1 is not among the line's 'sources'"
        ),
        (
            "load_address: 1.1.127", "load_address: 1.1.20",
            "does not lose arbitration against the system's 1.1.201: take one"
        ),
        ("load_address: 1.1.127", "load_adress: 1.1.127", "did you mean 'load_address'?"),
        (
            "starve_address: 1.1.16", "starve_address: 1.1.17",
            "the starve_address 1.1.17 of stimulus-1 is not among the line's 'sources'"
        ),
        (
            "starve_address: 1.1.16", "starve_address: 1.1.11",
            "does not win arbitration against the system's 1.1.200: take one"
        ),
        ("match: {serial: TWIN1}", "match: {}", "a board is bound by 'serial' or by 'port_path'"),
        ("transport: usbip", "transport: serial", "a dcttech board is on plain USB"),
        ("driver: dcttech", "driver: numato", "a numato board is on a serial line: its transport is 'serial'"),
        ("driver: dcttech", "driver: hub-port-power", "its transport is 'libusb'"),
        ("settle: 20 ms", "settle: 20", "should be a length of time"),
        ("switch: bus-switch", "switch: bus-swich", "no board has a channel 'bus-swich': did you mean 'bus-switch'?"),
        ("switch: bus-switch", "switch: sut-interface", "the switch of a line is a second channel that feeds it"),
        ("switch: bus-switch", "switch: bus-power", "the switch of a line is a second channel that feeds it"),
        ("kind: switch", "kind: swich", "did you mean 'switch'?"),
        ("cycles_per_hour: 600", "cycles_per_hour: 0", "0 is outside 1…100000"),
    ])
    func aWrongFileIsOneClearLine(old: String, new: String, message: String) throws {
        let text = try Self.text("twin")
        let start = try #require(Self.index(of: old, in: text), "'\(old)' is not in the file any more")
        let wrong = text[..<start] + new + text[text.index(start, offsetBy: old.count)...]
        let failure = #expect(throws: DocumentFailure.self) { try Rig(text: String(wrong), file: "r.yaml") }
        let description = failure?.description ?? ""
        #expect(description.contains(message), "\(description)")
        #expect(description.hasPrefix("r.yaml:"))
        #expect(!description.contains("\n"))
    }

    @Test func whatIntendedCutsCostIsKnownBefore() throws {
        let rig = try Rig(path: Self.root + "/rigs/twin.yaml")
        let second: Int64 = 1_000_000_000
        let fine = PlanOfClicks(cuts: [.init(channel: "bus-power", nanoseconds: 20 * second, count: 10)], rig: rig)
        #expect(fine.clicks == 20)
        #expect(fine.refusals.isEmpty)
        for (cut, message) in [
            (PlanOfClicks.Cut(channel: "bus-power", nanoseconds: 121 * second, count: 1), "120 s at most"),
            (PlanOfClicks.Cut(channel: "bus-power", nanoseconds: second / 25, count: 1), "at least 50 ms"),
            (PlanOfClicks.Cut(channel: "nothing", nanoseconds: second, count: 1), "no board has a channel"),
        ] {
            #expect(PlanOfClicks(cuts: [cut], rig: rig).refusals.contains { $0.contains(message) })
        }
    }

    private static func index(of part: String, in text: String) -> String.Index? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(part) { return start }
            start = text.index(after: start)
        }
        return nil
    }
}
