import Catalogue
import Checkers
import Events
import Platform
import Rigs

/// What is done to the line and to the rig's contacts, each with its actuation in the evidence.
extension Bench {
    /// Commands a relay channel through the keeper and puts the actuation into the evidence.
    @discardableResult
    func actuate(_ channel: String, meaning: String, purpose: String, due: Instant) throws(Interruption)
        -> Event.Actuation
    {
        let actuation: Event.Actuation
        do {
            actuation = try keeper.set(channel: channel, meaning: meaning, due: due, purpose: purpose)
        } catch {
            throw error.kind == .gone ? .error(error.description) : .invalid(error.description)
        }
        recorder.append(Event(at: actuation.commanded, source: "keeper", .actuation(actuation)))
        if actuation.readback == .failed {
            throw .invalid("channel '\(channel)' did not follow: \(actuation.reason ?? "the read-back says otherwise")")
        }
        return actuation
    }

    /// Cuts a channel for a while. Both commands are with the keeper before the first is due, so that the length is the keeper's and not ours.
    ///
    /// - Parameter meanwhile: done in the middle of it.
    /// - Returns: when the end of it was commanded.
    func dip(
        _ channel: String, for length: Instant.Span, due: Instant, meanwhile: () -> Void
    ) throws(Interruption) -> Instant {
        let commands = [("cut", due), ("powered", due + length)]
        var tickets: [KeeperClient.Ticket] = []
        var powered = due + length
        do throws(KeeperFailure) {
            for (meaning, due) in commands {
                tickets.append(
                    try keeper.post(channel: channel, meaning: meaning, due: due, purpose: DipSweep.purpose))
            }
        } catch {
            throw error.kind == .gone ? .error(error.description) : .invalid(error.description)
        }
        try sleep(until: due + Instant.Span(nanoseconds: length.nanoseconds / 2))
        meanwhile()
        try sleep(until: due + length)
        for ticket in tickets {
            let actuation: Event.Actuation
            do throws(KeeperFailure) {
                actuation = try keeper.answer(to: ticket)
            } catch {
                throw error.kind == .gone ? .error(error.description) : .invalid(error.description)
            }
            recorder.append(Event(at: actuation.commanded, source: "keeper", .actuation(actuation)))
            if actuation.readback == .failed {
                throw .invalid(
                    "channel '\(channel)' did not follow: \(actuation.reason ?? "the read-back says otherwise")")
            }
            powered = actuation.commanded
        }
        return powered
    }

    /// Puts a contact with a timing of its own into the feed of the line, and that into the evidence.
    func wire(_ motion: SupplyMotion) throws(Interruption) {
        guard let twin else { throw .invalid("this rig has no contact with a timing of its own") }
        let commanded = MonotonicClock.now()
        try twin.wire(motion)
        record(
            Event.Actuation(
                target: "contact:\(motion.line)", meaning: motion.text, purpose: "set_up", due: commanded,
                commanded: commanded, observed: MonotonicClock.now(), readback: .confirmed))
    }

    /// Puts octets on the line that no chip would send.
    func inject(_ piece: MalformedTelegrams.Piece) throws(Interruption) {
        guard let twin else { throw .invalid("this rig has nothing that puts single octets on its line") }
        try twin.inject(piece.octets, isAbandoned: piece.isAbandoned, line: plan.line.id)
    }
}
