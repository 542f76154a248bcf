import Bus
import Events
import Platform
import Synchronization

/// Sends what a building says through one stimulus, until it is stopped.
final class BuildingThread: Sendable {
    private let wakeup: Wakeup
    private let isStopping = Atomic(false)
    private let thread = Mutex<NamedThread?>(nil)

    init(_ traffic: BuildingTraffic, through stimulus: TPUARTStimulus) throws(SystemFailure) {
        wakeup = try Wakeup()
        thread.withLock { thread in
            thread = NamedThread.start("building") { [self] in
                var traffic = traffic
                var due = MonotonicClock.now()
                while !isStopping.load(ordering: .acquiring) {
                    let step = traffic.next()
                    due = due + .milliseconds(step.afterMilliseconds)
                    if !Poll.wait([(wakeup.descriptor, .readable)], until: due)[0].isEmpty { continue }
                    stimulus.send(step.frame, role: .other)
                }
            }
        }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        wakeup.signal()
        thread.withLock { $0 }?.join()
    }
}
