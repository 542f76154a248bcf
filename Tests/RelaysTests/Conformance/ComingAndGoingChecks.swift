import Events
import Platform
import Synchronization
import Twin

@testable import Relays

extension ConformanceCheck {
    static let coming: [ConformanceCheck] = [
        check("reports a board that was pulled") { bench, board in
            _ = try board.set(1, energised: true)
            bench.unplug()
            let on = try refused("on") { try board.set(1, energised: true) }
            try hold(on.isLoss, "on fails as '\(on)'")
            let allOff = try refused("all off") { try board.setAllOff() }
            try hold(allOff.isLoss, "all off fails as '\(allOff)'")
            guard bench.isReadable else { return }
            let failure = try refused("a look") { try board.readAll() }
            try hold(failure.isLoss, "a look fails as '\(failure)'")
        },
        check("has its contacts where they belong without a host") { bench, board in
            _ = try board.set(1, energised: true)
            try holdContacts(only([1], bench), bench, "before")
            bench.unplug()
            switch bench.onUnplugging {
            case .released: try holdContacts(off(bench), bench, "unplugged")
            case .kept: try holdContacts(only([1], bench), bench, "unplugged")
            case .cut: try holdContacts(only(Set(1...bench.channelCount), bench), bench, "unplugged")
            }
        },
        check("is not opened while it is unplugged") { bench, board in
            board.close()
            bench.unplug()
            let failure = try refused("a board that isn't there") { try board.reopen() }
            switch failure {
            case .noBoard, .transport: break
            default: throw Deviation(description: "it fails as '\(failure)'")
            }
        },
        check("is not found again by itself") { bench, board in
            _ = try board.set(1, energised: true)
            bench.unplug()
            try refused("on") { try board.set(1, energised: true) }
            try bench.plug()
            let failure = try refused("on, after it was put back,") { try board.set(1, energised: true) }
            try hold(failure.isLoss, "it fails as '\(failure)'")
        },
        check("is found again at its path, as it is at power-up") { bench, board in
            _ = try board.set(1, energised: true)
            bench.unplug()
            try refused("on") { try board.set(1, energised: true) }
            try bench.plug()
            try board.reopen()
            let wanted = bench.onUnplugging == .kept ? only([1], bench) : bench.contactsAtPowerUp
            try holdContacts(wanted, bench, "plugged in again")
            let read = try board.readAll()
            try hold(read == (bench.isReadable ? wanted : nil), "it reads \(text(read))")
            _ = try board.setAllOff()
            _ = try board.set(bench.channelCount, energised: true)
            try holdContacts(only([bench.channelCount], bench), bench, "told again")
        },
        check("is refused when another one is at its place") { bench, board in
            bench.unplug()
            try applies(try bench.exchange())
            try bench.plug()
            let failure = try refused("another board") { try board.reopen() }
            guard case .exchanged = failure else { throw Deviation(description: "it fails as '\(failure)'") }
            try refused("on") { try board.set(1, energised: true) }
        },
        bare("is watched by an actuator: lost, back, drifted, safe") { bench in
            let notices = Notes<RelayActuator.Notice>()
            let channel = ChannelWiring(id: "supply", number: 1, settleMilliseconds: 0)
            let actuator = try RelayActuator(board: try bench.open(), channels: [channel], pollMilliseconds: 20) {
                notices.add($0)
            }
            defer { actuator.stop() }
            let cut = try actuator.set("supply", .cut, due: MonotonicClock.now())
            try hold(cut.readback == bench.expectedReadback, "a cut is \(cut.readback)")
            if bench.isReadable {
                bench.turn(1, energised: false)
                try notices.wait("that it drifted") { notice in
                    if case .drifted(_, .cut, .powered) = notice { true } else { false }
                }
            }
            let safe = try actuator.allSafe()
            try hold(safe.readback == bench.expectedReadback, "the safe state is \(safe.readback)")
            try holdContacts(off(bench), bench, "in the safe state")
            bench.unplug()
            if bench.isReadable {
                try notices.wait("that it is lost") { notice in
                    if case .lost = notice { true } else { false }
                }
                try bench.plug()
                try notices.wait("that it is back") { notice in
                    if case .back = notice { true } else { false }
                }
            } else {
                let lost = try actuator.set("supply", .cut, due: MonotonicClock.now())
                try hold(lost.readback == .failed, "a cut without a board is \(lost.readback)")
            }
        },
        check("lets go by itself when nobody speaks to it, where it can") { bench, board in
            try applies(try board.armDeadMan(milliseconds: 800))
            _ = try board.set(1, energised: true)
            for _ in 1...8 {
                MonotonicClock.sleep(for: .milliseconds(200))
                let read = try board.readAll()
                try hold(read == only([1], bench), "it let go though it was spoken to: \(text(read))")
            }
            try holdContacts(off(bench), bench, "after a silence")
            try hold(try board.readAll() == off(bench), "it does not say that it let go")
            _ = try board.set(1, energised: true)
            try holdContacts(off(bench), bench, "after another silence")
            _ = try board.readAll()
            _ = try board.set(1, energised: true)
            try board.disarmDeadMan()
            MonotonicClock.sleep(for: .milliseconds(1_200))
            try holdContacts(only([1], bench), bench, "disarmed, after a silence")
        },
        check("lets go by itself after it was found again, too") { bench, board in
            try applies(try board.armDeadMan(milliseconds: 800))
            bench.unplug()
            try bench.plug()
            try board.reopen()
            _ = try board.readAll()
            _ = try board.set(1, energised: true)
            try holdContacts(only([1], bench), bench, "told again")
            try holdContacts(off(bench), bench, "after a silence")
        },
        bare("lets go by itself for an owner that asks for it, until that one ends") { bench in
            let channels = [ChannelWiring(id: "1", number: 1, settleMilliseconds: 0)]
            func own(_ pollMilliseconds: Int) throws -> RelayActuator {
                try RelayActuator(
                    board: try bench.open(), channels: channels, pollMilliseconds: pollMilliseconds,
                    deadManMilliseconds: 800
                ) { _ in }
            }
            let silent = try own(60_000)
            defer { silent.stop() }
            try applies(silent.hasDeadMan)
            _ = try silent.set("1", .cut, due: MonotonicClock.now())
            try holdContacts(only([1], bench), bench, "cut")
            try holdContacts(off(bench), bench, "with an owner that stands still")
            silent.stop()
            let watching = try own(100)
            defer { watching.stop() }
            _ = try watching.set("1", .cut, due: MonotonicClock.now())
            MonotonicClock.sleep(for: .milliseconds(1_500))
            try holdContacts(only([1], bench), bench, "with an owner that looks")
            watching.stop()
            MonotonicClock.sleep(for: .milliseconds(1_200))
            try holdContacts(only([1], bench), bench, "after an end in order")
        },
        bare("is off when its owner goes, with a cut still to come") { bench in
            let channels = ends(bench).map { ChannelWiring(id: "\($0)", number: $0, settleMilliseconds: 0) }
            let actuator = try RelayActuator(board: try bench.open(), channels: channels) { _ in }
            defer { actuator.stop() }
            for channel in channels { _ = try actuator.set(channel.id, .cut, due: MonotonicClock.now()) }
            try hold(channels.allSatisfy { bench.contacts[$0.number - 1] || !bench.isReadable }, "nothing was cut")
            actuator.request(channels[0].id, .cut, due: MonotonicClock.now() + .seconds(60)) { _ in }
            actuator.requestSafe { _ in }
            actuator.stop()
            try holdContacts(off(bench), bench, "after its owner went")
        },
    ]

    static let holding: [ConformanceCheck] = [
        bare("waits for a board that another program has, and then says so") { bench in
            try applies(bench.isHeldAlone)
            let other = try bench.open()
            defer { other.close() }
            let contacts = bench.contacts
            let start = MonotonicClock.now()
            let failure = try refused("a board that another program has") { try bench.open() }
            guard case .transport(_, .busy) = failure else { throw Deviation(description: "it fails as '\(failure)'") }
            try hold(MonotonicClock.now() - start < .seconds(5), "it waited too long")
            try holdContacts(contacts, bench, "afterwards")
        },
        check("can be had by another program once it is closed") { bench, board in
            _ = try board.set(1, energised: true)
            board.close()
            let other = try bench.open()
            defer { other.close() }
            _ = try other.set(1, energised: false)
            try holdContacts(off(bench), bench, "by the other")
        },
        check("does nothing once it is closed") { bench, board in
            let before = bench.contacts
            board.close()
            board.close()
            let failure = try refused("on") { try board.set(1, energised: true) }
            try hold(failure.isLoss, "it fails as '\(failure)'")
            try refused("all off") { try board.setAllOff() }
            try holdContacts(before, bench, "closed")
        },
        check("holds no interface once it is closed, after commands and looks") { bench, board in
            try applies(bench.claims != nil)
            _ = try board.set(1, energised: true)
            _ = try board.readAll()
            _ = try board.setAllOff()
            board.close()
            try hold(bench.claims?.held == [], "it still holds \(bench.claims?.held ?? [])")
        },
        check("holds no interface after a command that failed") { bench, board in
            try applies(bench.claims != nil)
            _ = bench.apply(.stall(nil))
            try refused("on") { try board.set(1, energised: true) }
            board.close()
            try hold(bench.claims?.held == [], "it still holds \(bench.claims?.held ?? [])")
        },
        check("asks an interface only while it holds it") { bench, board in
            try applies(bench.claims != nil)
            _ = try board.set(1, energised: true)
            _ = try board.readAll()
            _ = try board.setAllOff()
            try hold(bench.claims?.unclaimed == [], "it did not for \(bench.claims?.unclaimed ?? [])")
        },
        check("gives every transfer a finite time") { bench, board in
            try applies(bench.claims != nil)
            _ = try board.set(1, energised: true)
            _ = try board.readAll()
            _ = try board.setAllOff()
            let seen = bench.claims
            try hold(seen?.shortestTimeout ?? 0 > 0, "one has \(seen?.shortestTimeout ?? 0) ms")
            try hold(seen?.longestTimeout ?? 0 <= 1_000, "one has \(seen?.longestTimeout ?? 0) ms")
        },
        check("costs less than half a second for a command") { bench, board in
            let start = MonotonicClock.now()
            for energised in [true, false] { _ = try board.set(1, energised: energised) }
            let each = (MonotonicClock.now() - start).nanoseconds / 2
            try hold(each < 500_000_000, "it takes \(each / 1_000_000) ms")
        },
    ]
}

extension Notes {
    func wait(_ what: String, _ isMeant: (Element) -> Bool) throws {
        let deadline = MonotonicClock.now() + .seconds(10)
        while !all.contains(where: isMeant) {
            try hold(MonotonicClock.now() < deadline, "nothing said \(what)")
            MonotonicClock.sleep(for: .milliseconds(5))
        }
    }
}
