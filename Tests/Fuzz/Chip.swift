import Events
import KNX

/// Any octets as what a host says to a transceiver of the twin, with what the line does between them, on every model and with every fault. The first
/// input octet says which model; then come pairs: what happens, and the octet that it happens with. The chip must take everything, answer in order of
/// time, send frames only, and keep quiet where it says that nothing is due.
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    guard let choice = input.first else { return 0 }
    let models = TransceiverModel.allCases
    let parameters = TPUARTParameters(models[Int(choice) % models.count], hasParity: choice & 0x80 != 0 ? true : nil)
    var world = World(parameters)
    for pair in stride(from: 1, to: input.count - 1, by: 2) { world.happen(input[pair], input[pair + 1]) }
    world.settle()
    return 0
}

private struct World {
    private var chip: TPUARTChip
    private var now = Instant(nanoseconds: 0)
    private var idleSince: Instant? = Instant(nanoseconds: 0)
    private var frame: [UInt8]?
    private var lastDue = Instant(nanoseconds: 0)
    private var sent: [Transmission] = []

    init(_ parameters: TPUARTParameters) {
        chip = TPUARTChip(parameters, at: Instant(nanoseconds: 0))
    }

    mutating func happen(_ what: UInt8, _ octet: UInt8) {
        var actions: [TPUARTChip.Action] = []
        switch what % 16 {
        case 0...4: chip.hostWrote([octet], at: now)
        case 5: pass(.microseconds(Int64(octet) * 100))
        case 6: pass(.milliseconds(Int64(octet)))
        case 7 where frame == nil:
            chip.frameBegan()
            frame = []
            idleSince = nil
        case 7, 8, 9:
            guard frame != nil else { return }
            frame?.append(octet)
            chip.heard(octet, at: now, actions: &actions)
        case 10:
            guard let octets = frame, !octets.isEmpty else { return }
            chip.frameCompleted(octets, isOwn: octet & 1 != 0, at: now, actions: &actions)
            judge(actions)
            pass(.microseconds(2_708))
            actions = []
            chip.heardAcknowledge(octet, at: now, actions: &actions)
            chip.heardSlot(octet, index: Int(octet & 15), at: now, actions: &actions)
            end(&actions)
        case 11: if frame != nil { end(&actions) }
        case 12:
            guard !sent.isEmpty else { return }
            sent.removeFirst()
            chip.sent(isConfirmed: octet & 1 != 0, at: now, actions: &actions)
        case 13:
            let states: [BusPower.State] = [.running, .saving, .off, .starting]
            let state = states[Int(octet & 3)]
            chip.powerChanged(to: state, at: now, actions: &actions)
            // The line forgets with it.
            if state == .off || state == .starting { sent = [] }
        case 14:
            var faults = ChipFaults()
            faults.isSilent = octet & 1 != 0
            faults.isDeaf = octet & 2 != 0
            faults.isStuckBusy = octet & 4 != 0
            faults.isHot = octet & 8 != 0
            faults.confirmation = ChipFaults.Confirmation.allCases[Int(octet >> 4) % 3]
            faults.confirmationDelay = .milliseconds(Int64(octet >> 6) * 10)
            chip.disturb(faults, at: now, actions: &actions)
        default: chip.serialLost()
        }
        judge(actions)
    }

    private mutating func end(_ actions: inout [TPUARTChip.Action]) {
        frame = nil
        idleSince = now
        chip.frameEnded(at: now, actions: &actions)
    }

    private mutating func pass(_ span: Instant.Span) {
        let target = now + span
        var steps = 0
        while let due = chip.nextDue(idleSince: idleSince), due <= target {
            // A reset on an idle line is answered in the same instant: there are few such steps.
            steps = due > now ? 0 : steps + 1
            require(steps < 8, "something is due and not done")
            now = max(now, due)
            var actions: [TPUARTChip.Action] = []
            chip.advance(to: now, idleSince: idleSince, actions: &actions)
            judge(actions)
        }
        now = target
    }

    /// With an idle line everything comes to its end.
    mutating func settle() {
        var actions: [TPUARTChip.Action] = []
        if frame != nil { end(&actions) }
        judge(actions)
        pass(.seconds(10))
        require(chip.nextDue(idleSince: idleSince) == nil, "the chip waits for ever")
    }

    private mutating func judge(_ actions: [TPUARTChip.Action]) {
        for action in actions {
            switch action {
            case .toHost(_, let due):
                require(due > now && due > lastDue, "octets for the host overtake each other")
                lastDue = due
            case .send(let transmission):
                require((try? LPDU(octets: transmission.octets)) != nil, "no frame is put on the line")
                require(transmission.octets[0] & 0x20 != 0, "a first transmission looks like a repetition")
                sent.append(transmission)
                require(sent.count == 1, "two frames wait in one buffer")
            case .withdraw, .abort: sent = []
            case .fill(let slot, _): require((0...14).contains(slot), "there is no such slot")
            case .say, .reset: break
            }
        }
    }
}
