import Platform

/// Files in `Tests/Golden/Evidence` that hold what is expected. With RECORD=1 in the environment they are written anew.
enum Golden {
    static func octets(_ name: String, recording: [UInt8]?, file: String = #filePath) throws -> [UInt8] {
        let path = file.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 } + "/Golden/Evidence/" + name
        if let recording, Program.environment["RECORD"] == "1" { try Files.write(recording, to: path) }
        return try Files.read(path)
    }
}
