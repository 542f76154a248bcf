public import Events
public import KNX

/// One line with everything on it: supply, chips, devices. Pure: it is told what hosts write and how the supply is switched, and says what
/// hosts receive and what happened. The same value runs in virtual time and under the real-time shell.
public struct LineSimulation: Sendable {
    public enum Effect: Hashable, Sendable {
        /// A chip's octet for its host; its last bit is out at `due`.
        case toHost(chip: Int, UInt8, due: Instant)
        case record(LineRecord)
        /// What the tap of an interface has to tell it.
        case toInterface(Int, LineTap.Event)
    }

    private struct ChipOnLine {
        let id: String
        let participant: TP1Line.Participant
        var chip: TPUARTChip
        var power: BusPower
        var disturbance: SerialDisturbance?
    }

    private struct DeviceOnLine {
        let id: String
        let participant: TP1Line.Participant
        var device: SimulatedDevice
        var power: BusPower
    }

    private struct TapOnLine {
        let participant: TP1Line.Participant
        var tap: LineTap
        var power: BusPower
    }

    public let clock: BitClock
    /// How far the line has been carried.
    public private(set) var now: Instant
    public private(set) var supply: Supply
    private var line: TP1Line
    private var chips: [ChipOnLine] = []
    private var devices: [DeviceOnLine] = []
    private var directory = DeviceDirectory()
    /// The earliest of what the devices do by themselves.
    private var devicesDue: Instant?
    private var taps: [TapOnLine] = []
    private var names: [String] = []
    private var trace: SupplyTrace
    /// What those draw who are not simulated.
    private var otherMilliamperes: Int64
    private var supplySwitch = SupplySwitch()
    private var powerDue: Instant?
    /// Reused between steps, so that a step allocates nothing as a rule.
    private var lineEffects: [TP1Line.Effect] = []
    private var chipActions: [TPUARTChip.Action] = []
    private var deviceActions: [SimulatedDevice.Action] = []
    private var spareEffects: [TP1Line.Effect] = []
    private var spareActions: [TPUARTChip.Action] = []

    /// A line as configured, whose supply has been on, or off, for a long time.
    public init(_ configuration: TwinConfiguration.Line, isSupplied: Bool = true, anchor: Instant) {
        clock = BitClock(anchor: anchor)
        now = anchor
        supply = Supply(configuration.supply, isOn: isSupplied, at: anchor)
        trace = SupplyTrace(levels: [], millivolts: supply.millivolts(at: anchor))
        otherMilliamperes = configuration.supply.loadMilliamperes
        line = TP1Line()
        if let noise = configuration.noise { line.disturb(noise) }
        let state: BusPower.State = isSupplied ? .running : .off
        for chip in configuration.chips {
            let participant = line.addParticipant()
            names.append(chip.id)
            chips.append(
                ChipOnLine(
                    id: chip.id, participant: participant, chip: TPUARTChip(chip.parameters, at: anchor),
                    power: BusPower(chip.parameters.power, state: state),
                    disturbance: chip.noise.map(SerialDisturbance.init)))
        }
        for device in configuration.devices {
            let participant = line.addParticipant()
            names.append(device.id)
            let parameters = device.power ?? .device(nominalMillivolts: configuration.supply.nominalMillivolts)
            devices.append(
                DeviceOnLine(
                    id: device.id, participant: participant,
                    device: SimulatedDevice(device, isPowered: isSupplied, at: anchor),
                    power: BusPower(parameters, state: state)))
        }
        for interface in configuration.interfaces {
            let parameters = interface.parameters
            let tap = LineTap(addresses: parameters.addresses, attitude: IPInterface.attitude(parameters, []))
            attach(tap, called: interface.id, power: BusPower(parameters.power, state: state))
        }
        for interface in configuration.usbInterfaces {
            // It says what it acknowledges when it is plugged in.
            let tap = LineTap(addresses: [interface.parameters.address.raw], attitude: .mute)
            attach(tap, called: interface.id, power: BusPower(interface.parameters.power, state: state))
        }
        let powers = self.powers
        otherMilliamperes = configuration.supply.otherMilliamperes(
            beside: powers.reduce(0) { $0 + $1.parameters.milliamperes })
        let levels = powers.flatMap {
            [$0.parameters.saveMillivolts, $0.parameters.offMillivolts, $0.parameters.wakeMillivolts]
        }
        trace = SupplyTrace(levels: Set(levels), millivolts: supply.millivolts(at: anchor))
        draw()
        directory = DeviceDirectory(devices.map(\.device))
        reviewDevices()
        if !isSupplied {
            for index in chips.indices { chips[index].chip.powerChanged(to: .off, at: anchor, actions: &chipActions) }
            line.cut(at: 0, dropping: true, effects: &lineEffects)
        }
    }

    private mutating func attach(_ tap: LineTap, called id: String, power: BusPower) {
        names.append(id)
        taps.append(TapOnLine(participant: line.addParticipant(), tap: tap, power: power))
    }

    /// Present values of a device's actuators.
    public func values(ofDevice index: Int) -> [Bool] { devices[index].device.values }
    /// Present value of a device's group object.
    public func value(ofDevice index: Int, group: GroupAddress) -> GroupValue? {
        devices[index].device.value(of: group)
    }
    /// The state of a chip's power.
    public func power(ofChip index: Int) -> BusPower.State { chips[index].power.state }
    /// Telegrams of a chip that have no result yet.
    public func pendingCount(ofChip index: Int) -> Int { line.pendingCount(of: chips[index].participant) }

    // MARK: Inputs

    /// A chip's host has written; `instant` is when its octets were read.
    public mutating func hostWrote(_ octets: [UInt8], chip index: Int, at instant: Instant) {
        chips[index].chip.hostWrote(octets, at: max(instant, now))
    }

    /// A chip's host is cut off: octets on their way are lost.
    public mutating func hostLost(chip index: Int) {
        chips[index].chip.serialLost()
    }

    /// From here on this is wrong with a chip, and nothing else.
    public mutating func disturb(_ faults: ChipFaults, chip index: Int, at instant: Instant, effects: inout [Effect]) {
        advance(to: instant, effects: &effects)
        chips[index].chip.disturb(faults, at: now, actions: &chipActions)
        perform(chip: index, at: now, effects: &effects)
    }

    /// Gives the supply's switch a timing of its own, from its next movement on.
    public mutating func wire(_ contact: SupplyContact, at instant: Instant, effects: inout [Effect]) {
        advance(to: instant, effects: &effects)
        supply.rewire(contact.supply, at: now)
        trace.review(supply, at: now)
        supplySwitch.contact = contact
    }

    /// Switches the supply. The line is carried to `instant` first. A switch with a timing of its own goes by that from here on; what it was still
    /// going to do it does not.
    ///
    /// - Parameter heldUp: false for a switch on the DC side, between the supply and the line.
    public mutating func supply(on: Bool, heldUp: Bool = true, at instant: Instant, effects: inout [Effect]) {
        advance(to: instant, effects: &effects)
        guard supplySwitch.command(on: on, heldUp: heldUp, at: now) else { return }
        turn(on: on, effects: &effects)
    }

    private mutating func turn(on: Bool, effects: inout [Effect]) {
        // A debounce that runs belongs to the stretch that ends here.
        stepPower(at: now, effects: &effects)
        supply.turn(on: on, heldUp: supplySwitch.isHeldUp, at: now)
        trace.begin(supply)
        reviewPower()
    }

    /// Shorts the line, or ends that: no bit on it but 0, and no voltage. A supply that is on lifts the line again from 0 V.
    public mutating func short(_ isShorted: Bool, at instant: Instant, effects: inout [Effect]) {
        advance(to: instant, effects: &effects)
        guard isShorted != supply.isShorted else { return }
        stepPower(at: now, effects: &effects)
        supply.short(isShorted, at: now)
        trace.begin(supply)
        reviewPower()
        let bit = clock.bit(atOrAfter: now)
        if isShorted {
            line.short(at: bit, effects: &lineEffects)
        } else {
            line.release(at: bit)
        }
        effects.append(.record(.noise(.shorted(isShorted), at: now)))
        dispatch(effects: &effects)
    }

    /// A device's telegram from outside its behaviour: the traffic of measurements and tests.
    public mutating func send(_ transmission: Transmission, fromDevice index: Int, at instant: Instant) {
        line.enqueue(transmission, from: devices[index].participant, at: clock.bit(atOrAfter: max(instant, now)))
    }

    /// A telegram of an interface.
    public mutating func send(_ transmission: Transmission, fromInterface index: Int, at instant: Instant) {
        // What a line without voltage is given is lost, as in the buffers of an interface that says so.
        guard taps[index].power.state == .running else { return }
        line.enqueue(transmission, from: taps[index].participant, at: clock.bit(atOrAfter: max(instant, now)))
    }

    /// What an interface acknowledges from now on.
    public mutating func setAttitude(_ attitude: LineTap.Attitude, ofInterface index: Int) {
        taps[index].tap.attitude = attitude
    }

    /// Lets no frame begin before the bit that runs at `instant`.
    ///
    /// - Returns: by how much the next start has been put off.
    public mutating func holdStarts(until instant: Instant) -> Instant.Span {
        let bits = line.holdStarts(until: clock.bit(at: instant))
        return Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: bits))
    }

    // MARK: Time

    /// When something happens next if nothing comes in; nil when all is quiet.
    public var nextDue: Instant? {
        var due = line.nextDue.map(clock.instant(of:))
        let consider = { (other: Instant?, due: inout Instant?) in
            if let other { due = min(due ?? other, other) }
        }
        consider(trace.nextDue, &due)
        consider(supplySwitch.nextDue, &due)
        consider(powerDue, &due)
        let idle = idleSince
        for chip in chips { consider(chip.chip.nextDue(idleSince: idle), &due) }
        consider(devicesDue, &due)
        return due
    }

    private var idleSince: Instant? {
        line.idleSince.map { $0 < 0 ? clock.anchor : clock.instant(of: $0) }
    }

    /// Carries everything to `target`, step by step.
    public mutating func advance(to target: Instant, effects: inout [Effect]) {
        while let due = nextDue, due <= target {
            now = max(now, due)
            step(at: now, effects: &effects)
        }
        now = max(now, target)
    }

    private mutating func step(at instant: Instant, effects: inout [Effect]) {
        while let isOn = supplySwitch.movement(until: instant) { turn(on: isOn, effects: &effects) }
        if let due = trace.nextDue, due <= instant, let millivolts = trace.reading(supply, at: instant) {
            effects.append(.record(.supply(millivolts: millivolts, at: instant)))
        }
        if let due = powerDue, due <= instant {
            stepPower(at: instant, effects: &effects)
            reviewPower()
        }
        for index in chips.indices {
            guard let due = chips[index].chip.nextDue(idleSince: idleSince), due <= instant else { continue }
            chips[index].chip.advance(to: instant, idleSince: idleSince, actions: &chipActions)
            perform(chip: index, at: instant, effects: &effects)
        }
        if let due = devicesDue, due <= instant {
            for index in devices.indices {
                guard let due = devices[index].device.nextDue, due <= instant else { continue }
                devices[index].device.advance(to: instant, actions: &deviceActions)
                perform(device: index, at: instant, effects: &effects)
            }
            reviewDevices()
        }
        line.advance(to: clock.bit(at: instant), effects: &lineEffects)
        dispatch(effects: &effects)
    }

    private mutating func reviewDevices() {
        devicesDue = nil
        for device in devices {
            guard let due = device.device.nextDue else { continue }
            devicesDue = min(devicesDue ?? due, due)
        }
    }

    // MARK: Power

    private var powers: [BusPower] { chips.map(\.power) + devices.map(\.power) + taps.map(\.power) }

    /// What is drawn by those that have power.
    private mutating func draw() {
        let drawn = powers.reduce(otherMilliamperes) { $0 + $1.milliamperes }
        guard drawn != supply.loadMilliamperes else { return }
        supply.draw(milliamperes: drawn, at: now)
        trace.review(supply, at: now)
    }

    private mutating func reviewPower() {
        powerDue = nil
        for power in powers {
            guard let due = power.nextDue(supply, now: now) else { continue }
            powerDue = min(powerDue ?? due, due)
        }
    }

    private mutating func stepPower(at instant: Instant, effects: inout [Effect]) {
        for index in chips.indices {
            guard let state = chips[index].power.advance(supply, to: instant) else { continue }
            chips[index].chip.powerChanged(to: state, at: instant, actions: &chipActions)
            perform(chip: index, at: instant, effects: &effects)
            connect(chips[index].participant, state: state, at: instant, effects: &effects)
        }
        for index in devices.indices {
            guard let state = devices[index].power.advance(supply, to: instant) else { continue }
            connect(devices[index].participant, state: state, at: instant, effects: &effects)
            devices[index].device.powerChanged(to: state, at: instant, actions: &deviceActions)
            perform(device: index, at: instant, effects: &effects)
        }
        reviewDevices()
        for index in taps.indices {
            guard let state = taps[index].power.advance(supply, to: instant) else { continue }
            connect(taps[index].participant, state: state, at: instant, effects: &effects)
            // It forgets what it had to send as soon as the voltage is too low.
            if state == .saving { detach(taps[index].participant, dropping: true, at: instant, effects: &effects) }
            effects.append(.toInterface(index, .power(state, at: instant)))
        }
        draw()
    }

    private mutating func connect(
        _ participant: TP1Line.Participant, state: BusPower.State, at instant: Instant, effects: inout [Effect]
    ) {
        effects.append(.record(.power(participant: names[participant.index], state, at: instant)))
        switch state {
        case .running: line.attach(participant, at: clock.bit(atOrAfter: instant))
        case .saving: detach(participant, dropping: false, at: instant, effects: &effects)
        case .off: detach(participant, dropping: true, at: instant, effects: &effects)
        case .starting: break
        }
    }

    private mutating func detach(
        _ participant: TP1Line.Participant, dropping: Bool, at instant: Instant, effects: inout [Effect]
    ) {
        line.detach(participant, at: clock.bit(atOrAfter: instant), dropping: dropping, effects: &lineEffects)
        dispatch(effects: &effects)
    }

    // MARK: What chips and devices do

    private mutating func perform(chip index: Int, at instant: Instant, effects: inout [Effect]) {
        while !chipActions.isEmpty {
            // Two buffers take turns; whoever comes here while one is being read makes one of its own.
            var actions = spareActions
            spareActions = []
            swap(&actions, &chipActions)
            defer {
                actions.removeAll(keepingCapacity: true)
                spareActions = actions
            }
            let participant = chips[index].participant
            for action in actions {
                switch action {
                case .toHost(let octet, let due): deliver(octet, chip: index, due: due, effects: &effects)
                case .send(let transmission):
                    line.enqueue(transmission, from: participant, at: clock.bit(atOrAfter: instant))
                case .withdraw: line.withdraw(participant)
                case .abort:
                    detach(participant, dropping: true, at: instant, effects: &effects)
                    if chips[index].power.state == .running {
                        line.attach(participant, at: clock.bit(atOrAfter: instant))
                    }
                case .say(let acknowledgement): line.say(acknowledgement, from: participant)
                case .fill(let slot, let octet): line.fill(slot: slot, with: octet, from: participant)
                case .reset: effects.append(.record(.reset(chip: chips[index].id, at: instant)))
                }
            }
        }
    }

    private mutating func deliver(_ octet: UInt8, chip index: Int, due: Instant, effects: inout [Effect]) {
        guard let (isLost, extra) = chips[index].disturbance?.next() else {
            effects.append(.toHost(chip: index, octet, due: due))
            return
        }
        let id = chips[index].id
        if isLost {
            effects.append(.record(.noise(.lost(chip: id, octet), at: due)))
        } else {
            effects.append(.toHost(chip: index, octet, due: due))
        }
        guard let extra else { return }
        effects.append(.record(.noise(.extra(chip: id, extra), at: due)))
        effects.append(.toHost(chip: index, extra, due: due))
    }

    private mutating func perform(device index: Int, at instant: Instant, effects: inout [Effect]) {
        guard !deviceActions.isEmpty else { return }
        // What follows from one action may bring others.
        var actions: [SimulatedDevice.Action] = []
        swap(&actions, &deviceActions)
        let (id, participant) = (devices[index].id, devices[index].participant)
        for action in actions {
            switch action {
            case .say(let acknowledgement): line.say(acknowledgement, from: participant)
            case .send(let transmission):
                line.enqueue(transmission, from: participant, at: clock.bit(atOrAfter: instant))
            case .changed(let group, let value):
                effects.append(.record(.value(device: id, group: group, value, at: instant)))
            case .readdressed: directory = DeviceDirectory(devices.map(\.device))
            case .restart:
                devices[index].power.restart(at: instant)
                effects.append(.record(.power(participant: id, .starting, at: instant)))
                detach(participant, dropping: true, at: instant, effects: &effects)
                reviewPower()
            }
        }
    }

    // MARK: What the line does

    private mutating func dispatch(effects: inout [Effect]) {
        while !lineEffects.isEmpty {
            var happened = spareEffects
            spareEffects = []
            swap(&happened, &lineEffects)
            defer {
                happened.removeAll(keepingCapacity: true)
                spareEffects = happened
            }
            for effect in happened { dispatch(effect, effects: &effects) }
        }
    }

    private mutating func dispatch(_ effect: TP1Line.Effect, effects: inout [Effect]) {
        switch effect {
        case .began:
            for index in chips.indices { chips[index].chip.frameBegan() }
        case .octet(let octet, let index, let bit):
            let instant = clock.instant(of: bit)
            supplySwitch.listen(octet, index: index, at: bit, clock: clock)
            for index in chips.indices {
                chips[index].chip.heard(octet, at: instant, actions: &chipActions)
                perform(chip: index, at: instant, effects: &effects)
            }
        case .complete(let octets, let senders, let bit):
            complete(octets, senders: senders, at: clock.instant(of: bit), effects: &effects)
        case .disturbed(let mask, let bit):
            effects.append(.record(.noise(.flipped(mask: mask), at: clock.instant(of: bit))))
        case .acknowledge(let octet, let bit):
            let instant = clock.instant(of: bit)
            for index in chips.indices {
                chips[index].chip.heardAcknowledge(octet, at: instant, actions: &chipActions)
                perform(chip: index, at: instant, effects: &effects)
            }
            tellInterfaces(.acknowledge(octet, at: instant), effects: &effects)
        case .slot(let octet, let slot, let bit):
            let instant = clock.instant(of: bit)
            for index in chips.indices {
                chips[index].chip.heardSlot(octet, index: slot, at: instant, actions: &chipActions)
                perform(chip: index, at: instant, effects: &effects)
            }
            tellInterfaces(.acknowledge(octet, at: instant), effects: &effects)
        case .frame(let frame, let bit):
            let instant = clock.instant(of: bit)
            effects.append(.record(.frame(record(of: frame))))
            for index in chips.indices {
                chips[index].chip.frameEnded(at: instant, actions: &chipActions)
                perform(chip: index, at: instant, effects: &effects)
            }
            if frame.isTruncated { tellInterfaces(.truncated(frame.octets, at: instant), effects: &effects) }
        case .outcome(let sender, let number, let isConfirmed, let bit):
            let instant = clock.instant(of: bit)
            effects.append(
                .record(.confirmation(sender: names[sender.index], isConfirmed: isConfirmed, at: instant)))
            if let tap = taps.firstIndex(where: { $0.participant == sender }) {
                return effects.append(
                    .toInterface(tap, .sent(number: number, isConfirmed: isConfirmed, at: instant)))
            }
            guard sender.index < chips.count else { return }
            chips[sender.index].chip.sent(isConfirmed: isConfirmed, at: instant, actions: &chipActions)
            perform(chip: sender.index, at: instant, effects: &effects)
        }
    }

    private mutating func complete(
        _ octets: [UInt8], senders: [TP1Line.Participant], at instant: Instant, effects: inout [Effect]
    ) {
        for index in chips.indices {
            let isOwn = senders.contains(chips[index].participant)
            chips[index].chip.frameCompleted(octets, isOwn: isOwn, at: instant, actions: &chipActions)
            perform(chip: index, at: instant, effects: &effects)
        }
        let frame = devices.isEmpty ? nil : try? TP1Frame(octets: octets)
        for index in directory.receivers(of: frame, among: devices.indices)
        where !senders.contains(devices[index].participant) {
            // A device whose stack has not started receives nothing.
            guard devices[index].power.state == .running else { continue }
            if let frame {
                devices[index].device.received(frame, octets: octets, at: instant, actions: &deviceActions)
            } else {
                deviceActions.append(.say(.notAcknowledge))
            }
            perform(device: index, at: instant, effects: &effects)
            if let due = devices[index].device.nextDue { devicesDue = min(devicesDue ?? due, due) }
        }
        for index in taps.indices where taps[index].power.state == .running {
            let isOwn = senders.contains(taps[index].participant)
            effects.append(.toInterface(index, .frame(octets, isOwn: isOwn, at: instant)))
            guard !isOwn, let answer = taps[index].tap.answer(to: octets) else { continue }
            line.say(answer, from: taps[index].participant)
        }
    }

    private func tellInterfaces(_ event: LineTap.Event, effects: inout [Effect]) {
        for index in taps.indices where taps[index].power.state == .running {
            effects.append(.toInterface(index, event))
        }
    }

    private func record(of frame: TP1Line.FrameRecord) -> LineRecord.Frame {
        LineRecord.Frame(
            octets: frame.octets, acknowledge: frame.acknowledge, senders: frame.senders.map { names[$0.index] },
            began: clock.instant(of: frame.began), ended: clock.instant(of: frame.ended),
            isTruncated: frame.isTruncated, slots: frame.slots)
    }
}
