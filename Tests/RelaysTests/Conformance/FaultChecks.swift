import Events
import Platform
import Synchronization
import Twin

@testable import Relays

/// How long a command may take that fails: tries, opening anew, and tries again.
private let patience = Instant.Span.seconds(10)

/// A command under a fault of the way to the board: it has to fail as that, in time.
private func lasting(
    _ fault: FieldFault, _ isMeant: @escaping @Sendable (TransportFailure) -> Bool
) -> @Sendable (any ConformanceBench, any RelayBoard) throws -> Void {
    { bench, board in
        let commands: [(name: String, run: () throws -> Void)] = [
            ("on", { _ = try board.set(1, energised: true) }), ("all off", { _ = try board.setAllOff() }),
            ("a look", { _ = try board.readAll() }),
        ]
        for (name, command) in bench.isReadable ? commands : Array(commands.prefix(2)) {
            try applies(bench.apply(fault))
            let start = MonotonicClock.now()
            let failure = try refused("\(name) under \(fault)", command)
            let took = MonotonicClock.now() - start
            guard case .transport(_, let seen) = failure, isMeant(seen) else {
                throw Deviation(description: "\(name) fails as '\(failure)'")
            }
            try hold(took < patience, "\(name) took \(took.wholeMilliseconds) ms to fail")
            bench.recover()
            try board.reopen()
        }
        try hold(try board.set(1, energised: true) == bench.expectedReadback, "it does not recover")
    }
}

/// A fault that a second or third try gets over.
private func passing(_ fault: FieldFault) -> @Sendable (any ConformanceBench, any RelayBoard) throws -> Void {
    { bench, board in
        try applies(bench.apply(fault))
        let readback = try board.set(1, energised: true)
        try hold(readback == bench.expectedReadback, "it is \(readback)")
        try holdContacts(only([1], bench), bench, "after \(fault)")
    }
}

extension ConformanceCheck {
    static let faults: [ConformanceCheck] = [
        check("gets over a request without answer", passing(.silence(1))),
        check("gets over a STALL", passing(.stall(1))),
        check("gets over five STALLs", passing(.stall(4))),
        check("reports lasting silence, in time") { bench, board in
            let check = lasting(.silence(nil)) { failure in
                if case .timedOut = failure { true } else { false }
            }
            try check(bench, board)
        },
        check("breaks a look at a silent board off when the safe state is asked for") { bench, board in
            try applies(bench.isReadable && bench.passesTime)
            // In its first transfer, and where a board on USB is being opened anew.
            for delay in [20, 380] {
                try applies(bench.apply(.silence(nil)))
                let urgency = try Urgency()
                let asked = Mutex<Instant?>(nil)
                let asking = NamedThread.start("asks for the safe state") {
                    MonotonicClock.sleep(for: .milliseconds(Int64(delay)))
                    asked.withLock { $0 = MonotonicClock.now() }
                    urgency.ask()
                }
                let failure = urgency.heeded { () -> RelayFailure? in
                    do throws(RelayFailure) {
                        _ = try board.readAll()
                        return nil
                    } catch {
                        return error
                    }
                }
                let ended = MonotonicClock.now()
                asking.join()
                let after = ended - (asked.withLock { $0 } ?? ended)
                try hold(failure?.hasGivenWay == true, "it ended as '\(failure.map { "\($0)" } ?? "a success")'")
                // Each of its transfers takes at least 100 ms, and what follows would take more of them.
                try hold(after < .milliseconds(80), "it went on for \(after.wholeMilliseconds) ms")
                bench.recover()
                _ = try board.readAll()
            }
            try hold(try board.set(1, energised: true) == .confirmed, "it does not recover")
        },
        check("reports lasting STALL, in time") { bench, board in
            try lasting(.stall(nil), { $0 == .stall })(bench, board)
        },
        check("reports answers that end too early") { bench, board in
            try applies(bench.isReadable)
            let check = lasting(.shortAnswers(0)) { failure in
                switch failure {
                case .shortAnswer, .io, .timedOut: true
                default: false
                }
            }
            try check(bench, board)
        },
        check("believes no answer of any length of a board that did not follow") { bench, board in
            try applies(bench.isReadable && bench.isOnUSB)
            for octets in 0...16 {
                _ = bench.apply(.ignores(1_000))
                _ = bench.apply(.shortAnswers(octets))
                let failure = try refused("on, told in \(octets) octets,") { try board.set(1, energised: true) }
                switch failure {
                case .transport, .notFollowed: break
                default: throw Deviation(description: "\(octets) octets fail as '\(failure)'")
                }
                bench.recover()
                try board.reopen()
            }
        },
        check("doesn't believe answers that are wrong") { bench, board in
            try applies(bench.isReadable && bench.apply(.garbledAnswers))
            let failure = try refused("on") { try board.set(1, energised: true) }
            switch failure {
            case .transport, .notFollowed, .exchanged, .supplyMissing: break
            default: throw Deviation(description: "it fails as '\(failure)'")
            }
            bench.recover()
            try board.reopen()
            try hold(try board.setAllOff() == .confirmed, "it does not recover")
            try holdContacts(off(bench), bench, "all off again")
        },
        check("repeats a command that was acknowledged and not followed, or says assumed") { bench, board in
            try applies(bench.apply(.ignores(1)))
            let readback = try board.set(1, energised: true)
            try hold(readback == bench.expectedReadback, "it is \(readback)")
            if bench.isReadable { try holdContacts(only([1], bench), bench, "after one was ignored") }
        },
        check("doesn't believe commands that are acknowledged and never followed") { bench, board in
            try applies(bench.apply(.ignores(1_000)))
            guard bench.isReadable else {
                let readback = try board.set(1, energised: true)
                return try hold(readback == .assumed, "it is \(readback)")
            }
            let failure = try refused("on") { try board.set(1, energised: true) }
            guard case .notFollowed(_, 1, true, let states) = failure else {
                throw Deviation(description: "it fails as '\(failure)'")
            }
            try hold(states == bench.contacts, "it says that the board reads \(text(states))")
        },
        check("reports a channel that doesn't follow, and goes on with the others") { bench, board in
            try applies(bench.isReadable && bench.apply(.deafChannel(1)))
            let failure = try refused("on") { try board.set(1, energised: true) }
            guard case .notFollowed(_, 1, true, _) = failure else {
                throw Deviation(description: "it fails as '\(failure)'")
            }
            try applies(bench.channelCount > 1)
            try hold(try board.set(2, energised: true) == .confirmed, "the other channel is not confirmed")
            try holdContacts(only([2], bench), bench, "with channel 1 deaf")
        },
        check("reports that a channel stays on when all are turned off") { bench, board in
            try applies(bench.isReadable)
            _ = try board.set(1, energised: true)
            try applies(bench.apply(.deafChannel(1)))
            let failure = try refused("all off") { try board.setAllOff() }
            guard case .notFollowed(_, _, false, let states) = failure else {
                throw Deviation(description: "it fails as '\(failure)'")
            }
            try hold(states == only([1], bench), "it says that the board reads \(text(states))")
            try hold(bench.contacts[0], "the contact fell")
        },
        check("tells the coil where a contact is stuck: a witness has to tell the rest") { bench, board in
            try applies(bench.apply(.stuckContact(1)))
            let readback = try board.set(1, energised: true)
            try hold(readback == bench.expectedReadback, "it is \(readback)")
            MonotonicClock.sleep(for: .milliseconds(20))
            try holdContacts(off(bench), bench, "with contact 1 stuck")
        },
        check("reports a board that leaves the bus under a command") { bench, board in
            try applies(bench.apply(.vanishes(1)))
            let failure = try refused("on") { try board.set(1, energised: true) }
            try hold(failure.isLoss, "it fails as '\(failure)'")
            // Never looked for in the middle: its relays have fallen.
            let start = MonotonicClock.now()
            let again = try refused("on again") { try board.set(1, energised: true) }
            try hold(again.isLoss, "then it fails as '\(again)'")
            try hold(MonotonicClock.now() - start < .milliseconds(500), "it was looked for")
        },
        check("counts no command after which a board leaves the bus later") { bench, board in
            try applies(bench.apply(.vanishes(bench.onUnplugging == .kept ? 4 : 3)))
            var failure: RelayFailure?
            for number in 1...20 where failure == nil {
                do {
                    _ = try board.set(1, energised: number % 2 == 1)
                } catch let seen as RelayFailure {
                    failure = seen
                }
            }
            try hold(failure?.isLoss == true, "it fails as '\(failure.map { "\($0)" } ?? "nothing")'")
        },
    ]
}
