import Events
import Platform
import Testing

@testable import Rigs

/// What is found, and one test for each reason: what must be said, and when it must not be.
@Suite struct DiscoveryTests {
    private static func kinds(_ obstacles: [Obstacle]?) -> [Obstacle.Kind] { (obstacles ?? []).map(\.kind) }

    @Test func nothingIsOneLine() throws {
        let discovery = try MadeUpMachine().discovery
        #expect(discovery.isEmpty)
        #expect(discovery.text.split(separator: "\n").count == 1 && discovery.text.hasPrefix("nothing found"))
        // Root hubs and keyboards are nothing to a rig.
        let others = try MadeUpMachine([
            .init(path: "usb1", vendor: "1d6b", product: "0002", name: "xHCI Host Controller", hubPorts: 4),
            .init(path: "1-1", vendor: "046d", product: "c31c", name: "Keyboard", driver: "usbhid", isHID: true),
        ])
        #expect(others.discovery.isEmpty, "\(others.discovery)")
    }

    @Test func aBoardIsKnownByIdsAndTexts() throws {
        let discovery = try MadeUpMachine([.dcttech()]).discovery
        let board = try #require(discovery.boards.first)
        #expect(board.drivers == ["dcttech"] && board.isCertain && board.channelCount == 8 && board.path == "1-2")
        #expect(board.serial == nil && board.obstacles.isEmpty, "\(board)")
        #expect(discovery.text.contains("relay board, driver dcttech, 8 channels, bound by its port"))
        // The ids alone are many gadgets'.
        var gadget = MadeUpMachine.Device.dcttech()
        gadget.manufacturer = "www.example.org"
        #expect(try MadeUpMachine([gadget]).discovery.isEmpty)
        gadget.manufacturer = nil
        gadget.name = nil
        #expect(try MadeUpMachine([gadget]).discovery.boards.map(\.isCertain) == [false])
    }

    @Test func convertersAreLinesAndPerhapsBoards() throws {
        let discovery = try MadeUpMachine([.ftdi()]).discovery
        #expect(discovery.ports.map(\.node) == ["/dev/ttyUSB0"])
        #expect(discovery.boards.map(\.isCertain) == [false])
        #expect(discovery.boards.first?.drivers.contains("kmtronic") == true, "\(discovery.boards)")
    }

    @Test func transceiversAndKNXInterfacesAreTold() throws {
        let discovery = try MadeUpMachine([
            .busware(),
            .init(
                path: "1-6", vendor: "0e77", product: "0104", manufacturer: "Weinzierl", name: "KNX-USB Interface",
                driver: "usbhid", isHID: true),
        ]).discovery
        #expect(discovery.ports.map(\.isTransceiver) == [true])
        #expect(discovery.interfaces.map(\.path) == ["1-6"])
        #expect(discovery.interfaces.first?.obstacles.isEmpty == true)
        #expect(discovery.boards.isEmpty, "\(discovery.boards)")
    }

    @Test func aSerialBoardOfItsOwnIdsIsNoBareLine() throws {
        let discovery = try MadeUpMachine([
            .init(
                path: "1-7", vendor: "2a19", product: "0c05", manufacturer: "Numato",
                name: "Numato Lab 8 Channel USB Relay Module", serial: "NLRL1", driver: "cdc_acm", lines: ["ttyACM1"])
        ]).discovery
        #expect(discovery.boards.map(\.drivers) == [["numato"]] && discovery.ports.isEmpty)
        #expect(discovery.boards.first?.isOnSerialLine == true && discovery.boards.first?.channelCount == 8)
        #expect(discovery.boards.first?.path == "1-7:1.0")
    }

    @Test func aHubThatTheKernelSwitchesIsOffered() throws {
        let hub = MadeUpMachine.Device(path: "1-1", vendor: "2001", product: "f103", name: "DUB-H7", hubPorts: 7)
        let discovery = try MadeUpMachine([hub]).discovery
        #expect(discovery.hubs.map(\.portCount) == [7])
    }

    // MARK: reasons

    @Test func permissionComesWithTheLineThatHelps() throws {
        var board = MadeUpMachine.Device.dcttech()
        board.mode = 0o600
        let obstacles = try #require(try MadeUpMachine([board]).discovery.boards.first?.obstacles)
        #expect(Self.kinds(obstacles) == [.permission])
        #expect(
            obstacles[0].sentence.hasSuffix(
                "SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ATTR{idVendor}==\"16c0\", ATTR{idProduct}==\"05df\", "
                    + "ATTR{manufacturer}==\"www.dcttech.com\", MODE=\"0660\", GROUP=\"knxrig\", ATTR{power/control}=\"on\""
            ),
            "\(obstacles[0].sentence)")
        // The line is the one that the rules file of this repository has.
        let rules = String(decoding: try Files.read(RigTests.root + "/scripts/99-knxrig.rules"), as: UTF8.self)
        #expect(rules.contains(obstacles[0].sentence.split(separator: "again: ").last.map(String.init) ?? "?"))
        var line = MadeUpMachine.Device.busware()
        line.mode = 0o660
        let port = try #require(try MadeUpMachine([line]).discovery.ports.first)
        #expect(Self.kinds(port.obstacles) == [.permission])
        #expect(port.obstacles[0].sentence.contains("SUBSYSTEM==\"tty\", ATTRS{idVendor}==\"03eb\""))
    }

    @Test func rightsThatAreThereAreNotMissed() throws {
        var board = MadeUpMachine.Device.dcttech()
        board.mode = 0o660
        let machine = try MadeUpMachine([board])
        let root = Discovery(Machine(root: machine.directory.path, user: .init(id: 0, groups: [0])))
        #expect(root.boards.first?.obstacles.isEmpty == true)
        // The node's group, whichever that is here.
        let group = try #require(Files.permissions(of: machine.directory.path + "/dev/bus/usb/001/001")).group
        let member = Discovery(Machine(root: machine.directory.path, user: .init(id: 4242, groups: [group])))
        #expect(member.boards.first?.obstacles.isEmpty == true)
    }

    @Test func aKernelDriverIsSaidUnlessItIsTheHIDOne() throws {
        let ft245 = MadeUpMachine.Device(
            path: "1-4", vendor: "0403", product: "6001", manufacturer: "FTDI", name: "FT245R USB FIFO", serial: "A1",
            driver: "ftdi_sio", lines: ["ttyUSB3"])
        let found = try MadeUpMachine([ft245, .dcttech()]).discovery
        let board = try #require(found.boards.first { $0.path == "1-4" })
        #expect(
            board.obstacles.contains {
                $0.kind == .kernelDriver && $0.sentence.contains("ftdi_sio")
                    && $0.sentence.contains("/dev/ttyUSB3 goes with it")
            })
        #expect(found.boards.first { $0.path == "1-2" }?.obstacles.isEmpty == true)
        var claimed = MadeUpMachine.Device.dcttech()
        claimed.driver = "usbfs"
        let taken = try MadeUpMachine([claimed]).discovery.boards.first?.obstacles
        #expect(Self.kinds(taken) == [.busy])
    }

    @Test func whoHasItOpenIsNamed() throws {
        let machine = try MadeUpMachine([.busware(), .dcttech()])
        try machine.run("picocom", process: 4711, holding: "/dev/ttyACM0")
        try machine.run("bash", process: 4712, holding: "/dev/null")
        try machine.run("usbrelayd", process: 4713, holding: "/dev/bus/usb/001/002")
        let discovery = machine.discovery
        #expect(Self.kinds(discovery.ports.first?.obstacles) == [.busy])
        #expect(
            discovery.ports.first?.obstacles.first?.sentence.hasPrefix("picocom (process 4711) has /dev/ttyACM0 open")
                == true)
        #expect(Self.kinds(discovery.boards.first?.obstacles) == [.busy])
        #expect(discovery.boards.first?.obstacles.first?.sentence.contains("usbrelayd") == true)
    }

    @Test(
        arguments: [("YK1", "YK1", true), (nil, nil, true), ("\u{FF}\u{FF}\u{FF}", "YK2", true), ("YK1", "YK2", false)]
            as [(String?, String?, Bool)])
    func aSerialThatTellsNothingIsSaid(first: String?, second: String?, isSaid: Bool) throws {
        let found = try MadeUpMachine([.yepkit("1-2", serial: first), .yepkit("1-3", serial: second)]).discovery
        let board = try #require(found.boards.first)
        #expect(
            board.obstacles.contains { $0.kind == .serial && $0.sentence.contains("bind it by its port path") }
                == isSaid, "\(board)")
        #expect((board.serial == nil) == isSaid)
    }

    @Test func aProgramOnTheHIDNodeIsNamedToo() throws {
        let machine = try MadeUpMachine([.dcttech()])
        try machine.write("", "sys/bus/usb/devices/1-2:1.0/0003:16C0:05DF.0001/hidraw/hidraw4/dev")
        #expect(machine.discovery.boards.first?.obstacles.isEmpty == true)
        try machine.run("usbrelay", process: 99, holding: "/dev/hidraw4")
        let obstacles = machine.discovery.boards.first?.obstacles
        #expect(Self.kinds(obstacles) == [.busy])
        #expect(obstacles?.first?.sentence.contains("/dev/hidraw4") == true)
    }

    @Test func oneBoardWithoutSerialIsNotAmbiguous() throws {
        #expect(try MadeUpMachine([.yepkit("1-2", serial: nil)]).discovery.boards.first?.obstacles.isEmpty == true)
    }

    @Test func modemManagerIsSaidUntilItIsToldToIgnoreTheLine() throws {
        let machine = try MadeUpMachine([.busware()])
        #expect(machine.discovery.ports.first?.obstacles.isEmpty == true)
        try machine.run("ModemManager", process: 800)
        let said = machine.discovery.ports.first?.obstacles
        #expect(Self.kinds(said) == [.modemManager])
        #expect(
            said?.first?.sentence.hasSuffix("ATTRS{idProduct}==\"204b\", ENV{ID_MM_DEVICE_IGNORE}=\"1\"") == true,
            "\(said ?? [])")
        try machine.udev("ttyACM0", "S:serial/by-id/usb-busware.de_TPUART_SUT-if00\nE:ID_MM_DEVICE_IGNORE=1")
        let port = machine.discovery.ports.first
        #expect(port?.obstacles.isEmpty == true)
        #expect(port?.device == "/dev/serial/by-id/usb-busware.de_TPUART_SUT-if00")
    }

    @Test func theLatencyTimerOfAnFTDIChipIsSaidAboveOneMillisecond() throws {
        let machine = try MadeUpMachine([.ftdi()])
        let timer = "sys/devices/usb1/1-3/1-3:1.0/ttyUSB0/latency_timer"
        let said = machine.discovery.ports.first?.obstacles
        #expect(Self.kinds(said) == [.latency])
        #expect(
            said?.first?.sentence.contains("for 16 ms") == true
                && said?.first?.sentence.contains("ATTR{latency_timer}=\"1\"") == true)
        try machine.write("1", timer)
        #expect(machine.discovery.ports.first?.obstacles.isEmpty == true)
        // Other converters have none.
        #expect(try MadeUpMachine([.busware()]).discovery.ports.first?.obstacles.isEmpty == true)
    }

    @Test func aConverterWithoutItsDriverIsSaid() throws {
        let bare = MadeUpMachine.Device(path: "1-8", vendor: "1a86", product: "7523", name: "USB Serial")
        let port = try #require(try MadeUpMachine([bare]).discovery.ports.first)
        #expect(Self.kinds(port.obstacles) == [.noLine] && port.obstacles[0].sentence.contains("modprobe ch341"))
    }

    @Test func twoLinesOfOneSerialAreNamedByTheirPorts() throws {
        let machine = try MadeUpMachine([.ftdi("1-3", "ttyUSB0", serial: nil), .ftdi("1-4", "ttyUSB1", serial: nil)])
        try machine.udev("ttyUSB0", "S:serial/by-id/usb-FTDI-if00\nS:serial/by-path/pci-usb-0:3:1.0-port0")
        let port = try #require(machine.discovery.ports.first)
        #expect(port.device == "/dev/serial/by-path/pci-usb-0:3:1.0-port0")
        #expect(port.obstacles.contains { $0.kind == .serial })
    }

    @Test func programsReadTheSame() throws {
        let value = try MadeUpMachine([.dcttech(), .busware()]).discovery.value
        #expect(value["schema"]?.text == "knxrig/discovery/1")
        #expect(value["boards"]?.list?.first?["channels"]?.integer == 8)
        #expect(value["ports"]?.list?.first?["transceiver"]?.bool == true)
    }
}
