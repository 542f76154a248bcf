import Relays
import Synchronization
import USB

/// Any transport, with the kernel's rules of claims around it: what is meant for an interface needs a claim of it, as usbfs has it, and all claims and
/// time-outs are noted. USB/IP by itself has no claims.
final class ClaimKeepingTransport: USBTransport {
    struct Notes: Sendable {
        /// Interfaces that are claimed now.
        var held: [UInt8] = []
        /// How often an interface was claimed.
        var claims = 0
        /// Transfers that the kernel would have refused.
        var unclaimed: [String] = []
        var shortestTimeout = Int.max
        var longestTimeout = 0
    }

    private let inner: any USBTransport
    fileprivate let notes = Mutex(Notes())

    init(_ inner: any USBTransport) { self.inner = inner }

    var name: String { inner.name }
    var seen: Notes { notes.withLock { $0 } }

    func devices() throws(TransportFailure) -> [DeviceInfo] { try inner.devices() }

    func open(_ path: String) throws(TransportFailure) -> any USBDevice {
        ClaimKeepingDevice(self, try inner.open(path))
    }
}

private final class ClaimKeepingDevice: USBDevice {
    private let transport: ClaimKeepingTransport
    private let inner: any USBDevice
    private let mine = Mutex<[UInt8]>([])
    private let owners = Mutex<[UInt8: UInt8]>([:])

    init(_ transport: ClaimKeepingTransport, _ inner: any USBDevice) {
        self.transport = transport
        self.inner = inner
    }

    func claim(interface: UInt8) throws(TransportFailure) {
        try inner.claim(interface: interface)
        mine.withLock { $0.append(interface) }
        transport.notes.withLock { notes in
            notes.held.append(interface)
            notes.claims += 1
        }
    }

    func release(interface: UInt8) {
        inner.release(interface: interface)
        mine.withLock { $0.removeAll { $0 == interface } }
        transport.notes.withLock { notes in
            if let index = notes.held.firstIndex(of: interface) { notes.held.remove(at: index) }
        }
    }

    func close() { inner.close() }

    func control(_ setup: SetupPacket, data: [UInt8], timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        note(timeoutMilliseconds)
        if setup.kind != .standard, setup.requestType & 0x1F == 1 {
            try requireClaim(UInt8(setup.index & 0xFF), "a request")
        }
        return try inner.control(setup, data: data, timeoutMilliseconds: timeoutMilliseconds)
    }

    func send(_ octets: [UInt8], to endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) {
        note(timeoutMilliseconds)
        try requireClaim(try owner(of: endpoint), "endpoint \(endpoint)")
        try inner.send(octets, to: endpoint, timeoutMilliseconds: timeoutMilliseconds)
    }

    func receive(_ length: Int, from endpoint: UInt8, timeoutMilliseconds: Int) throws(TransportFailure) -> [UInt8] {
        note(timeoutMilliseconds)
        try requireClaim(try owner(of: endpoint), "endpoint \(endpoint)")
        return try inner.receive(length, from: endpoint, timeoutMilliseconds: timeoutMilliseconds)
    }

    private func note(_ timeoutMilliseconds: Int) {
        transport.notes.withLock { notes in
            notes.shortestTimeout = min(notes.shortestTimeout, timeoutMilliseconds)
            notes.longestTimeout = max(notes.longestTimeout, timeoutMilliseconds)
        }
    }

    private func requireClaim(_ interface: UInt8, _ what: String) throws(TransportFailure) {
        guard !mine.withLock({ $0.contains(interface) }) else { return }
        transport.notes.withLock { $0.unclaimed.append("\(what) of interface \(interface)") }
        throw .io("interface \(interface) is not claimed")
    }

    private func owner(of endpoint: UInt8) throws(TransportFailure) -> UInt8 {
        if let known = owners.withLock({ $0[endpoint] }) { return known }
        let configuration = try inner.configurationDescriptor(timeoutMilliseconds: 100)
        for interface in configuration.interfaces {
            for each in interface.endpoints { owners.withLock { $0[each.address] = interface.number } }
        }
        guard let found = owners.withLock({ $0[endpoint] }) else { throw .io("there is no endpoint \(endpoint)") }
        return found
    }
}
