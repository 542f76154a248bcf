import Documents
import KNX

extension RigDevice {
    /// The kinds by their names in rig files, with the keys that each of them has.
    private enum Name: String, CaseIterable {
        case `switch`, dimmer, button, sensor, thermostat

        var keys: [String] {
            switch self {
            case .switch: ["command", "status"]
            case .dimmer: ["command", "status", "dim", "value", "value_status", "ramp", "report"]
            case .button:
                [
                    "command", "status", "dim", "scene", "scene_number", "long_after", "pressed_every", "long_share",
                    "seed",
                ]
            case .sensor: ["group", "type", "start", "change", "limits", "threshold", "sample", "cycle", "seed"]
            case .thermostat:
                ["actual", "setpoint", "mode", "output", "setpoint_status", "start", "sample", "cycle"]
            }
        }
    }

    private static let commonKeys = [
        "address", "kind", "on_bus_failure", "on_bus_return", "sends_status", "send_delay", "status_delay",
        "response_delay", "power", "identity",
    ]

    init(_ node: Node) throws(DocumentFailure) {
        let name: Name = try node.required("kind").choice("kind of device")
        _ = try node.entries(of: "a device of kind '\(name.rawValue)'", keys: Self.commonKeys + name.keys)
        address = try node.required("address").individualAddress()
        kind = try Self.kind(name, node)
        onBusFailure = try node["on_bus_failure"]?.choice("behaviour on bus failure") ?? .unchanged
        onBusReturn = try node["on_bus_return"]?.choice("behaviour on bus return") ?? .unchanged
        sendsStatus = try node["sends_status"]?.bool() ?? false
        sendDelayNanoseconds = try node["send_delay"]?.nanoseconds() ?? 0
        statusDelayNanoseconds = try node["status_delay"]?.nanoseconds()
        responseDelayNanoseconds = try node["response_delay"]?.nanoseconds()
        power = try Power(node["power"])
        identity = try Identity(node["identity"])
    }

    private static func kind(_ name: Name, _ node: Node) throws(DocumentFailure) -> Kind {
        let group = { (key: String) throws(DocumentFailure) in try node.required(key).groupAddress() }
        switch name {
        case .switch: return .switchActuator(command: try group("command"), status: try group("status"))
        case .dimmer:
            return .dimmer(
                Dimmer(
                    command: try group("command"), status: try group("status"), dim: try node["dim"]?.groupAddress(),
                    value: try node["value"]?.groupAddress(), valueStatus: try node["value_status"]?.groupAddress(),
                    rampNanoseconds: try node["ramp"]?.positiveNanoseconds(),
                    reportNanoseconds: try node["report"]?.nanoseconds()))
        case .button: return .button(try Button(node))
        case .sensor: return .sensor(try Sensor(node))
        case .thermostat:
            return .thermostat(
                Thermostat(
                    actual: try group("actual"), setpoint: try group("setpoint"), mode: try group("mode"),
                    output: try group("output"), setpointStatus: try node["setpoint_status"]?.groupAddress(),
                    start: try node["start"]?.hundredths(500...4_000),
                    sampleNanoseconds: try node["sample"]?.positiveNanoseconds(),
                    cycleNanoseconds: try node["cycle"]?.positiveNanoseconds()))
        }
    }
}

extension RigDevice.Button {
    init(_ node: Node) throws(DocumentFailure) {
        command = try node.required("command").groupAddress()
        status = try node["status"]?.groupAddress()
        dim = try node["dim"]?.groupAddress()
        scene = try node["scene"]?.groupAddress()
        sceneNumber = try node["scene_number"]?.integer(1...64)
        longAfterNanoseconds = try node["long_after"]?.positiveNanoseconds()
        pressedEveryNanoseconds = try node["pressed_every"]?.positiveNanoseconds()
        longPercent = try node["long_share"]?.integer(0...100)
        seed = try node["seed"]?.seed()
        if dim != nil, let scene = node["scene"] { throw scene.failure("a long press dims or calls a scene, not both") }
        if let number = node["scene_number"], scene == nil {
            throw number.failure("a 'scene_number' goes with a 'scene'")
        }
        if scene != nil, sceneNumber == nil { throw node.failure("a 'scene' needs its 'scene_number'") }
        if let pressedEveryNanoseconds, pressedEveryNanoseconds < 10_000_000_000, let every = node["pressed_every"] {
            throw every.failure("a hand needs ten seconds between two presses on average")
        }
        for key in ["long_share", "seed"] where pressedEveryNanoseconds == nil {
            if let value = node[key] { throw value.failure("'\(key)' goes with 'pressed_every'") }
        }
    }
}

extension RigDevice.Sensor {
    init(_ node: Node) throws(DocumentFailure) {
        group = try node.required("group").groupAddress()
        let typeNode = try node.required("type")
        guard let type = DatapointType(parsing: try typeNode.text()) else {
            throw typeNode.failure("'\(try typeNode.text())' should be a datapoint type such as 9.001")
        }
        self.type = type
        let startNode = try node.required("start")
        start = try startNode.hundredths()
        change = try node["change"]?.hundredthsRange()
        let limitsNode = try node.required("limits")
        limits = try limitsNode.hundredthsRange()
        threshold = try node["threshold"]?.hundredths(1...100_000_000)
        sampleNanoseconds = try node["sample"]?.positiveNanoseconds()
        cycleNanoseconds = try node["cycle"]?.positiveNanoseconds()
        seed = try node["seed"]?.seed()
        guard limits.contains(start) else { throw startNode.failure("the 'start' lies outside the 'limits'") }
        for bound in [limits.lowerBound, limits.upperBound] where type.value(hundredths: bound) == nil {
            throw limitsNode.failure("\(try typeNode.text()) cannot carry all that lies within the 'limits'")
        }
    }
}

extension RigDevice.Power {
    init(_ node: Node?) throws(DocumentFailure) {
        guard let node else { return }
        _ = try node.entries(
            of: "the power of a device",
            keys: ["current", "save_below", "off_below", "run_from", "debounce", "logic_hold_up", "start"])
        milliamperes = try node["current"]?.milliamperes(0...1_000)
        saveMillivolts = try node["save_below"]?.millivolts(1...24_000)
        offMillivolts = try node["off_below"]?.millivolts(1...24_000)
        runMillivolts = try node["run_from"]?.millivolts(1...24_000)
        debounceNanoseconds = try node["debounce"]?.nanoseconds()
        logicHoldUpNanoseconds = try node["logic_hold_up"]?.nanoseconds()
        startNanoseconds = try node["start"]?.nanoseconds()
        guard saveMillivolts != nil || offMillivolts == nil && runMillivolts == nil else {
            throw node.failure("'off_below' and 'run_from' go with 'save_below'")
        }
        let levels = [offMillivolts, saveMillivolts, runMillivolts].compactMap(\.self)
        guard levels == levels.sorted() else {
            throw node.failure("the thresholds rise: off_below, save_below, run_from")
        }
    }
}

extension RigDevice.Identity {
    init(_ node: Node?) throws(DocumentFailure) {
        guard let node else { return }
        _ = try node.entries(
            of: "the identity of a device",
            keys: ["mask", "manufacturer", "serial", "order", "firmware", "programming_mode"])
        mask = try node["mask"].map { node throws(DocumentFailure) in UInt16(try node.hexadecimal(digits: 4)) }
        manufacturer = try node["manufacturer"].map { node throws(DocumentFailure) in
            UInt16(try node.hexadecimal(digits: 4))
        }
        serial = try node["serial"]?.hexadecimal(digits: 8)
        order = try node["order"]?.text()
        if let order, let orderNode = node["order"], !(1...10).contains(order.utf8.count) {
            throw orderNode.failure("the order information has one to ten characters")
        }
        firmware = try node["firmware"].map { node throws(DocumentFailure) in UInt8(try node.integer(0...255)) }
        isProgramming = try node["programming_mode"]?.bool()
    }
}
