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

    /// Hands each run of octets over and prints what is written into the output; what comes slowly is answered at once. Bad hexadecimal is one
    /// line on standard error with its place, behind the output for all before it, and the rest is read all the same.
    /// - Returns: true when all of it was hexadecimal.
    /// - Throws: a file that cannot be read.
    func read(_ answer: ([UInt8], inout [UInt8]) -> Void) throws(UsageFailure) -> Bool {
        var isSound = true
        for (index, operand) in operands.enumerated() where operand != "-" {
            do {
                var output: [UInt8] = []
                answer(try Hexadecimal.octets(operand), &output)
                Terminal.output(output)
            } catch {
                isSound = false
                Terminal.error("knxrig: argument \(index + 1), \(error)\n")
            }
        }
        for file in files where file != "-" { isSound = try read(file, answer) && isSound }
        if operands.contains("-") || files.contains("-") || operands.isEmpty && files.isEmpty {
            isSound = try read("-", answer) && isSound
        }
        return isSound
    }

    private func read(_ file: String, _ answer: ([UInt8], inout [UInt8]) -> Void) throws(UsageFailure) -> Bool {
        let name = file == "-" ? "standard input" : file
        do {
            let number = file == "-" ? STDIN_FILENO : unsafe open(file, O_RDONLY | O_CLOEXEC)
            guard number >= 0 else { throw SystemFailure("open", file) }
            let descriptor = Descriptor(owning: number)
            var reader = HexadecimalReader()
            var output: [UInt8] = []
            var isSound = true
            while true {
                let chunk = try descriptor.read(maximum: 1 << 18) ?? []
                if chunk.isEmpty { reader.finish() } else { reader.append(chunk) }
                var isRead = false
                while !isRead {
                    do {
                        while try reader.advance() { answer(reader.frame, &output) }
                        isRead = true
                    } catch {
                        isSound = false
                        Terminal.output(output)
                        output.removeAll(keepingCapacity: true)
                        Terminal.error("knxrig: \(name), \(error)\n")
                    }
                }
                Terminal.output(output)
                output.removeAll(keepingCapacity: true)
                if chunk.isEmpty { return isSound }
            }
        } catch {
            throw UsageFailure("\(error)")
        }
    }
}
