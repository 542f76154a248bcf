import Events
import Foundation
import Glibc
import Platform
import Synchronization

/// A virtual machine with Debian's kernel, without network, KVM or root, and a shell in it (`Guest/init`).
final class VirtualMachine: Sendable {
    struct Answer: Equatable, CustomStringConvertible {
        var status: Int
        var output: String

        var description: String { "exit status \(status):\n\(output)" }
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Where `scripts/vm-image` leaves kernel and RAM disk.
    static let image = root + "/.build/vm"

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Why there can be no machine here; nil when there can.
    static var absence: String? {
        for file in ["vmlinux", "initrd"] where !Files.exists("\(image)/\(file)") {
            return ".build/vm/\(file) is missing: scripts/vm-image makes it"
        }
        return Program.find("qemu-system-x86_64") == nil
            ? "qemu-system-x86_64 is missing: scripts/setup installs it" : nil
    }

    /// Where the machine must run, whatever is missing: there the tests fail instead of being skipped.
    static var isRequired: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }

    private let process: ChildProcess
    private let shell: Descriptor
    private let directory: String
    private let unread = Mutex<[UInt8]>([])

    /// Boots, and returns when the shell is there.
    ///
    /// - Parameters:
    ///   - directory: for its sockets and its console's text.
    ///   - sockets: usb-redir servers: the first at port 1 of bus 1, and so on; 14 at most, and beside a hub 3.
    ///   - hubSocket: a usb-redir server at port 1 of a hub that switches the power of each port, itself at port 4.
    ///   - terminal: what the machine's serial line on PCI is joined to.
    ///   - hasSystemd: whether systemd is its first process, and not a shell.
    init(
        directory: String, sockets: [String], hubSocket: String? = nil, terminal: String? = nil,
        hasSystemd: Bool = false
    ) throws {
        precondition(sockets.count <= (hubSocket == nil ? 14 : 3), "the controller has no port for the last of them")
        if let absence = Self.absence { throw Failure(description: absence) }
        self.directory = directory
        let listener = try Socket.listenUnix(path: "\(directory)/shell")
        var request = ChildProcess.Request(path: "qemu-system-x86_64")
        // KVM is passed over on purpose: where a machine is itself virtual, its KVM may not take this kernel.
        request.arguments = """
            -accel tcg,thread=multi -cpu qemu64 -M pc -m 512 -nodefaults -no-user-config -no-reboot -display none -nic none \
            -serial file:\(directory)/console -chardev socket,id=shell,path=\(directory)/shell -serial chardev:shell \
            -kernel \(Self.image)/vmlinux -initrd \(Self.image)/initrd -device qemu-xhci,id=x,p2=15
            """.split(separator: " ").map(String.init)
        request.arguments += [
            "-append",
            "console=ttyS0 quiet panic=-1 mitigations=off nokaslr tsc=reliable rdinit=/init"
                + (hasSystemd ? " knxrig.systemd systemd.show_status=0 systemd.log_level=warning" : ""),
        ]
        for (index, socket) in sockets.enumerated() {
            request.arguments += [
                "-chardev", "socket,id=r\(index),path=\(socket),reconnect=1",
                "-device", "usb-redir,chardev=r\(index),bus=x.0,port=\(index + 1)",
            ]
        }
        if let hubSocket {
            request.arguments += [
                "-device", "usb-hub,bus=x.0,port=4,ports=4,port-power=on",
                "-chardev", "socket,id=h,path=\(hubSocket),reconnect=1", "-device",
                "usb-redir,chardev=h,bus=x.0,port=4.1",
            ]
        }
        if let terminal {
            request.arguments += [
                "-chardev", "serial,id=t,path=\(terminal)", "-device", "pci-serial,chardev=t",
            ]
        }
        // Not our own output: who reads that would wait for a machine that outlived us.
        let output = Descriptor(owning: unsafe open("\(directory)/qemu", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644))
        defer { output.close() }
        request.standardOutput = output
        request.standardError = output
        process = try ChildProcess.spawn(request)
        guard let shell = try Socket.accept(listener, until: MonotonicClock.now() + .seconds(10)) else {
            process.send(signal: 9)
            _ = process.wait()
            throw Failure(description: "QEMU did not connect to its shell's socket within 10 s")
        }
        try shell.setNonblocking(true)
        self.shell = shell
        do {
            let ready = try line(until: MonotonicClock.now() + .seconds(240))
            guard ready == "ready" else { throw Failure(description: "the guest began with '\(ready)'\(console)") }
        } catch {
            stop()
            throw error
        }
    }

    /// Runs one line of shell as root.
    ///
    /// - Parameter seconds: many times what it takes on a quiet machine, since nothing here has two processors of its own.
    func run(_ command: String, within seconds: Int = 120) throws -> Answer {
        precondition(!command.contains("\n"), "one line")
        let deadline = MonotonicClock.now() + .seconds(Int64(seconds))
        try shell.writeAll(Array((command + "\n").utf8), until: deadline)
        let head = try line(until: deadline).split(separator: " ").compactMap { Int($0) }
        guard head.count == 2 else { throw Failure(description: "the guest answered with no status to: \(command)") }
        let output = try take(until: deadline) { $0.count >= head[0] ? head[0] : nil }
        return Answer(status: head[1], output: String(decoding: output, as: UTF8.self))
    }

    /// Runs a command again until `isEnough`, and returns the last answer.
    func poll(_ command: String, within seconds: Int = 60, until isEnough: (Answer) -> Bool) throws -> Answer {
        let deadline = MonotonicClock.now() + .seconds(Int64(seconds))
        while true {
            let answer = try run(command)
            if isEnough(answer) || MonotonicClock.now() > deadline { return answer }
            MonotonicClock.sleep(for: .milliseconds(50))
        }
    }

    func stop() {
        process.send(signal: 9)
        _ = process.wait()
    }

    /// What QEMU and the kernel printed, for failures.
    var console: String {
        let texts = ["qemu", "console"].map { file in
            let octets = (try? Files.read("\(directory)/\(file)")) ?? []
            return "\n\(file): " + String(decoding: octets.suffix(2_000), as: UTF8.self)
        }
        return texts.joined()
    }

    private func line(until deadline: Instant) throws -> String {
        let octets = try take(until: deadline) { $0.firstIndex(of: 0x0A).map { $0 + 1 } }
        return String(decoding: octets.dropLast(), as: UTF8.self)
    }

    /// The first octets, as many as `count` says, once it says so.
    private func take(until deadline: Instant, _ count: ([UInt8]) -> Int?) throws -> [UInt8] {
        while true {
            let taken = unread.withLock { unread -> [UInt8]? in
                guard let count = count(unread) else { return nil }
                defer { unread.removeFirst(count) }
                return Array(unread.prefix(count))
            }
            if let taken { return taken }
            guard !Poll.wait([(shell, .readable)], until: deadline)[0].isEmpty else {
                throw Failure(description: "the guest did not answer in time\(console)")
            }
            guard let more = try shell.read(maximum: 65_536) else { continue }
            guard !more.isEmpty else { throw Failure(description: "the virtual machine ended\(console)") }
            unread.withLock { $0 += more }
        }
    }
}

extension [UInt8] {
    /// For what has to travel in a line of shell.
    var base64: String { Data(self).base64EncodedString() }
}
