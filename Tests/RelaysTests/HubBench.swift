import Events
import Glibc
import Platform
import Synchronization
import Twin
import USB

@testable import Relays

/// Hubs at the end of a transport, and a sysfs of our own in which a write to `disable` reaches them as it does in the kernel.
final class HubBench: USBTransport {
    private let directory: TemporaryDirectory
    private let hubs: Mutex<[String: PowerSwitchedHub]>
    /// Ports whose `disable` stands in sysfs.
    private let switched: [(hub: String, port: Int)]
    /// All setup packets that switch a port.
    private let requests = Mutex<[SetupPacket]>([])

    var system: String { directory.path }
    let name = "direct"
    var powerRequests: [SetupPacket] { requests.withLock { $0 } }

    /// - Parameters:
    ///   - children: what is plugged in, by port of the first hub, and whether that is a hub.
    ///   - peers: pairs the ports of the first two hubs.
    init(
        _ models: [(path: String, model: PowerSwitchedHub)], hasDisable: Bool = true, arePeers: Bool = false,
        children: [Int: (path: String, isHub: Bool)] = [:]
    ) throws {
        directory = try TemporaryDirectory(prefix: "knxrig-hub-")
        var hubs: [String: PowerSwitchedHub] = [:]
        var switched: [(String, Int)] = []
        let devices = directory.path + "/bus/usb/devices"
        func write(_ text: String, _ path: String) throws { try Files.write(Array((text + "\n").utf8), to: path) }
        func describe(_ path: String, isHub: Bool, ports: Int, speed: String) throws {
            try Files.makeDirectories("\(devices)/\(path)")
            try write(isHub ? "09" : "00", "\(devices)/\(path)/bDeviceClass")
            try write("\(ports)", "\(devices)/\(path)/maxchild")
            try write(speed, "\(devices)/\(path)/speed")
        }
        func port(_ hub: String, _ number: Int) -> String {
            "\(devices)/\(hub)/" + (hub.hasPrefix("usb") ? "\(hub.dropFirst(3))-0" : hub) + ":1.0/\(hub)-port\(number)"
        }
        for (path, model) in models {
            try describe(path, isHub: true, ports: model.portCount, speed: model.isSuperSpeed ? "5000" : "480")
            var plugged = model
            plugged.powerUp(at: Instant(nanoseconds: 0))
            hubs[path] = plugged
            for number in 1...model.portCount {
                try Files.makeDirectories(port(path, number))
                guard hasDisable else { continue }
                try write("0", port(path, number) + "/disable")
                switched.append((path, number))
            }
        }
        if arePeers {
            for number in 1...models[0].model.portCount {
                guard unsafe symlink(port(models[1].path, number), port(models[0].path, number) + "/peer") == 0 else {
                    throw SystemFailure("link", "peer")
                }
            }
        }
        for (number, child) in children {
            try describe(child.path, isHub: child.isHub, ports: child.isHub ? 4 : 0, speed: "480")
            let link = port(models[0].path, number) + "/device"
            guard unsafe symlink("\(devices)/\(child.path)", link) == 0 else { throw SystemFailure("link", link) }
        }
        self.hubs = Mutex(hubs)
        self.switched = switched
    }

    func end() { directory.remove() }

    func with<Result: Sendable>(_ hub: String, _ body: @Sendable (inout PowerSwitchedHub) -> Result) -> Result? {
        follow()
        return hubs.withLock { hubs in hubs[hub].map { _ in body(&hubs[hub]!) } }
    }

    func unplug(_ hub: String) {
        _ = hubs.withLock { $0.removeValue(forKey: hub) }
        Files.removeTree("\(system)/bus/usb/devices/\(hub)")
    }

    func devices() throws(TransportFailure) -> [DeviceInfo] { [] }

    func open(_ path: String) throws(TransportFailure) -> any USBDevice {
        guard hubs.withLock({ $0[path] }) != nil else { throw .gone }
        return OpenHub(self, path)
    }

    /// What the kernel does with what was written.
    private func follow() {
        hubs.withLock { hubs in
            for (hub, port) in switched {
                let interface = hub.hasPrefix("usb") ? "\(hub.dropFirst(3))-0:1.0" : "\(hub):1.0"
                let attribute = "\(system)/bus/usb/devices/\(hub)/\(interface)/\(hub)-port\(port)/disable"
                guard let octet = (try? Files.read(attribute))?.first else { continue }
                let request = SetupPacket(
                    requestType: 0x23, request: octet == UInt8(ascii: "1") ? 1 : 3, value: 8, index: UInt16(port),
                    length: 0)
                _ = hubs[hub]?.control(request, data: [], at: Instant(nanoseconds: 0))
            }
        }
    }

    fileprivate func control(_ hub: String, _ setup: SetupPacket) throws(TransportFailure) -> [UInt8] {
        if setup.requestType == 0x23 { requests.withLock { $0.append(setup) } }
        follow()
        switch hubs.withLock({ $0[hub]?.control(setup, data: [], at: Instant(nanoseconds: 0)) }) {
        case nil: throw .gone
        case .data(let octets): return octets
        case .acknowledged: return []
        case .stall: throw .stall
        case .silence: throw .timedOut(milliseconds: 500)
        }
    }
}

private struct OpenHub: USBDevice {
    var bench: HubBench
    var path: String

    init(_ bench: HubBench, _ path: String) {
        self.bench = bench
        self.path = path
    }

    func claim(interface: UInt8) throws(TransportFailure) { throw .busy }
    func release(interface: UInt8) {}
    func close() {}

    func control(_ setup: SetupPacket, data: [UInt8], timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        try bench.control(path, setup)
    }

    func send(_ octets: [UInt8], to endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) { throw .stall }
    func receive(_ length: Int, from endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        throw .stall
    }
}
