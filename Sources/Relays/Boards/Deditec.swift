import Events
import Platform
import Synchronization
import USB

/// Driver of Deditec's USB-OPT-REL-8 behind an FTDI converter (0403, told by the maker's texts).
///
/// | what | transfer | octets |
/// |---|---|---|
/// | begin | `40 00 0000`, `40 03 0014`, `40 09 0002` | reset, speed, delay |
/// | write | bulk OUT | frame of `23`, a register (4, low octet first), which octets of eight (bits), the eight |
/// | read | bulk OUT, bulk IN | frame of `34`, a register (4), which octets; the answer is `1a`, the frame's number, eight octets, `4f` |
///
/// | register | |
/// |---|---|
/// | `0000` | read: the relays |
/// | `0080`, `00a0` | write: turns on, or off, the relays whose bits are set |
/// | `fd00` | write: 1 arms the time-out, 0 disarms it |
/// | `fd01` | read: 0 not armed, 1 armed, 2 it has come |
/// | `fd02` | write, two octets: how long it waits, in tenths of a second |
///
/// A frame is `fe` (8), `ff`, its number, the command. Of the eight octets, the one of a register is at its low three bits. Each packet that comes in
/// begins with two octets of the converter's own; a write is answered by `1a`, its number, `4f`.
final class Deditec: USBBoardLanguage {
    static let driver = RelayBoardDriver(
        name: "deditec",
        recognises: { device in
            device.vendor == 0x0403 && (device.manufacturer ?? maker) == maker
                && (device.productName.map(isBoard) ?? true)
        },
        language: { facts in
            guard facts.manufacturer == maker, facts.productName.map(isBoard) == true,
                let out = facts.endpoint(.out, of: 0), let `in` = facts.endpoint(.in, of: 0)
            else { return nil }
            return Deditec(out: out, in: `in`)
        })

    private static let maker = "DEDITEC"

    private static func isBoard(_ productName: String) -> Bool {
        // Listings write blanks as underscores.
        String(productName.map { $0 == " " ? "_" : $0 }).hasPrefix("DEDITEC_USB-OPT_REL-8")
    }

    private let out: UInt8
    private let `in`: UInt8
    private let number = Mutex<UInt8>(0)

    private init(out: UInt8, in: UInt8) {
        self.out = out
        self.in = `in`
    }

    var channelCount: Int { 8 }
    var claim: USBBoardClaim { .whileOpen(0) }

    func prepared(_ device: any USBDevice) throws(TransportFailure) -> any USBBoardLanguage {
        for (request, value) in [(0, 0), (3, 20), (9, 2)] as [(UInt8, UInt16)] {
            let setup = SetupPacket(requestType: 0x40, request: request, value: value, index: 0, length: 0)
            _ = try device.control(setup, data: [], timeoutMilliseconds: USBBoard.timeoutMilliseconds)
        }
        return self
    }

    func command(
        _ channel: Int, energised: Bool, assumed: [Bool], _ device: any USBDevice
    ) throws(TransportFailure) {
        try write([UInt8(1) << UInt8(channel - 1)], to: energised ? 0x80 : 0xA0, device)
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) {
        for channel in 1...channelCount { try command(channel, energised: false, assumed: [], device) }
    }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? {
        let states = try read(0, octets: 0x0F, device)[0]
        return (0..<8).map { states >> $0 & 1 == 1 }
    }

    func armDeadMan(tenthsOfSecond: UInt16, _ device: any USBDevice) throws(TransportFailure) -> Bool {
        try write([UInt8(tenthsOfSecond & 0xFF), UInt8(tenthsOfSecond >> 8)], to: 0xFD02, device)
        try write([1], to: 0xFD00, device)
        return try deadManIsArmed(device)
    }

    func disarmDeadMan(_ device: any USBDevice) throws(TransportFailure) { try write([0], to: 0xFD00, device) }

    func deadManIsArmed(_ device: any USBDevice) throws(TransportFailure) -> Bool {
        try read(0xFD01, octets: 0x02, device)[1] == 1
    }

    /// Writes octets from a register on, within its eight.
    private func write(_ octets: [UInt8], to register: UInt16, _ device: any USBDevice) throws(TransportFailure) {
        let place = Int(register & 7)
        var eight = [UInt8](repeating: 0, count: 8)
        eight.replaceSubrange(place..<place + octets.count, with: octets)
        let which = UInt8((1 << octets.count - 1) << place)
        _ = try send([0x23, UInt8(register & 0xFF), UInt8(register >> 8), 0, 0, which] + eight, device)
    }

    /// The eight octets about a register.
    private func read(
        _ register: UInt16, octets: UInt8, _ device: any USBDevice
    ) throws(TransportFailure) -> [UInt8] {
        let number = try send([0x34, UInt8(register & 0xFF), UInt8(register >> 8), 0, 0, octets], device)
        let deadline = MonotonicClock.now() + .milliseconds(Int64(USBBoard.timeoutMilliseconds))
        var answer: [UInt8] = []
        // The converter sends its own two octets whenever it is asked, whether the board has answered or not.
        while MonotonicClock.now() < deadline {
            let packet = try device.receive(64, from: `in`, timeoutMilliseconds: USBBoard.timeoutMilliseconds)
            guard packet.count >= 2 else { throw .shortAnswer(got: packet.count, wanted: 2) }
            answer += packet.dropFirst(2)
            if let octets = Self.octets(of: answer, number) { return octets }
        }
        throw .timedOut(milliseconds: USBBoard.timeoutMilliseconds)
    }

    /// The octets between `1a`, the frame's number, and `4f`, once they have come. Answers to earlier frames carry other numbers.
    private static func octets(of answer: [UInt8], _ number: UInt8) -> [UInt8]? {
        guard answer.count >= 11 else { return nil }
        let start = (0...answer.count - 11).first {
            answer[$0] == 0x1A && answer[$0 + 1] == number && answer[$0 + 10] == 0x4F
        }
        return start.map { Array(answer[$0 + 2..<$0 + 10]) }
    }

    /// Returns the frame's number.
    private func send(_ command: [UInt8], _ device: any USBDevice) throws(TransportFailure) -> UInt8 {
        let number = number.withLock { number in
            defer { number &+= 1 }
            return number
        }
        let frame = [UInt8](repeating: 0xFE, count: 8) + [0xFF, number] + command
        try device.send(frame, to: out, timeoutMilliseconds: USBBoard.timeoutMilliseconds)
        return number
    }
}
