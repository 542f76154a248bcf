import Events
import Foundation
import Glibc
import Platform
import Testing

/// A twin of its own with the release program on it, and what a real tshark says of a capture.
struct LiveRig {
    let directory: TemporaryDirectory
    let twin: RigProgram.Started
    let rigFile: String

    /// Starts `knxrig twin`, and writes the file of a bench whose witness hangs on it.
    init() throws {
        Signals.ignorePipe()
        directory = try TemporaryDirectory(prefix: "knxrig-test-")
        let ports = directory.path + "/twin"
        twin = try RigProgram.start(["twin", "--directory", ports], in: directory.path)
        rigFile = directory.path + "/bench.yaml"
        try Files.write(
            Array(
                """
                version: 1
                name: bench
                kind: bench
                lines:
                  - id: main
                    sources: [1.1.0-1.1.255]
                    groups: 1/0/0-1/7/255
                    attachments:
                      witness: {driver: tpuart, device: \(ports)/main-witness}
                """.utf8), to: rigFile)
        #expect(RigProgram.wait(20) { Files.exists(ports + "/truth") && Files.exists(ports + "/main-witness") })
    }

    func channel(_ name: String) throws -> RecordChannel {
        RecordChannel(
            try Socket.connectUnix(path: "\(directory.path)/twin/\(name)", until: MonotonicClock.now() + .seconds(5)))
    }

    /// Has simulated devices send telegrams of their own, with their check octet.
    func send(_ count: Int, on hands: RecordChannel) throws {
        for number in 0..<count {
            var octets: [UInt8] = [0xBC, 0x11, UInt8(0x14 + number % 4), 0x0B, UInt8(number & 0xFF), 0xE1, 0x00, 0x81]
            octets.append(octets.reduce(0xFF, ^))
            try hands.send(["send": ["line": "main", "octets": .octets(octets)]])
            _ = try hands.receive(until: MonotonicClock.now() + .seconds(2))
        }
    }

    func end() {
        twin.process.send(signal: SIGINT)
        _ = twin.process.wait(until: MonotonicClock.now() + .seconds(5))
        directory.remove()
    }

    struct Packet: Equatable {
        var source: String
        var destination: String
        var seconds: Double
    }

    /// Every packet as tshark dissects it, without any preference set.
    static func tshark(_ path: String) throws -> (packets: [Packet], problems: [String]) {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let result = try RigProgram.start(
            [
                "-r", path, "-T", "fields", "-e", "cemi.sa", "-e", "cemi.da", "-e", "frame.time_epoch", "-e",
                "frame.protocols",
                "-e", "_ws.malformed",
            ],
            in: directory.path, program: "tshark"
        ).finish(within: 60)
        try #require(result.status == 0, "\(result.error)")
        var packets: [Packet] = []
        var problems: [String] = []
        for line in result.output.split(separator: "\n") {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            if fields.count < 4 || !fields[3].hasSuffix(":cemi") || fields.count > 4 && !fields[4].isEmpty {
                problems.append(String(line))
            }
            guard fields.count > 1 else { continue }
            packets.append(
                Packet(
                    source: fields[0], destination: fields[1], seconds: fields.count > 2 ? Double(fields[2]) ?? 0 : 0))
        }
        return (packets, problems)
    }
}

@Suite(.serialized) struct CaptureTests {
    /// What the capture has is what the twin says truly happened, telegram by telegram, and a real tshark dissects each. A computer that stands still in
    /// the middle of a telegram tears it in two for the witness, which the capture then says: such a run shows nothing and is made again.
    @Test func telegramByTelegram() throws {
        for _ in 0..<5 {
            let (frames, packets) = try Self.recordOnce()
            if packets.contains(where: \.source.isEmpty) { continue }
            try #require(packets.count == frames.count)
            let expected = frames.compactMap { $0["octets"]?.octets }
            #expect(packets.map(\.source) == expected.map { "0x" + Hex.text($0[1...2]) })
            #expect(packets.map(\.destination) == expected.map { "0x" + Hex.text($0[3...4]) })
            // The instants are those of the line, but for one distance, and but for the few that a busy machine stamps late.
            let shifts = zip(packets, frames).map { packet, frame in
                packet.seconds - Double(frame["t"]?.integer ?? 0) / 1e9
            }
            let middle = shifts.sorted()[shifts.count / 2]
            #expect(shifts.count { abs($0 - middle) < 0.005 } * 10 >= shifts.count * 9)
            return
        }
        Issue.record("five times in a row a telegram was torn in two")
    }

    private static func recordOnce() throws -> (frames: [Value], packets: [LiveRig.Packet]) {
        let rig = try LiveRig()
        defer { rig.end() }
        let truth = try rig.channel("truth")
        let path = rig.directory.path + "/line.pcapng"
        let capture = try RigProgram.start(["capture", path, "--rig", rig.rigFile], in: rig.directory.path)
        try #require(RigProgram.wait(10) { Files.exists(path) })
        // The witness is armed within half a second of that.
        MonotonicClock.sleep(for: .seconds(2))
        try rig.send(40, on: try rig.channel("hands"))
        // Nobody acknowledges them, so that each is on the line four times.
        var frames: [Value] = []
        while case .record(let record) = try truth.receive(until: MonotonicClock.now() + .seconds(2)) {
            if record["k"]?.text == "frame" { frames.append(record) }
        }
        #expect(frames.count == 160)
        // Readable while it is written.
        let early = try LiveRig.tshark(path).packets
        capture.process.send(signal: SIGINT)
        let result = try capture.finish(within: 10)
        let (packets, problems) = try LiveRig.tshark(path)
        #expect(early == packets && problems.isEmpty, "\(problems.first ?? "")")
        #expect(result.status == 0 && result.error.contains("\(packets.count) frames in \(path)"), "\(result.error)")
        return (frames, packets)
    }

    @Test func anybodyCanTypeIt() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let path = directory.path + "/line.pcapng"
        let result = try RigProgram.run(["capture", path, "--seconds", "4"], within: 30)
        #expect(result.status == 0, "\(result.error)")
        let (packets, problems) = try LiveRig.tshark(path)
        #expect(packets.count >= 5 && problems.isEmpty)
        // Unasked, nothing is replaced.
        let again = try RigProgram.run(["capture", path, "--seconds", "1"], within: 30)
        #expect(again.status == 2 && again.error.contains("--overwrite"))
        #expect(try LiveRig.tshark(path).packets.count == packets.count)
    }

    @Test func aKilledCaptureLeavesAFileThatOpens() throws {
        let rig = try LiveRig()
        defer { rig.end() }
        let path = rig.directory.path + "/line.pcapng"
        let capture = try RigProgram.start(["capture", path, "--rig", rig.rigFile], in: rig.directory.path)
        try #require(RigProgram.wait(10) { Files.exists(path) })
        MonotonicClock.sleep(for: .seconds(2))
        try rig.send(10, on: try rig.channel("hands"))
        try #require(RigProgram.wait(10) { (try? LiveRig.tshark(path).packets.count).map { $0 >= 10 } == true })
        capture.process.send(signal: SIGKILL)
        _ = capture.process.wait()
        let (packets, problems) = try LiveRig.tshark(path)
        #expect(packets.count >= 10 && problems.isEmpty)
    }

    /// A disk of 64 KiB: one clear line, exit status 5, and a file that opens.
    @Test func aFullDisk() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let path = directory.path + "/copy.pcapng"
        let result = try RigProgram.shell(
            """
            mount -t tmpfs -o size=8k none /mnt || exit 77
            \(RigProgram.path) capture /mnt/line.pcapng --load 100 --seconds 60; status=$?
            cp /mnt/line.pcapng \(path); exit $status
            """)
        if result.status == 77 { return }
        #expect(result.status == 5 && result.error.contains("cannot write /mnt/line.pcapng: No space left on device"))
        #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
        let (packets, problems) = try LiveRig.tshark(path)
        #expect(packets.count > 30 && problems.isEmpty)
        #expect(result.error.contains("\(packets.count) frames"))
    }

    @Test(arguments: [
        (["capture"], "name one file"), (["capture", "/nonexistent/x.pcapng"], "cannot create /nonexistent/x.pcapng"),
        (["capture", "x", "--keep", "2"], "'--keep' goes with"), (["capture", "-"], "monitor --pcap -"),
        (["capture", "x", "--rig", "bench-example", "--load", "5"], "on a bench the rig only listens"),
        (["capture", "x", "--line", "mian"], "did you mean 'main'"),
        (["monitor", "--source", "1/2/3"], "should be an address"), (["monitor", "--apci", "wriet"], "no APCI has"),
        (["monitor", "--json", "--plain"], "choose one"),
        (["monitor", "--pcap", "x.pcapng"], "knxrig capture x.pcapng"),
        (["monitor", "--groups", "/nonexistent.csv"], "/nonexistent.csv"),
    ])
    func wrongUse(words: [String], message: String) throws {
        let result = try RigProgram.run(words, within: 30)
        #expect(result.status == 2 && result.error.contains(message), "\(result.error)")
        #expect(result.error.split(separator: "\n").count == 1 && result.output.isEmpty)
    }

    /// A witness that is not there: the rig's fault, told in one line.
    @Test func nobodyThere() throws {
        let rig = try LiveRig()
        rig.end()
        try Files.makeDirectories(rig.directory.path)
        defer { rig.directory.remove() }
        let text =
            "version: 1\nname: x\nkind: bench\nlines:\n  - id: main\n    sources: [1.1.1]\n    groups: 1/0/0-1/7/255\n"
            + "    attachments:\n      witness: {driver: tpuart, device: /nonexistent/tty}\n"
        try Files.write(Array(text.utf8), to: rig.rigFile)
        let result = try RigProgram.run(["monitor", "--rig", rig.rigFile], within: 30)
        #expect(result.status == 3 && result.error.contains("the witness at /nonexistent/tty does not answer"))
    }
}
