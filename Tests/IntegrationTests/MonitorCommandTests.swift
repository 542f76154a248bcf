import Events
import Foundation
import Glibc
import Platform
import Testing

@Suite(.serialized) struct MonitorCommandTests {
    @Test func objectsInAPipe() throws {
        let result = try RigProgram.run(["monitor", "--json", "--seconds", "5"], within: 30)
        #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
        let values = result.output.split(separator: "\n").map { try? JSON.parse(Array($0.utf8)) }
        #expect(!values.contains(nil))
        let telegrams = values.compactMap { $0 }.filter { $0["kind"]?.text == "telegram" }
        #expect(telegrams.count >= 5)
        #expect(telegrams.compactMap { $0["number"]?.integer } == telegrams.indices.map { Int64($0) + 1 })
        // The twin's addresses have names and types beside its rig file.
        #expect(telegrams.allSatisfy { $0["name"]?.text?.isEmpty == false })
        #expect(telegrams.contains { $0["value"]?.text != nil && $0["dpt"]?.text != nil })
        let volts = values.compactMap { $0 }.first { $0["kind"]?.text == "supply" }?["millivolts"]?.integer
        #expect(volts.map { (28_000...31_000).contains($0) } == true)
    }

    @Test func linesWithFilterAndNames() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let names = directory.path + "/names.xml"
        let xml =
            "<GroupAddress-Export><GroupAddress Name='Wärme' Address='1/3/0' DPTs='DPST-9-1'/></GroupAddress-Export>"
        try Files.write(Array(xml.utf8), to: names)
        let result = try RigProgram.run(
            ["monitor", "--seconds", "8", "--groups", names, "--destination", "1/3/*", "--apci", "write"], within: 30)
        let lines = result.output.split(separator: "\n")
        #expect(result.status == 0 && !lines.isEmpty)
        #expect(lines.allSatisfy { $0.contains(" → 1/3/") && $0.contains("GroupValueWrite") })
        #expect(!result.output.contains("\u{1B}"))
        try Files.write(Array(xml.replacing("1/3/0", with: "1/9/0").utf8), to: names)
        let refused = try RigProgram.run(["monitor", "--groups", names], within: 30)
        #expect(refused.status == 2 && refused.error.contains("\(names):1:22: '1/9/0' should be a group address"))
    }

    /// What goes into a pipe for Wireshark is what tshark reads.
    @Test func pcapngInAPipe() throws {
        let result = try RigProgram.shell(
            "\(RigProgram.path) monitor --pcap - --seconds 4 | tshark -i - -T fields -e frame.protocols")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count >= 4 && lines.allSatisfy { $0 == "exported_pdu:cemi" }, "\(result.error)")
    }

    /// The reader ends it.
    @Test func aReaderThatHasSeenEnough() throws {
        let begun = MonotonicClock.now()
        let result = try RigProgram.shell("\(RigProgram.path) monitor --json | head -n 3")
        #expect(result.output.split(separator: "\n").count == 3 && result.error.isEmpty)
        #expect(MonotonicClock.now() - begun < .seconds(15))
    }

    /// A terminal, with what the program drew on it.
    private final class Screen {
        let terminal: PseudoTerminal
        let process: ChildProcess
        private var seen = ""

        init(_ arguments: [String], environment: [String: String] = [:]) throws {
            terminal = try PseudoTerminal()
            let number = unsafe open(terminal.path, O_RDWR | O_NOCTTY | O_CLOEXEC)
            let side = Descriptor(owning: number)
            var size = winsize(ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
            _ = unsafe ioctl(number, UInt(TIOCSWINSZ), &size)
            // As a shell leaves it.
            var settings = termios()
            unsafe tcgetattr(number, &settings)
            settings.c_lflag |= UInt32(ICANON | ECHO | ISIG)
            unsafe tcsetattr(number, TCSANOW, &settings)
            var request = ChildProcess.Request(path: RigProgram.path, arguments: ["monitor"] + arguments)
            request.standardInput = side
            request.standardOutput = side
            request.environment = Program.environment.merging(environment) { $1 }
            request.workingDirectory = RigProgram.root
            request.newSession = true
            process = try ChildProcess.spawn(request)
        }

        var isRaw: Bool {
            var settings = termios()
            let number = unsafe open(terminal.path, O_RDWR | O_NOCTTY | O_CLOEXEC)
            defer { close(number) }
            unsafe tcgetattr(number, &settings)
            return settings.c_lflag & UInt32(ICANON) == 0
        }

        /// Reads until `text` was drawn.
        func sees(_ text: String, within seconds: Int64 = 10) -> Bool {
            let deadline = MonotonicClock.now() + .seconds(seconds)
            while MonotonicClock.now() < deadline {
                if let octets = try? terminal.primary.read(maximum: 65_536) {
                    seen += String(decoding: octets, as: UTF8.self)
                }
                if seen.contains(text) { return true }
                _ = Poll.wait([(terminal.primary, .readable)], until: MonotonicClock.now() + .milliseconds(50))
            }
            return false
        }

        func forget() { seen = "" }
        var drawn: String { seen }
        func type(_ text: String) throws { try terminal.primary.writeAll(Array(text.utf8)) }
    }

    @Test func keysOnATerminal() throws {
        // Whoever runs the tests may want no colours; empty is as if it were not there (no-color.org).
        let screen = try Screen([], environment: ["NO_COLOR": ""])
        defer { screen.process.send(signal: SIGKILL) }
        #expect(screen.sees("knxrig  twin main"))
        #expect(screen.isRaw)
        #expect(screen.sees("temperature", within: 20))
        #expect(screen.sees(" V   load "))
        try screen.type(" ")
        #expect(screen.sees("PAUSED"))
        try screen.type("n")
        #expect(screen.sees("no further NACK, BUSY or bad frame"))
        try screen.type("d1/9/9\r")
        #expect(screen.sees("should be an address"))
        try screen.type("\u{7F}\u{7F}\u{7F}3/*\r")
        #expect(screen.sees("only destination 1/3/*"))
        // In colours.
        #expect(screen.drawn.contains("\u{1B}[0;3"))
        try screen.type("q")
        #expect(screen.sees("\u{1B}[?1049l"))
        #expect(screen.process.wait(until: MonotonicClock.now() + .seconds(10)) == .status(0))
        #expect(!screen.isRaw)
    }

    /// However it ends, the terminal is as it was.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL, SIGSEGV])
    func theTerminalComesBack(signal: Int32) throws {
        let screen = try Screen([], environment: ["NO_COLOR": "1", "SWIFT_BACKTRACE": "enable=no"])
        #expect(screen.sees("knxrig  twin main"))
        #expect(RigProgram.wait(5) { screen.isRaw })
        // A telegram in the list, whose mark would have a colour.
        #expect(screen.sees("ACK  ", within: 20))
        screen.process.send(signal: signal)
        #expect(screen.sees("\u{1B}[?1049l"))
        #expect(RigProgram.wait(5) { !screen.isRaw })
        #expect(!screen.drawn.contains("\u{1B}[0;3"))
        let exit = screen.process.wait(until: MonotonicClock.now() + .seconds(10))
        #expect(exit == (signal == SIGKILL || signal == SIGSEGV ? .signal(signal) : .status(0)))
    }
}
