import Glibc
import Platform
import Testing
import Twin

@testable import Relays

/// A board whose answers, burst by burst of its last octet, are written down.
private struct ScriptedBoard: SerialBoardModel {
    var relays = RelayBank(count: 8)
    /// What asks, and what is answered.
    var script: [(asked: [UInt8], answer: [UInt8])]
    private var received: [UInt8] = []

    init(_ script: [(asked: [UInt8], answer: [UInt8])]) {
        self.script = script
    }

    mutating func receive(_ octet: UInt8) -> [UInt8] {
        received.append(octet)
        guard let line = script.first(where: { received.suffix($0.asked.count) == $0.asked[...] }) else { return [] }
        received = []
        return line.answer
    }

    mutating func powerDown() {}
}

/// Answers that nearly fit, octet by octet.
@Suite struct SerialAnswerTests {
    private func read(_ name: String, _ script: [(asked: [UInt8], answer: [UInt8])]) throws -> [Bool]? {
        let specimen = try #require(SerialSpecimen.all.first { $0.name == name })
        let bench = try specimen.bench()
        defer { bench.end() }
        let board = try specimen.open(bench)
        defer { board.close() }
        bench.server.exchange(for: ScriptedBoard(script))
        return try board.readAll()
    }

    @Test(
        arguments: [
            ([9, 2, 0x81, 9, 2], true), ([9, 2, 1, 9, 3], false), ([9, 2, 1, 8, 2], false), ([10, 2, 1, 10, 2], false),
            ([77, 2, 1, 77, 2], false), ([9, 2, 1, 9], false), ([9, 2, 1, 9, 2, 0], false), ([], false),
        ] as [([UInt8], Bool)]) func statesStandBetweenTwoSignatures(answer: [UInt8], isBelieved: Bool) throws
    {
        let states = try? read("USB-RLY16", [(asked: [0x5A, 0x5B, 0x5A], answer: answer)])
        #expect(states == (isBelieved ? [true, false, false, false, false, false, false, true] : nil))
    }

    @Test(
        arguments: [
            ([0xFF, 0x01, 0x01], true), ([0xFF, 0x02, 0x01], false), ([0xFE, 0x01, 0x01], false),
            ([0xFF, 0x01, 0x02], false),
            ([0xFF, 0x01], false), ([0xFF, 0x01, 0x01, 0x01], false),
        ] as [([UInt8], Bool)]) func aStateHasItsHead(answer: [UInt8], isBelieved: Bool) throws
    {
        let states = try? read("KMtronic", [(asked: [0xFF, 0x01, 0x03], answer: answer)])
        #expect(states == (isBelieved ? [true] : nil))
    }

    @Test(arguments: [
        ("relay read #\r\n\ron\n\r>", true), ("relay read #\n\ron\n\r>", true), ("relay read 9\r\n\ron\n\r>", false),
        ("relay on #\r\n\ron\n\r>", false), ("on\n\r>", false), ("relay read #\r\n\ro\n\r>", false),
        ("relay read #\r\n\ron", false), ("relay read #\r\n\r\n\r>", false), ("relay read #\r\n\ron\n\r>x", false),
    ]) func anEchoIsThatOfItsQuestion(answer: String, isBelieved: Bool) throws {
        var script: [(asked: [UInt8], answer: [UInt8])] = (0..<8).map { index in
            let text = answer.split(separator: "#", omittingEmptySubsequences: false).joined(separator: "\(index)")
            return (asked: Array("relay read \(index)\r".utf8), answer: Array(text.utf8))
        }
        script.append((asked: [0x0D], answer: Array("\n\r>".utf8)))
        let states = try? read("Numato, named", script)
        #expect(states == (isBelieved ? [Bool](repeating: true, count: 8) : nil))
    }

    /// Programs that know nothing of our lock are kept off by the kernel; root passes that by, so the flag is looked at.
    @Test func theKernelKeepsOthersOffALineInUse() throws {
        let terminal = try PseudoTerminal()
        func isExclusive() -> Bool {
            let other = unsafe open(terminal.path, O_RDWR | O_NOCTTY)
            // EBUSY for whoever is not root.
            guard other >= 0 else { return errno == EBUSY }
            defer { close(other) }
            var flag: Int32 = 0
            // TIOCGEXCL
            return unsafe ioctl(other, 0x8004_5440, &flag) == 0 && flag != 0
        }
        let line = try SerialLine.open(path: terminal.path, baudRate: 9600, evenParity: false, isExclusive: true)
        #expect(isExclusive())
        line.close()
        #expect(!isExclusive())
        _ = try SerialLine.open(path: terminal.path, baudRate: 9600, evenParity: false)
        #expect(!isExclusive())
    }
}
