import Glibc
import Platform
import Relays

/// Where a discovery reads: this machine, or a copy of another one's sysfs, udev database, proc and device nodes. Nothing is ever opened for writing.
public struct Machine: Sendable {
    /// Who wants to use what is found.
    public struct User: Sendable, Hashable {
        public var id: UInt32
        public var groups: [UInt32]

        public init(id: UInt32, groups: [UInt32]) {
            self.id = id
            self.groups = groups
        }

        /// Who runs this program.
        public static var present: User {
            var groups = [gid_t](repeating: 0, count: 256)
            let count = unsafe getgroups(256, &groups)
            return User(id: geteuid(), groups: [getegid()] + groups.prefix(max(0, Int(count))))
        }
    }

    private let root: String
    let user: User

    /// - Parameters:
    ///   - root: what `/sys`, `/run/udev/data`, `/proc` and `/dev` are looked for in; empty for this machine.
    ///   - user: whose rights count.
    public init(root: String = "", user: User = .present) {
        self.root = root
        self.user = user
    }

    /// Where a file of the machine is for us.
    func path(_ path: String) -> String { root + path }

    /// The serial lines on USB, each with its node as the machine calls it.
    var serialPorts: [SerialPort] {
        SerialTransport(system: path("/sys"), devices: path("/dev")).ports().map { port in
            var port = port
            port.node = String(port.node.dropFirst(root.count))
            return port
        }
    }

    /// The first line of a small file, without blanks around it; nil when it is not there or empty.
    func line(_ file: String) -> String? {
        guard let octets = try? Files.read(path(file), maximum: 512) else { return nil }
        let text = String(decoding: octets.prefix { $0 != 0x0A }, as: UTF8.self)
        let trimmed = text.drop { $0 == " " }
        return trimmed.isEmpty ? nil : String(trimmed)
    }

    /// The last part of what a link leads to, such as the name of a driver.
    func linkName(_ file: String) -> String? {
        Files.link(path(file))?.split(separator: "/").last.map(String.init)
    }

    /// Whether the user may read and write a node; true as well for one that is not there, which is another matter.
    func mayUse(_ node: String) -> Bool {
        guard let permissions = Files.permissions(of: path(node)) else { return true }
        // Lists of further users (udev's uaccess) are known to the system alone.
        if root.isEmpty, user == .present { return unsafe access(path(node), R_OK | W_OK) == 0 }
        if user.id == 0 { return true }
        let shift: UInt32 = user.id == permissions.owner ? 6 : user.groups.contains(permissions.group) ? 3 : 0
        return permissions.mode >> shift & 0o6 == 0o6
    }

    /// What udev keeps of a character device, by `188:0`: its properties and its links below /dev.
    func udev(_ number: String) -> (properties: [String: String], links: [String]) {
        guard let octets = try? Files.read(path("/run/udev/data/c\(number)"), maximum: 1 << 16) else {
            return ([:], [])
        }
        var properties: [String: String] = [:]
        var links: [String] = []
        for line in String(decoding: octets, as: UTF8.self).split(separator: "\n") {
            if line.hasPrefix("S:") { links.append("/dev/" + line.dropFirst(2)) }
            guard line.hasPrefix("E:"), let sign = line.firstIndex(of: "=") else { continue }
            properties[String(line[line.index(line.startIndex, offsetBy: 2)..<sign])] = String(
                line[line.index(after: sign)...])
        }
        return (properties, links)
    }

    /// Who has a serial line open, in words; nil when nobody is known to.
    public func holder(ofLine node: String) -> String? {
        let target = Files.resolved(path(node)).map { String($0.dropFirst(root.count)) } ?? node
        // Whoever makes a pseudo-terminal has its other end.
        guard !target.hasPrefix("/dev/pts/") else { return nil }
        return holders(of: [target]).first.map { "\($0.name) (process \($0.process)) has it open" }
    }

    /// Processes that have one of these nodes open, as far as their descriptors may be looked at.
    func holders(of nodes: [String]) -> [(process: String, name: String, node: String)] {
        Files.entries(of: path("/proc")).filter { Int32($0) != nil && Int32($0) != getpid() }.flatMap { process in
            let held = Set(
                Files.entries(of: path("/proc/\(process)/fd")).compactMap {
                    Files.link(path("/proc/\(process)/fd/\($0)"))
                })
            return nodes.filter(held.contains).map {
                (process: process, name: line("/proc/\(process)/comm") ?? "?", node: $0)
            }
        }
    }

    /// Whether a program of this name runs.
    func runs(_ program: String) -> Bool {
        Files.entries(of: path("/proc")).contains { Int32($0) != nil && line("/proc/\($0)/comm") == program }
    }
}
