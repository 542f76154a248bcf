/// The command line.
struct Arguments {
    let configurationPath: String
    let protections: Set<Protection>

    /// Why there is nothing to run: help was asked for, or something is wrong.
    enum Refusal: Error {
        case help
        case usage(String)
    }

    /// - Parameter arguments: Without the program's name.
    init(_ arguments: some Sequence<String>) throws(Refusal) {
        var path: String?
        var protections = Set(Protection.allCases)
        var iterator = arguments.makeIterator()
        while let argument = iterator.next() {
            switch argument {
            case "--help", "-h": throw .help
            case "--config":
                guard let value = iterator.next() else { throw .usage("--config needs a file") }
                path = value
            case "--without":
                guard let value = iterator.next() else { throw .usage("--without needs the name of a protection") }
                guard let protection = Protection(rawValue: value) else {
                    throw .usage(
                        "there is no protection \"\(value)\"; the nearest is \(Protection.nearest(to: value).rawValue)")
                }
                protections.remove(protection)
            default: throw .usage("unknown argument \"\(argument)\"")
            }
        }
        guard let path else { throw .usage("--config FILE.json is needed") }
        configurationPath = path
        self.protections = protections
    }

    static var help: String {
        let width = Protection.allCases.map(\.rawValue.count).max()! + 2
        let protections = Protection.allCases.map {
            "  " + $0.rawValue + String(repeating: " ", count: width - $0.rawValue.count) + $0.summary
        }
        return """
            Usage: reference-controller --config FILE.json [--without NAME]…

            A small building controller: KNX through its own knxd, MQTT, SQLite and HTTP.

              --config FILE.json  what to connect to and which points there are
              --without NAME      switches a protection off; may be repeated
              --help              prints this

            Protections, all on by default:
            \(protections.joined(separator: "\n"))

            Example: reference-controller --config house.json --without knxd.reread
            Exit status: 0 stopped by SIGTERM or SIGINT, 1 cannot run, 2 wrong usage.

            """
    }
}
