import Events
public import Platform
import Synchronization

/// Operations of each relay over the life of its board. Contacts are good for about 100 000 at their rated load, which a cycle every ten
/// seconds reaches in twelve days. Kept in one JSON file for each board.
public final class WearCounter: Sendable {
    /// The file: `<directory>/<driver>-<serial>-<path>.json`. The path is in it because whole batches of boards share a serial.
    public let path: String
    private let identity: BoardIdentity
    private let counts: Mutex<[Int]>
    /// More than a relay of any kind makes.
    private static let plausible: ClosedRange<Int64> = 0...1_000_000_000

    /// Reads what earlier runs counted; a board without a file starts at 0.
    ///
    /// - Throws: when the directory can't be made, or the file is there and can't be read: a count is never silently started again.
    public init(directory: String, identity: BoardIdentity, channelCount: Int) throws(RelayFailure) {
        let name = [identity.driver, identity.serial, identity.path].map(Self.plain).joined(separator: "-")
        path = "\(directory)/\(name).json"
        self.identity = identity
        do {
            try Files.makeDirectories(directory)
        } catch {
            throw .system("\(error): the operations of \(identity) can't be counted")
        }
        var loaded = [Int](repeating: 0, count: channelCount)
        if Files.exists(path) {
            let remedy = "repair it, or move it away to count from 0"
            do {
                let list = try JSON.parse(try Files.read(path))["operations"]?.list
                guard let list, list.count == channelCount, list.allSatisfy(Self.isPlausible) else {
                    throw RelayFailure.system(
                        "\(path) does not count \(channelCount) channels, each from 0 to \(Self.plausible.upperBound): \(remedy)"
                    )
                }
                loaded = list.map { Int($0.integer ?? 0) }
            } catch let failure as RelayFailure {
                throw failure
            } catch {
                throw .system("\(path): \(error): \(remedy)")
            }
        }
        counts = Mutex(loaded)
    }

    /// Operations of a channel so far, from 1 on.
    public func operations(of channel: Int) -> Int {
        counts.withLock { $0[channel - 1] }
    }

    /// Counts one operation of each of `channels` and writes the file.
    public func record(_ channels: [Int]) throws(SystemFailure) {
        let list = counts.withLock { counts in
            for channel in channels { counts[channel - 1] += 1 }
            return counts
        }
        let value: Value = [
            "schema": "knxrig/wear/1", "board": .text("\(identity)"),
            "operations": .list(list.map { .integer(Int64($0)) }),
        ]
        try Files.write(Array((JSON.text(value) + "\n").utf8), to: path)
    }

    /// Operations of each relay of a board as they were last written, without asking the board; nil when nothing sensible was, or several boards could be meant.
    ///
    /// - Parameters:
    ///   - serial: nil where the board is bound by its path alone.
    ///   - path: nil where it is bound by its serial alone.
    public static func written(directory: String, driver: String, serial: String?, path: String?) -> [Int]? {
        let files = Files.entries(of: directory).filter { name in
            guard name.hasSuffix(".json"), name.hasPrefix(plain(driver) + "-") else { return false }
            let rest = name.dropFirst(plain(driver).count + 1).dropLast(5)
            return (serial.map { rest.hasPrefix(plain($0) + "-") } ?? true)
                && (path.map { rest.hasSuffix("-" + plain($0)) } ?? true)
        }
        guard files.count == 1, let octets = try? Files.read("\(directory)/\(files[0])"),
            let list = try? JSON.parse(octets)["operations"]?.list, list.allSatisfy(isPlausible)
        else { return nil }
        return list.map { Int($0.integer ?? 0) }
    }

    private static func isPlausible(_ count: Value) -> Bool { count.integer.map(plausible.contains) ?? false }

    /// Only what is harmless in a file name.
    private static func plain(_ text: String) -> String {
        let kept = text.unicodeScalars.map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == ".")
                ? Character(scalar) : "_"
        }
        return kept.isEmpty ? "none" : String(kept)
    }
}
