import Events
import Glibc
import KNX
import Platform
import Testing

@testable import Twin

@Suite(.serialized) struct TwinProcessTests {
    /// `Twin.run` on a thread, with the other end of its lifeline.
    private struct Running {
        let lifeline: RecordChannel
        let thread: NamedThread
        let directory: TemporaryDirectory
        let ready: Value

        init(_ lines: [TwinConfiguration.Line], boards: [TwinConfiguration.Board] = []) throws {
            let directory = try TemporaryDirectory(prefix: "twin-")
            self.directory = directory
            let (near, far) = try Socket.pair()
            lifeline = RecordChannel(near)
            let configuration = TwinConfiguration(
                lines: lines, boards: boards, directory: directory.path, journal: directory.path + "/twin.jsonl")
            thread = NamedThread.start("twin main") {
                #expect(Twin.run(configuration, lifeline: RecordChannel(far)) == 0)
            }
            guard case .record(let ready) = try lifeline.receive(until: MonotonicClock.now() + .seconds(10)) else {
                throw SystemFailure("start", "a twin", code: ETIMEDOUT)
            }
            self.ready = ready
        }
    }

    private let line = TwinConfiguration.Line(
        id: "main", chips: [.init(id: "sut"), .init(id: "witness")], devices: [actuator()])

    private func next(_ channel: RecordChannel) throws -> Value? {
        if case .record(let value) = try channel.receive(until: MonotonicClock.now() + .seconds(10)) {
            value
        } else {
            nil
        }
    }

    @Test func readyStatisticsAndFinish() throws {
        let twin = try Running([line])
        defer { twin.directory.remove() }
        #expect(twin.ready["ready"]?.bool == true)
        #expect(twin.ready["attachments"]?["main/sut"]?.text == twin.directory.path + "/main-sut")
        #expect(twin.ready["attachments"]?["main/witness"]?.text == twin.directory.path + "/main-witness")
        try twin.lifeline.send(["statistics": true])
        let statistics = try next(twin.lifeline)
        #expect(statistics?["statistics"]?.bool == true)
        #expect(statistics?["octets"]?.integer == 0)
        try twin.lifeline.send(["finish": true])
        let finished = try next(twin.lifeline)
        #expect(finished?["finished"]?.bool == true)
        for key in ["slips", "octets", "lateness_p50", "lateness_p99", "lateness_max", "dropped_octets"] {
            #expect(finished?[key]?.integer != nil)
        }
        twin.thread.join()
        #expect(Files.entries(of: twin.directory.path) == ["twin.jsonl"])
    }

    @Test func itTellsWhereItsInterfacesAreAndHandsCanDisturbThem() throws {
        var served = line
        served.interfaces = [
            .init(
                id: "ip",
                parameters: IPInterfaceParameters(
                    address: IndividualAddress(raw: 0x11F0), slots: [IndividualAddress(raw: 0x11F1)]))
        ]
        let twin = try Running([served])
        defer { twin.directory.remove() }
        let place = try #require(twin.ready["knxnetip"]?["main/ip"]?.text)
        let port = try #require(UInt16(place.split(separator: ":")[1]))
        let client = try DatagramSocket.connect(host: "127.0.0.1", port: port)
        let question = try KNXnetIPMessage.descriptionRequest(.routeBack(.udp)).octets
        func isAnswered(_ milliseconds: Int64) throws -> Bool {
            _ = try client.write(question)
            guard
                !Poll.wait([(client, .readable)], until: MonotonicClock.now() + .milliseconds(milliseconds))[0].isEmpty,
                let answer = try client.read(maximum: 512),
                case .descriptionResponse? = KNXnetIPFrame(answer.span).message
            else { return false }
            return true
        }
        #expect(try isAnswered(5_000))
        let hands = RecordChannel(
            try Socket.connectUnix(path: twin.directory.path + "/hands", until: MonotonicClock.now() + .seconds(5)))
        try hands.send(["disturb": ["interface": "main/ip", "silent": true]])
        #expect(try next(hands)?["done"]?.bool == true)
        MonotonicClock.sleep(for: .milliseconds(50))
        #expect(try !isAnswered(300))
        try hands.send(["disturb": ["interface": "main/ip"]])
        #expect(try next(hands)?["done"]?.bool == true)
        MonotonicClock.sleep(for: .milliseconds(50))
        #expect(try isAnswered(5_000))
        try hands.send(["disturb": ["interface": "main/pi"]])
        #expect(try next(hands)?["refused"]?.text?.contains("main/ip") == true)
        twin.lifeline.descriptor.close()
        twin.thread.join()
        #expect(Files.entries(of: twin.directory.path) == ["twin.jsonl"])
    }

    @Test func itTellsWhereChipsAreServedAndHandsCanDisturbThem() throws {
        var served = line
        served.chips[0] = .init(id: "sut", model: .ncn5120)
        served.chips[0].tcpPort = 0
        let twin = try Running([served])
        defer { twin.directory.remove() }
        #expect(twin.ready["attachments"]?.fields?.map(\.key) == ["main/witness"])
        let place = try #require(twin.ready["tcp"]?["main/sut"]?.text)
        let port = try #require(UInt16(place.split(separator: ":")[1]))
        let host = try Socket.connectTCP(host: "127.0.0.1", port: port, until: MonotonicClock.now() + .seconds(5))
        try host.writeAll([0x01])
        #expect(try read(1, from: host) == [0x03])
        let hands = RecordChannel(
            try Socket.connectUnix(path: twin.directory.path + "/hands", until: MonotonicClock.now() + .seconds(5)))
        try hands.send(["disturb": ["chip": "main/sut", "hot": true, "confirms_wrongly": true]])
        #expect(try next(hands)?["done"]?.bool == true)
        #expect(try read(1, from: host) == [0x0F])
        try host.writeAll(hostFrame(frame()))
        // The lamp acknowledges it, and the chip says that nobody did.
        #expect(try read(11, from: host) == frame() + [0x13, 0x0B])
        try hands.send(["disturb": ["chip": "main/sut"]])
        #expect(try next(hands)?["done"]?.bool == true)
        // Beside its status telegram, which nobody acknowledges, four times with the state of each.
        #expect(try read(41, from: host).count { $0 == 0x07 } == 1)
        for (wrong, word) in [
            (["chip": "main/stu", "deaf": true], "main/sut"), (["chip": "main/sut", "deef": true], "'deef'"),
        ] as [(Value, String)] {
            try hands.send(["disturb": wrong])
            #expect(try next(hands)?["refused"]?.text?.contains(word) == true)
        }
        twin.lifeline.descriptor.close()
        twin.thread.join()
    }

    @Test func aUSBInterfaceStandsBesideTheBoardWhoseRelayUnplugsIt() throws {
        var served = line
        served.usbInterfaces = [
            .init(id: "usb", parameters: USBInterfaceParameters(address: IndividualAddress(raw: 0x11F0)))
        ]
        let board = TwinConfiguration.Board(
            id: "relays", serial: "TWIN1", channels: 8,
            wiring: [.init(number: 1, feed: .interface(line: "main", chip: "usb"), energisedMeansCut: true)])
        let twin = try Running([served], boards: [board])
        defer { twin.directory.remove() }
        #expect(twin.ready["knxusb"] == ["main/usb": "1-2"])
        let port = port(twin)
        #expect(try HIDClient.list(port: port) == ["1-1", "1-2"])
        let question = USBTransfer.Content.busAccess(BusAccessMessage(.get, .busConnectionStatus))
        let answer = USBTransfer.Content.busAccess(BusAccessMessage(.response, .busConnectionStatus, value: [1]))
        let client = try HIDClient(port: port, busID: "1-2")
        try client.say(question)
        #expect(try client.next() == answer)
        let relays = try USBIPClient(port: port)
        try relays.set(channel: 1, energised: true)
        #expect(throws: SystemFailure.self) { while try client.next() != nil {} }
        client.close()
        #expect(try HIDClient.list(port: port) == ["1-1"])
        try relays.set(channel: 1, energised: false)
        let deadline = MonotonicClock.now() + .seconds(10)
        while try HIDClient.list(port: port).count < 2, MonotonicClock.now() < deadline {
            MonotonicClock.sleep(for: .milliseconds(10))
        }
        let again = try HIDClient(port: port, busID: "1-2")
        // A person can do both by hand, and make it hang.
        func byHand(_ request: Value) throws -> Bool {
            let hands = RecordChannel(
                try Socket.connectUnix(path: twin.directory.path + "/hands", until: MonotonicClock.now() + .seconds(5)))
            defer { hands.descriptor.close() }
            try hands.send(request)
            return try next(hands)?["done"]?.bool == true
        }
        #expect(try byHand(["disturb": ["interface": "main/usb", "silent": true]]))
        MonotonicClock.sleep(for: .milliseconds(50))
        try again.say(question)
        #expect(try again.next(seconds: 1) == nil)
        #expect(try byHand(["unplug": "main/usb"]))
        #expect(throws: SystemFailure.self) { while try again.next() != nil {} }
        again.close()
        #expect(try byHand(["plug": "main/usb"]))
        let last = try HIDClient(port: port, busID: "1-2")
        try last.say(question)
        #expect(try last.next() == answer)
        last.close()
        relays.close()
        twin.lifeline.descriptor.close()
        twin.thread.join()
    }

    /// What no chip would send: on the line as it is, once, and received by every chip.
    @Test func itPutsOctetsOnItsLine() throws {
        let twin = try Running([line])
        defer { twin.directory.remove() }
        let path = try #require(twin.ready["attachments"]?["main/sut"]?.text)
        let host = try SerialLine.open(path: path, baudRate: 19_200, evenParity: true).descriptor
        try host.writeAll([0x01])
        #expect(try read(1, from: host) == [0x03])
        try host.writeAll([0x05])
        MonotonicClock.sleep(for: .milliseconds(20))
        for (wish, word) in [
            (["line": "mian", "octets": "bc"], "no line 'mian'"), (["line": "main"], "1 to 263"),
            (["line": "main", "octets": ""], "1 to 263"),
        ] as [(Value, String)] {
            try twin.lifeline.send(["inject": wish])
            #expect(try next(twin.lifeline)?["refused"]?.text?.contains(word) == true)
        }
        var damaged = frame()
        damaged[damaged.count - 1] ^= 1
        // Nobody answers octets that end too early; a wrong check octet is answered with NAK, and sent no second time.
        let wishes: [(octets: [UInt8], isAbandoned: Bool, answer: [UInt8])] = [
            ([0x55, 0x07, 0xBC, 0x11], true, []), (damaged, false, [TP1.notAcknowledge]),
            (frame(), false, [TP1.acknowledge]),
        ]
        for wish in wishes {
            try twin.lifeline.send([
                "inject": ["line": "main", "octets": .octets(wish.octets), "abandoned": .bool(wish.isAbandoned)]
            ])
            #expect(try next(twin.lifeline)?["injected"]?.bool == true)
            let expected = wish.octets + wish.answer
            #expect(try read(expected.count, from: host) == expected)
            if wish.octets == damaged {
                #expect(Poll.wait([(host, .readable)], until: MonotonicClock.now() + .milliseconds(150))[0].isEmpty)
            }
        }
        twin.lifeline.descriptor.close()
        twin.thread.join()
    }

    @Test func aTwinWithoutInterfacesSaysNothingOfThem() throws {
        let twin = try Running([line])
        defer { twin.directory.remove() }
        #expect(twin.ready.fields?.map(\.key) == ["ready", "usbip", "attachments", "realtime"])
        twin.lifeline.descriptor.close()
        twin.thread.join()
    }

    @Test func theEndOfTheLifelineEndsTheTwin() throws {
        let twin = try Running([line])
        defer { twin.directory.remove() }
        twin.lifeline.descriptor.close()
        twin.thread.join()
        #expect(Files.entries(of: twin.directory.path) == ["twin.jsonl"])
    }

    @Test func senseTellsTheVoltageAndTruthTellsEverything() throws {
        let twin = try Running([line])
        defer { twin.directory.remove() }
        let deadline = MonotonicClock.now() + .seconds(10)
        let sense = RecordChannel(try Socket.connectUnix(path: twin.directory.path + "/sense", until: deadline))
        let truth = RecordChannel(try Socket.connectUnix(path: twin.directory.path + "/truth", until: deadline))
        let first = try next(sense)
        #expect(first?["k"]?.text == "supply")
        #expect(first?["line"]?.text == "main")
        #expect(first?["millivolts"]?.integer == 29_000)
        let serial = try SerialLine.open(path: twin.directory.path + "/main-sut", baudRate: 19_200, evenParity: true)
        try serial.descriptor.writeAll([0x01])
        #expect(try read(1, from: serial.descriptor) == [0x03])
        try serial.descriptor.writeAll(hostFrame(frame()))
        var kinds: [String] = []
        var octets: [UInt8]?
        // The frame, its confirmation, the lamp's value and its four attempts to say so, and its failure.
        while kinds.count(where: { $0 == "confirmation" }) < 2, let record = try next(truth) {
            // On a busy machine the twin tells of its own slips in between.
            guard let kind = record["k"]?.text, kind != "slip" else { continue }
            if kind == "frame", octets == nil { octets = record["octets"]?.octets }
            kinds.append(kind)
        }
        #expect(octets == frame())
        #expect(
            kinds == ["reset", "value", "frame", "confirmation", "frame", "frame", "frame", "frame", "confirmation"])
        try twin.lifeline.send(["finish": true])
        twin.thread.join()
        #expect(try next(truth) == nil)
    }

    private let board = TwinConfiguration.Board(
        id: "relays", serial: "TWIN1", channels: 8,
        wiring: [
            .init(number: 1, feed: .supply(line: "main"), energisedMeansCut: true),
            .init(number: 2, feed: .interface(line: "main", chip: "sut"), energisedMeansCut: true),
        ])

    private func port(_ twin: Running) -> UInt16 {
        UInt16(truncatingIfNeeded: twin.ready["usbip"]?.integer ?? 0)
    }

    @Test func aRelayOverUSBIPCutsTheLine() throws {
        let twin = try Running([line], boards: [board])
        defer { twin.directory.remove() }
        let deadline = MonotonicClock.now() + .seconds(10)
        let sense = RecordChannel(try Socket.connectUnix(path: twin.directory.path + "/sense", until: deadline))
        #expect(try next(sense)?["millivolts"]?.integer == 29_000)
        let client = try USBIPClient(port: port(twin))
        try client.set(channel: 1, energised: true)
        var millivolts: Int64?
        while millivolts != 0, let reading = try next(sense) { millivolts = reading["millivolts"]?.integer }
        #expect(millivolts == 0)
        try client.set(channel: 1, energised: false)
        while millivolts != 29_000, let reading = try next(sense) { millivolts = reading["millivolts"]?.integer }
        #expect(millivolts == 29_000)
        client.close()
        try twin.lifeline.send(["finish": true])
        twin.thread.join()
        let journal = try Files.read(twin.directory.path + "/twin.jsonl").split(separator: 0x0A).map {
            try JSON.parse($0)
        }
        let contacts = journal.filter { $0["k"]?.text == "board" }.map { $0["energised"]?.bool }
        #expect(contacts == [true, false])
        #expect(journal.contains { $0["k"]?.text == "supply" && $0["millivolts"]?.integer == 0 })
    }

    @Test func afterTheEndOfTheLifelineAKeeperCanStillCommandTheSafeState() throws {
        let twin = try Running([line], boards: [board])
        defer { twin.directory.remove() }
        let client = try USBIPClient(port: port(twin))
        try client.set(channel: 2, energised: true)
        let ended = MonotonicClock.now()
        twin.lifeline.descriptor.close()
        MonotonicClock.sleep(for: .milliseconds(200))
        try client.set(channel: 2, energised: false)
        client.close()
        twin.thread.join()
        #expect(MonotonicClock.now() - ended < .milliseconds(1_400))
        let journal = try Files.read(twin.directory.path + "/twin.jsonl").split(separator: 0x0A).map {
            try JSON.parse($0)["k"]?.text
        }
        #expect(journal == ["board", "unplug", "board", "plug"])
        // One who stays connected does not keep it alive.
        let other = try Running([line], boards: [board])
        defer { other.directory.remove() }
        let stays = try USBIPClient(port: port(other))
        other.lifeline.descriptor.close()
        other.thread.join()
        stays.close()
    }
}
