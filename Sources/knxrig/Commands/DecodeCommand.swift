import Documents
import Glibc
import KNX
import Platform

extension Command {
    private static let dpt = Option.value("--dpt", "TYPE", "the datapoint type: 9.001, 9 or DPST-9-1")
    private static let json = Option.flag("--json", "print one JSON object a line")

    static let decode = Command(
        name: "decode", summary: "Say what octets in hexadecimal mean", operands: "[HEX…]",
        options: [
            dpt, .flag("--six-bit", "the value is the low six bits of the APCI octet (types 1, 2, 3 and 23)"), json,
            .value("--file", "FILE", "read lines of hexadecimal from FILE; - is standard input", repeats: true),
        ],
        examples: [
            "knxrig decode --dpt 9.001 0c1a", "knxrig decode --dpt 1.001 --six-bit --json 01",
            "knxrig decode --dpt 5.001 < values.txt",
        ],
        notes: """
            Standard input is read when there is neither HEX nor --file. In files and on standard input each line is one run of octets; blanks and
            : - , . may stand between octets, and # begins a comment. What is wrong with octets is part of the answer and no failure of the command.
            Exit status: 0 all was read, 2 a wrong option or bad hexadecimal.
            """
    ) { arguments in
        Signals.unblock([SIGINT, SIGTERM, SIGHUP])
        let type = try arguments.datapointType()
        let isSixBit = arguments.has("--six-bit")
        let asJSON = arguments.has("--json")
        try HexadecimalInput(arguments).read { octets, output in
            let report = DecodingReport(octets, as: type, isSixBit: isSixBit)
            if asJSON { report.writeJSON(into: &output) } else { report.writeText(into: &output) }
        }
        if type.isSixBit && !isSixBit && !asJSON {
            Terminal.error("knxrig: values of \(type) ride in the APCI octet; --six-bit reads them\n")
        }
        return .pass
    }

    static let encode = Command(
        name: "encode", summary: "Write values as the octets of a datapoint type", operands: "VALUE…",
        options: [dpt, json],
        examples: [
            "knxrig encode --dpt 9.001 21.5", "knxrig encode --dpt 1.001 on",
            "knxrig encode --dpt 10.001 '12:30:00 Mon'",
            "knxrig encode --dpt 232.600 'red=255 green=128 blue=0'",
        ],
        notes: """
            VALUE is what `decode` prints, with or without its unit; a wrong one is answered with what the type takes. Nothing is printed unless all
            values fit. Exit status: 0 written, 2 a wrong option or a value that does not fit.
            """
    ) { arguments in
        let type = try arguments.datapointType()
        guard !arguments.operands.isEmpty else {
            throw UsageFailure("name a value: \(type) takes \(type.expectation)")
        }
        var output: [UInt8] = []
        for operand in arguments.operands {
            do {
                let report = DecodingReport(try type.encode(parsing: operand), as: type)
                if arguments.has("--json") {
                    report.writeJSON(into: &output)
                } else {
                    Hexadecimal.write(report.octets, into: &output)
                    output.append(0x0A)
                }
            } catch let failure as DatapointTextFailure {
                throw UsageFailure(failure.description)
            }
        }
        Terminal.output(String(decoding: output, as: UTF8.self))
        return .pass
    }
}

extension Arguments {
    /// The datapoint type of `--dpt`.
    func datapointType() throws(UsageFailure) -> DatapointType {
        guard let name = value("--dpt") else { throw UsageFailure("'--dpt' is missing: --dpt 9.001") }
        guard let type = DatapointType(parsing: name) else {
            let nearest = Nearest.suggestion(for: name, among: DatapointType.all.map(\.description))
            throw UsageFailure("there is no datapoint type '\(name)'\(nearest)")
        }
        return type
    }
}
