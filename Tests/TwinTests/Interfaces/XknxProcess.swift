import Events
import Glibc
import Platform

/// A second opinion: xknx as a process, with the lines that it has said. `rigs/systems/xknx/install` brings it.
final class XknxProcess {
    /// How it reaches the line.
    enum Way: String {
        case udp, tcp, routing
    }

    static let python =
        String(#filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 })
        + "/rigs/systems/xknx/environment/bin/python"
    static var isInstalled: Bool { Files.exists(python) }

    /// Connects, writes 42 to 6/0/2 (3002), again at every SIGUSR1, and says what it hears until it is ended.
    private static let client = """
        import asyncio, signal, sys
        from xknx import XKNX
        from xknx.core import XknxConnectionState
        from xknx.io import ConnectionConfig, ConnectionType
        from xknx.dpt import DPTArray
        from xknx.telegram import GroupAddress, Telegram
        from xknx.telegram.apci import GroupValueWrite

        KINDS = {"udp": ConnectionType.TUNNELING, "tcp": ConnectionType.TUNNELING_TCP, "routing": ConnectionType.ROUTING}

        async def main():
            config = ConnectionConfig(connection_type=KINDS[sys.argv[1]], gateway_ip="127.0.0.1",
                                      gateway_port=int(sys.argv[2]), local_ip="127.0.0.1", auto_reconnect_wait=1)
            xknx = XKNX(connection_config=config)
            def heard(telegram):
                if telegram.direction.name == "INCOMING":
                    print("heard", telegram.destination_address, telegram.payload.value.value, flush=True)
            xknx.telegram_queue.register_telegram_received_cb(heard)
            stop = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
            await xknx.start()
            print("connected", xknx.current_address, flush=True)
            def changed(state):
                if state == XknxConnectionState.DISCONNECTED:
                    print("lost", flush=True)
                if state == XknxConnectionState.CONNECTED:
                    print("again", flush=True)
            xknx.connection_manager.register_connection_state_changed_cb(changed)
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

    let child: ChildProcess
    private let output: Descriptor
    private var text = ""

    /// A client on the interface with this port of 127.0.0.1.
    convenience init(_ way: Way = .udp, port: UInt16) throws {
        try self.init(program: Self.client, [way.rawValue, "\(port)"])
    }

    init(program: String, _ arguments: [String]) throws {
        let (near, far) = try Socket.pair()
        output = near
        var request = ChildProcess.Request(path: Self.python, arguments: ["-c", program] + arguments)
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
