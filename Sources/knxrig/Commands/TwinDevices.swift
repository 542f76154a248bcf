import KNX
import Rigs
import Twin

extension TwinConfiguration {
    /// Puts a building on each line, at addresses that nobody has whom the rig file names.
    mutating func addBuildings(of count: Int, on rigLines: [RigLine], seed: UInt64) throws {
        for (place, line) in rigLines.enumerated() {
            let addresses = Array(line.unclaimedAddresses.prefix(count))
            guard addresses.count >= 8 else {
                throw UsageFailure("the line '\(line.id)' has no eight addresses left for a building")
            }
            let switches = line.devices.compactMap { device -> Building.Switch? in
                guard case .switchActuator(let command, let status) = device.kind else { return nil }
                return Building.Switch(command: command, status: status)
            }
            let building = Building(
                groups: line.groups, addresses: addresses, switches: switches,
                seed: seed &+ UInt64(place))
            lines[place].devices += building.devices
        }
    }
}

extension SupplyParameters {
    /// As a rig file has it; what it does not say is as the twin has it, with a supply that is switched on its mains side.
    init(_ supply: RigLine.Supply?) {
        self.init(holdUpNanoseconds: supply?.holdUpNanoseconds ?? 100_000_000)
        if let nominal = supply?.nominalMillivolts { nominalMillivolts = nominal }
        if let load = supply?.loadMilliamperes { loadMilliamperes = load }
        if let capacitance = supply?.capacitanceMicrofarads { capacitanceMicrofarads = capacitance }
        if let rise = supply?.riseNanoseconds { riseNanoseconds = rise }
    }
}

extension LineNoise {
    init(_ noise: RigNoise) {
        self.init(seed: noise.seed, flippedPerMillion: noise.flippedPerMillion)
    }
}

extension SerialNoise {
    init(_ noise: RigSerialNoise) {
        self.init(seed: noise.seed, lostPerMillion: noise.lostPerMillion, extraPerMillion: noise.extraPerMillion)
    }
}

extension SimulatedDevice.Configuration {
    init(_ device: RigDevice, on line: RigLine) {
        let bus = BusBehaviour(
            onFailure: BusBehaviour.Failure(rawValue: device.onBusFailure.rawValue) ?? .unchanged,
            onReturn: BusBehaviour.Return(rawValue: device.onBusReturn.rawValue) ?? .unchanged,
            sendsStatus: device.sendsStatus, sendDelayNanoseconds: device.sendDelayNanoseconds)
        let seed = UInt64(device.address.raw)
        self.init(
            id: device.address.description, address: device.address,
            functions: [DeviceFunction(device.kind, bus: bus, seed: seed)],
            power: BusPowerParameters(device.power, nominalMillivolts: SupplyParameters(line.supply).nominalMillivolts),
            identity: DeviceIdentity(device.identity, address: device.address))
        if let delay = device.statusDelayNanoseconds { statusDelayNanoseconds = delay }
        if let delay = device.responseDelayNanoseconds { responseDelayNanoseconds = delay }
    }
}

extension DeviceFunction {
    /// - Parameter seed: what a device of its own seed draws from.
    init(_ kind: RigDevice.Kind, bus: BusBehaviour, seed: UInt64) {
        switch kind {
        case .switchActuator(let command, let status):
            self = .switchActuator(.init(command: command, status: status, bus: bus))
        case .dimmer(let dimmer):
            var configuration = DimmingActuator.Configuration(
                command: dimmer.command, dim: dimmer.dim, value: dimmer.value, status: dimmer.status,
                valueStatus: dimmer.valueStatus, bus: bus)
            if let ramp = dimmer.rampNanoseconds { configuration.rampNanoseconds = ramp }
            if let report = dimmer.reportNanoseconds { configuration.reportNanoseconds = report }
            self = .dimmingActuator(configuration)
        case .button(let button):
            var configuration = PushButton.Configuration(command: button.command, status: button.status)
            if let dim = button.dim { configuration.long = .dim(dim) }
            if let scene = button.scene, let number = button.sceneNumber {
                configuration.long = .scene(scene, number: UInt8(number - 1))
            }
            if let after = button.longAfterNanoseconds { configuration.longAfterNanoseconds = after }
            configuration.hand = button.pressedEveryNanoseconds.map {
                SeededHand(seed: button.seed ?? seed, everyNanoseconds: $0, longPercent: button.longPercent ?? 0)
            }
            self = .pushButton(configuration)
        case .sensor(let sensor):
            var configuration = Sensor.Configuration(
                group: sensor.group, type: sensor.type, hundredths: sensor.start, limits: sensor.limits,
                seed: sensor.seed ?? seed, bus: bus)
            if let change = sensor.change { configuration.change = change }
            if let threshold = sensor.threshold { configuration.threshold = threshold }
            if let sample = sensor.sampleNanoseconds { configuration.sampleNanoseconds = sample }
            if let cycle = sensor.cycleNanoseconds { configuration.cycleNanoseconds = cycle }
            self = .sensor(configuration)
        case .thermostat(let thermostat):
            var configuration = Thermostat.Configuration(
                actual: thermostat.actual, setpoint: thermostat.setpoint, mode: thermostat.mode,
                output: thermostat.output, setpointStatus: thermostat.setpointStatus, bus: bus)
            if let start = thermostat.start { configuration.setpointHundredths = start }
            if let sample = thermostat.sampleNanoseconds { configuration.sampleNanoseconds = sample }
            if let cycle = thermostat.cycleNanoseconds { configuration.cycleNanoseconds = cycle }
            self = .thermostat(configuration)
        }
    }
}

extension BusPowerParameters {
    init(_ power: RigDevice.Power, nominalMillivolts: Int64) {
        let usual = BusPowerParameters.device(nominalMillivolts: nominalMillivolts)
        self.init(
            saveMillivolts: power.saveMillivolts ?? usual.saveMillivolts,
            saveDebounceNanoseconds: power.debounceNanoseconds ?? usual.saveDebounceNanoseconds,
            offMillivolts: power.offMillivolts,
            logicHoldUpNanoseconds: power.logicHoldUpNanoseconds ?? usual.logicHoldUpNanoseconds,
            wakeMillivolts: power.runMillivolts ?? usual.wakeMillivolts,
            startNanoseconds: power.startNanoseconds ?? usual.startNanoseconds,
            milliamperes: power.milliamperes ?? usual.milliamperes)
    }
}

extension DeviceIdentity {
    init(_ identity: RigDevice.Identity, address: IndividualAddress) {
        self.init(serial: identity.serial ?? UInt32(address.raw), isProgramming: identity.isProgramming ?? false)
        if let mask = identity.mask { self.mask = mask }
        if let manufacturer = identity.manufacturer { self.manufacturer = manufacturer }
        if let order = identity.order { self.order = order }
        if let firmware = identity.firmware { self.firmware = firmware }
    }
}
