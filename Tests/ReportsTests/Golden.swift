import Glibc

/// Files in `Tests/Golden/Reports` that hold what is expected. With RECORD=1 in the environment they are written anew.
enum Golden {
    static func text(_ name: String, recording: String, file: String = #filePath) -> String? {
        let path = file.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 } + "/Golden/Reports/" + name
        if unsafe getenv("RECORD").map({ unsafe String(cString: $0) }) == "1" {
            guard let stream = unsafe fopen(path, "w") else { return nil }
            unsafe fputs(recording, stream)
            unsafe fclose(stream)
        }
        guard let stream = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(stream) }
        var octets: [UInt8] = []
        while case let octet = unsafe getc(stream), octet >= 0 { octets.append(UInt8(octet)) }
        return String(decoding: octets, as: UTF8.self)
    }
}
