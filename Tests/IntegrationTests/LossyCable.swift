import Events
import Glibc
import Platform
import Synchronization

/// The serial line between a twin's chip and the program that listens through it, with octets of the chip lost on demand.
final class LossyCable: Sendable {
    private struct State {
        var chip: Descriptor?
        var passed = 0
        var toLose = 0
        var isEnding = false
    }

    private let terminal: PseudoTerminal
    private let state = Mutex(State())
    private let thread = Mutex<NamedThread?>(nil)

    init(publishedAs path: String) throws {
        terminal = try PseudoTerminal()
        terminal.makeRaw()
        try terminal.publish(as: path)
    }

    /// Octets of the chip that have passed.
    var passed: Int { state.withLock { $0.passed } }

    /// The next octets of the chip are lost.
    func lose(_ count: Int) { state.withLock { $0.toLose = count } }

    /// Finds the twin that was started with a rig file, by its command line, and takes hold of its witness's chip; false while it is not there.
    func connect(toTheTwinOf rig: String) -> Bool {
        for entry in Files.entries(of: "/proc") where Int32(entry) != nil {
            let octets = (try? Files.read("/proc/\(entry)/cmdline")) ?? []
            let words = octets.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            guard words.contains("twin"), words.contains(rig), let place = words.firstIndex(of: "--directory"),
                let line = try? SerialLine.open(
                    path: words[place + 1] + "/main-witness", baudRate: 19_200, evenParity: true)
            else { continue }
            state.withLock { $0.chip = line.descriptor }
            let thread = NamedThread.start("lossy cable", realtimePriority: 16) { [self] in run(line.descriptor) }
            self.thread.withLock { $0 = thread }
            return true
        }
        return false
    }

    private func run(_ chip: Descriptor) {
        while !state.withLock({ $0.isEnding }) {
            let ready = Poll.wait(
                [(chip, .readable), (terminal.primary, .readable)], until: MonotonicClock.now() + .milliseconds(100))
            if !ready[0].isEmpty {
                guard let octets = try? chip.read(maximum: 256), !octets.isEmpty else { return }
                let kept = state.withLock { state in
                    state.passed += octets.count
                    let lost = min(state.toLose, octets.count)
                    state.toLose -= lost
                    return octets.dropFirst(lost)
                }
                if !kept.isEmpty { _ = try? terminal.primary.write(kept) }
            }
            if !ready[1].isEmpty, let octets = try? terminal.primary.read(maximum: 256), !octets.isEmpty {
                _ = try? chip.write(octets)
            }
        }
    }

    func end() {
        state.withLock { $0.isEnding = true }
        thread.withLock { $0 }?.join()
        state.withLock { $0.chip }?.close()
        terminal.unplug()
    }
}
