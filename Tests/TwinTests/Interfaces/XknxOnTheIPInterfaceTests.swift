import Events
import Glibc
import KNX
import Platform
import Testing

@testable import Twin

private let repository = String(#filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 })
private let python = repository + "/rigs/systems/xknx/environment/bin/python"

/// A second opinion: xknx on a tunnel of the simulated interface. `rigs/systems/xknx/install` brings it.
@Suite(
    .serialized, .enabled(if: Files.exists(python), "needs rigs/systems/xknx/install"),
    .timeLimit(.minutes(4)))
struct XknxOnTheIPInterfaceTests {
    /// Connects, writes 42 to 6/0/2 (3002), again at every SIGUSR1, and says what it hears until it is ended.
    private static let program = """
        import asyncio, signal, sys
        from xknx import XKNX
        from xknx.io import ConnectionConfig, ConnectionType
        from xknx.dpt import DPTArray
        from xknx.telegram import GroupAddress, Telegram
        from xknx.telegram.apci import GroupValueWrite

        async def main():
            config = ConnectionConfig(connection_type=ConnectionType.TUNNELING, gateway_ip="127.0.0.1",
                                      gateway_port=int(sys.argv[1]), local_ip="127.0.0.1")
            xknx = XKNX(connection_config=config)
            def heard(telegram):
                if telegram.direction.name == "INCOMING":
                    print("heard", telegram.destination_address, telegram.payload.value.value, flush=True)
            xknx.telegram_queue.register_telegram_received_cb(heard)
            stop = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
            await xknx.start()
            print("connected", xknx.current_address, flush=True)
            def write():
                xknx.telegrams.put_nowait(Telegram(destination_address=GroupAddress("6/0/2"),
                                                   payload=GroupValueWrite(DPTArray((0x2A,)))))
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, write)
            write()
            await stop.wait()
            await xknx.stop()
            print("left", flush=True)

        asyncio.run(main())
        """

    /// xknx as a process, with the lines that it has said.
    private final class Xknx {
        let child: ChildProcess
        private let output: Descriptor
        private var text = ""

        init(port: UInt16) throws {
            let (near, far) = try Socket.pair()
            output = near
            var request = ChildProcess.Request(
                path: python, arguments: ["-c", XknxOnTheIPInterfaceTests.program, "\(port)"])
            request.standardOutput = far
            child = try ChildProcess.spawn(request)
            far.close()
        }

        /// Waits for a line that begins so.
        func says(_ beginning: String, seconds: Int64 = 60) throws -> String? {
            let deadline = MonotonicClock.now() + .seconds(seconds)
            while true {
                // A line may come in parts.
                let lines = text[..<(text.lastIndex(of: "\n") ?? text.startIndex)].split(separator: "\n")
                if let line = lines.first(where: { $0.hasPrefix(beginning) }) { return String(line) }
                guard !Poll.wait([(output, .readable)], until: deadline)[0].isEmpty,
                    let octets = try output.read(maximum: 4_096), !octets.isEmpty
                else { return nil }
                text += String(decoding: octets, as: UTF8.self)
            }
        }

        func end() {
            child.send(signal: SIGTERM)
            if child.wait(until: MonotonicClock.now() + .seconds(10)) == nil {
                child.send(signal: SIGKILL)
                _ = child.wait()
            }
        }
    }

    @Test func itConnectsWritesAndHears() throws {
        let twin = try TwinFixture { _ in }
        defer { twin.end() }
        let xknx = try Xknx(port: twin.port)
        defer { xknx.end() }
        // The first tunnel; on a busy computer xknx may have given an answer up that came after its second.
        let connected = try #require(try xknx.says("connected"))
        #expect((1...4).map { "connected 1.1.24\($0)" }.contains(connected), "\(connected)")
        #expect(twin.wait { twin.ofInterface.contains { $0.group == 0x3002 && $0.value == 0x2A } })
        #expect(twin.frames.first { $0.senders == ["ip"] }?.acknowledge == 0xCC)
        twin.shell.send(frame(source: 0x110A, data: [0x80, 77], group: 0x3001), line: "main", device: "lamp")
        #expect(try xknx.says("heard") == "heard 6/0/1 (77,)")
    }

    @Test func itComesBackToAnInterfaceThatWasSilent() throws {
        let twin = try TwinFixture { _ in }
        defer { twin.end() }
        let xknx = try Xknx(port: twin.port)
        defer { xknx.end() }
        #expect(try xknx.says("connected") != nil)
        #expect(twin.wait { twin.ofInterface.count == 1 })
        twin.disturb { $0.isSilent = true }
        // The interface ends the tunnel by itself two seconds after something that nobody could acknowledge.
        twin.shell.send(frame(source: 0x110A, data: [0x80, 1], group: 0x3001), line: "main", device: "lamp")
        MonotonicClock.sleep(for: .milliseconds(4_000))
        twin.disturb { _ in }
        // Until it says something itself it does not know that it is deaf.
        twin.shell.send(frame(source: 0x110A, data: [0x80, 2], group: 0x3001), line: "main", device: "lamp")
        #expect(try xknx.says("heard", seconds: 1) == nil)
        // Two acknowledges missing, 1 s each, and it connects again.
        xknx.child.send(signal: SIGUSR1)
        #expect(twin.wait(seconds: 20) { twin.ofInterface.count == 2 })
        twin.shell.send(frame(source: 0x110A, data: [0x80, 3], group: 0x3001), line: "main", device: "lamp")
        #expect(try xknx.says("heard 6/0/1 (3,)") != nil)
    }
}
