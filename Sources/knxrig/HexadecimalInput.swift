import Glibc
import KNX
import Platform

/// The octets that a command is given: as operands, in files, or on standard input.
struct HexadecimalInput {
    private let operands: [String]
    private let files: [String]

    /// Takes operands and `--file`; standard input when there is neither.
    init(_ arguments: Arguments) {
        operands = arguments.operands
        files = arguments.all("--file")
    }

    /// Hands each run of octets over and prints what is written into the output; what comes slowly is answered at once.
    /// - Throws: bad hexadecimal, with the place, after the output for all before it.
    func read(_ answer: ([UInt8], inout [UInt8]) -> Void) throws(UsageFailure) {
        for (index, operand) in operands.enumerated() where operand != "-" {
            do {
                var output: [UInt8] = []
                answer(try Hexadecimal.octets(operand), &output)
                Terminal.output(String(decoding: output, as: UTF8.self))
            } catch {
                throw UsageFailure("argument \(index + 1), \(error)")
            }
        }
        for file in files where file != "-" { try read(file, answer) }
        if operands.contains("-") || files.contains("-") || operands.isEmpty && files.isEmpty {
            try read("-", answer)
        }
    }

    private func read(_ file: String, _ answer: ([UInt8], inout [UInt8]) -> Void) throws(UsageFailure) {
        let name = file == "-" ? "standard input" : file
        do {
            let number = file == "-" ? STDIN_FILENO : unsafe open(file, O_RDONLY | O_CLOEXEC)
            guard number >= 0 else { throw SystemFailure("open", file) }
            let descriptor = Descriptor(owning: number)
            var reader = HexadecimalReader()
            while true {
                let chunk = try descriptor.read(maximum: 1 << 16) ?? []
                if chunk.isEmpty { reader.finish() } else { reader.append(chunk) }
                var output: [UInt8] = []
                defer { Terminal.output(String(decoding: output, as: UTF8.self)) }
                while let octets = try reader.next() { answer(octets, &output) }
                if chunk.isEmpty { return }
            }
        } catch let failure as HexadecimalFailure {
            throw UsageFailure("\(name), \(failure)")
        } catch {
            throw UsageFailure("\(error)")
        }
    }
}
