import Events
import Platform
import Twin

@testable import Relays

extension ConformanceCheck {
    static let switching: [ConformanceCheck] = [
        check("switches each channel on, and no other") { bench, board in
            for channel in 1...bench.channelCount {
                _ = try board.set(channel, energised: true)
                try holdContacts(only([channel], bench), bench, "with channel \(channel) on")
                _ = try board.set(channel, energised: false)
            }
        },
        check("switches each channel off, and no other") { bench, board in
            for channel in 1...bench.channelCount { _ = try board.set(channel, energised: true) }
            for channel in 1...bench.channelCount {
                _ = try board.set(channel, energised: false)
                let rest = channel == bench.channelCount ? [] : Set(channel + 1...bench.channelCount)
                try holdContacts(only(rest, bench), bench, "with channel \(channel) off")
            }
        },
        check("says confirmed only where it can be read") { bench, board in
            for energised in [true, false] {
                for channel in ends(bench) {
                    let readback = try board.set(channel, energised: energised)
                    try hold(readback == bench.expectedReadback, "channel \(channel) is \(readback)")
                }
            }
            let readback = try board.setAllOff()
            try hold(readback == bench.expectedReadback, "all off is \(readback)")
        },
        check("reads back what it has, or says that it can't") { bench, board in
            for channel in stride(from: 1, through: bench.channelCount, by: 3) {
                _ = try board.set(channel, energised: true)
            }
            let wanted = only(Set(stride(from: 1, through: bench.channelCount, by: 3)), bench)
            let read = try board.readAll()
            try hold(read == (bench.isReadable ? wanted : nil), "it reads \(text(read))")
            try holdContacts(wanted, bench, "with every third on")
        },
        check("has all channels on together") { bench, board in
            for channel in (1...bench.channelCount).reversed() { _ = try board.set(channel, energised: true) }
            try holdContacts(only(Set(1...bench.channelCount), bench), bench, "with all on")
        },
        check("is the same when it is told twice") { bench, board in
            for energised in [true, true, false, false] {
                let readback = try board.set(1, energised: energised)
                try hold(readback == bench.expectedReadback, "it is \(readback)")
                try holdContacts(only(energised ? [1] : [], bench), bench, "told twice")
            }
        },
        check("turns all off at once, from all on") { bench, board in
            for channel in 1...bench.channelCount { _ = try board.set(channel, energised: true) }
            _ = try board.setAllOff()
            try holdContacts(off(bench), bench, "after all off")
        },
        check("turns all off when they are off") { bench, board in
            for time in ["once", "twice"] {
                _ = try board.setAllOff()
                try holdContacts(off(bench), bench, "after all off \(time)")
            }
        },
        check("refuses channels that it hasn't") { bench, board in
            let before = bench.contacts
            for channel in [0, -1, bench.channelCount + 1, 256, 65_537] {
                let failure = try refused("channel \(channel)") { try board.set(channel, energised: true) }
                guard case .noSuchChannel = failure else {
                    throw Deviation(description: "channel \(channel) fails as '\(failure)'")
                }
            }
            MonotonicClock.sleep(for: .milliseconds(10))
            try holdContacts(before, bench, "after refusals")
        },
        check("changes direction fast and ends where it was told") { bench, board in
            for _ in 1...5 {
                _ = try board.set(1, energised: true)
                _ = try board.set(1, energised: false)
            }
            try holdContacts(off(bench), bench, "after ten changes")
            _ = try board.set(1, energised: true)
            try holdContacts(only([1], bench), bench, "after eleven changes")
        },
        check("keeps its relays over closing and opening") { bench, board in
            let channel = bench.channelCount
            _ = try board.set(channel, energised: true)
            try holdContacts(only([channel], bench), bench, "before closing")
            board.close()
            let again = try bench.open()
            defer { again.close() }
            try holdContacts(only([channel], bench), bench, "after opening again")
            let read = try again.readAll()
            try hold(read == (bench.isReadable ? only([channel], bench) : nil), "it reads \(text(read))")
        },
        check("shows a channel that came on by itself") { bench, board in
            _ = try board.set(1, energised: false)
            bench.turn(1, energised: true)
            let read = try board.readAll()
            try hold(read == (bench.isReadable ? only([1], bench) : nil), "it reads \(text(read))")
        },
        check("turns a channel off that came on by itself") { bench, board in
            _ = try board.set(1, energised: false)
            try holdContacts(off(bench), bench, "before")
            bench.turn(1, energised: true)
            _ = try board.set(1, energised: false)
            try holdContacts(off(bench), bench, "told off again")
            bench.turn(1, energised: true)
            _ = try board.setAllOff()
            try holdContacts(off(bench), bench, "after all off")
        },
        check("shows that its state was lost") { bench, board in
            _ = try board.set(1, energised: true)
            try hold(bench.comesTo(only([1], bench)), "it did not switch")
            bench.loseState()
            let read = try board.readAll()
            try hold(read == (bench.isReadable ? bench.contactsAtPowerUp : nil), "it reads \(text(read))")
            _ = try board.set(1, energised: true)
            try hold(bench.contacts[0] || bench.comesTo(only([1], bench)), "it does not switch any more")
        },
    ]
}
