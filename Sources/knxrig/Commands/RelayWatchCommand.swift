import Events
import Glibc
import Platform
import Relays
import Synchronization

extension Command {
    static let relayWatch = Command(
        name: "relay watch", summary: "Say when relay boards are plugged in and unplugged",
        options: [
            .value("--seconds", "N", "for how long (default: until Ctrl-C)"), .flag("--json", "print JSON lines"),
        ],
        examples: ["knxrig relay watch"],
        notes: """
            JSON lines say `by`: "event" when the kernel's news of devices reach this program, "poll" when it had to look by itself, as in a
            container or on a machine without udevd.
            """
    ) { arguments in
        try arguments.refuseOperands()
        let seconds = try arguments.integer("--seconds", 1...86_400, default: 86_400 * 365)
        let signals = try Signals.descriptor(for: [SIGINT, SIGTERM])
        let transport = LibUSBTransport()
        if let absence = transport.absence { throw RelayFailure.system(absence) }
        let changed = try Wakeup()
        let cause = Mutex(LibUSBWatch.Cause.poll)
        let watch = transport.watch { why in
            cause.withLock { $0 = why }
            changed.signal()
        }
        defer { watch.stop() }
        let deadline = MonotonicClock.now() + .seconds(Int64(seconds))
        let isJSON = arguments.has("--json")
        var present: [String: DeviceInfo] = [:]
        while true {
            let devices = try transport.devices().filter { device in
                RelayBoardDrivers.all.contains { $0.recognises(device) }
            }
            let now = Dictionary(devices.map { ($0.path, $0) }) { first, _ in first }
            let left = present.values.filter { now[$0.path] == nil }
            let came = now.values.filter { present[$0.path] == nil }
            for (device, hasCome) in left.map({ ($0, false) }) + came.map({ ($0, true) }) {
                let what = hasCome ? "plugged in" : "unplugged"
                let text = "\(what) at \(device.path): \(device.productName ?? "a relay board")"
                let value: Value = [
                    "event": .text(hasCome ? "arrived" : "left"), "path": .text(device.path),
                    "by": .text(cause.withLock { $0 }.rawValue),
                ]
                Terminal.output((isJSON ? JSON.text(value) : text) + "\n")
            }
            present = now
            let ready = Poll.wait([(signals, .readable), (changed.descriptor, .readable)], until: deadline)
            if !ready[0].isEmpty || MonotonicClock.now() >= deadline { return .pass }
            changed.drain()
        }
    }
}
