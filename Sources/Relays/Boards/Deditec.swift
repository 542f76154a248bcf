import Events
import Platform
import Synchronization
import USB

/// Driver of Deditec's USB-OPT-REL-8 behind an FTDI converter (0403, told by the maker's texts).
///
/// | what | transfer | octets |
/// |---|---|---|
/// | begin | `40 00 0000`, `40 03 0014`, `40 09 0002` | reset, speed, delay |
/// | set, clear | bulk OUT | frame of `23 80`, or `23 a0`, NULs (4), `01`, which, NULs (7) |
/// | get | bulk OUT, bulk IN | frame of `34`, NULs (4), `0f`; the answer has `1a`, the frame's number, the states |
///
/// A frame is `fe` (8), `ff`, its number, the command. Each packet that comes in begins with two octets of the converter's own.
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
        let which = UInt8(1) << UInt8(channel - 1)
        _ = try send([0x23, energised ? 0x80 : 0xA0, 0, 0, 0, 0, 0x01, which, 0, 0, 0, 0, 0, 0, 0], device)
    }

    func commandAllOff(_ device: any USBDevice) throws(TransportFailure) {
        for channel in 1...channelCount { try command(channel, energised: false, assumed: [], device) }
    }

    func read(_ device: any USBDevice) throws(TransportFailure) -> [Bool]? {
        let number = try send([0x34, 0, 0, 0, 0, 0x0F], device)
        let deadline = MonotonicClock.now() + .milliseconds(Int64(USBBoard.timeoutMilliseconds))
        var answer: [UInt8] = []
        // The converter sends its own two octets whenever it is asked, whether the board has answered or not.
        while MonotonicClock.now() < deadline {
            let packet = try device.receive(64, from: `in`, timeoutMilliseconds: USBBoard.timeoutMilliseconds)
            guard packet.count >= 2 else { throw .shortAnswer(got: packet.count, wanted: 2) }
            answer += packet.dropFirst(2)
            if let states = Self.states(answer, number) { return (0..<8).map { states >> $0 & 1 == 1 } }
        }
        throw .timedOut(milliseconds: USBBoard.timeoutMilliseconds)
    }

    /// The octet behind `1a` and the frame's number, once it has come. Answers to earlier frames carry other numbers.
    private static func states(_ answer: [UInt8], _ number: UInt8) -> UInt8? {
        guard answer.count >= 3 else { return nil }
        let start = (0..<answer.count - 2).first { answer[$0] == 0x1A && answer[$0 + 1] == number }
        return start.map { answer[$0 + 2] }
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
