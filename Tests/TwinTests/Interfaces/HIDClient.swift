import Events
import Glibc
import KNX
import Platform
import USB

@testable import Twin

/// As much of a USB/IP client as a KNX USB interface needs: it keeps the interface asked for two reports, and sends others without waiting.
final class HIDClient {
    private let socket: Descriptor
    private var decoder = USBIP.ReplyDecoder()
    private var stream = USBTransferStream()
    private let device: UInt32
    private var sequence: UInt32 = 0
    private var asked: [UInt32] = []
    /// Whether what was asked later was answered sooner.
    private(set) var isOutOfOrder = false
    private var heard: [USBTransfer.Content] = []
    /// Reports that the interface has not taken yet, by their transfers' numbers.
    private(set) var untaken: Set<UInt32> = []
    /// How many those were when each of the things heard came.
    private(set) var untakenThen: [Int] = []
    /// Transfers that ended otherwise than well.
    private(set) var refused: [USBIP.TransferStatus] = []

    init(port: UInt16, busID: String) throws {
        let deadline = MonotonicClock.now() + .seconds(5)
        socket = try Socket.connectTCP(host: "127.0.0.1", port: port, until: deadline)
        try socket.writeAll(USBIP.Request.importDevice(busID: busID).octets, until: deadline)
        var imported: USBIP.Reply?
        while imported == nil {
            guard let octets = try HIDClient.read(socket, until: deadline), !octets.isEmpty else {
                throw SystemFailure("import", busID, code: ENODEV)
            }
            decoder.feed(octets)
            imported = try decoder.next()
        }
        guard case .imported(let exported)? = imported else { throw SystemFailure("import", busID, code: ENODEV) }
        device = exported.id
        for _ in 0..<2 { try ask() }
    }

    /// The bus ids that a server has now.
    static func list(port: UInt16) throws -> [String] {
        let deadline = MonotonicClock.now() + .seconds(5)
        let socket = try Socket.connectTCP(host: "127.0.0.1", port: port, until: deadline)
        defer { socket.close() }
        try socket.writeAll(USBIP.Request.listDevices.octets, until: deadline)
        var decoder = USBIP.ReplyDecoder()
        while let octets = try read(socket, until: deadline), !octets.isEmpty {
            decoder.feed(octets)
            if case .devices(let devices)? = try decoder.next() { return devices.map(\.busID) }
        }
        throw SystemFailure("list", "devices", code: ETIMEDOUT)
    }

    /// Empty at the end of the file; nil at the deadline.
    private static func read(_ socket: Descriptor, until deadline: Instant) throws -> [UInt8]? {
        while !Poll.wait([(socket, .readable)], until: deadline)[0].isEmpty {
            if let octets = try socket.read(maximum: 65_536) { return octets }
        }
        return nil
    }

    private func submit(_ submission: USBIP.Submission) throws {
        decoder.expect(submission)
        try socket.writeAll(USBIP.Request.submit(submission).octets, until: MonotonicClock.now() + .seconds(5))
    }

    private func ask() throws {
        sequence += 1
        asked.append(sequence)
        try submit(.init(sequence: sequence, device: device, interruptIn: 1, length: 64, interval: 2))
    }

    func say(_ content: USBTransfer.Content) throws {
        for report in try USBTransfer(content).reports {
            sequence += 1
            untaken.insert(sequence)
            try submit(.init(sequence: sequence, device: device, out: 2, data: report))
        }
    }

    /// What it says next; nil when that does not come in time.
    ///
    /// - Throws: when the connection has ended.
    func next(seconds: Int64 = 5) throws -> USBTransfer.Content? {
        let deadline = MonotonicClock.now() + .seconds(seconds)
        while heard.isEmpty {
            guard let octets = try Self.read(socket, until: deadline) else { return nil }
            guard !octets.isEmpty else { throw SystemFailure("read from", "the interface", code: ECONNRESET) }
            decoder.feed(octets)
            while let reply = try decoder.next() { try take(reply) }
        }
        return heard.removeFirst()
    }

    private func take(_ reply: USBIP.Reply) throws {
        guard case .completed(let completion) = reply else { return }
        if completion.status != .ok { refused.append(completion.status) }
        guard let place = asked.firstIndex(of: completion.sequence) else {
            untaken.remove(completion.sequence)
            return
        }
        if place > 0 { isOutOfOrder = true }
        asked.remove(at: place)
        for output in stream.feed(completion.data) {
            guard case .transfer(let transfer, _) = output else { continue }
            heard.append(transfer.content)
            untakenThen.append(untaken.count)
        }
        if completion.status == .ok { try ask() }
    }

    /// The next cEMI message with this code.
    func message(_ code: MessageCode, seconds: Int64 = 5) throws -> [UInt8]? {
        while let content = try next(seconds: seconds) {
            if let octets = content.cemi, octets.first == code.rawValue { return octets }
        }
        return nil
    }

    /// Whether the interface announces that the line is there, or gone.
    func announcement(seconds: Int64 = 5) throws -> Bool? {
        while let content = try next(seconds: seconds) {
            guard case .busAccess(let message) = content, message.service == .info,
                message.feature == .busConnectionStatus
            else { continue }
            return message.value == [1]
        }
        return nil
    }

    func close() { socket.close() }
}
