/// Types 1, 2, 3 and 23, which ride in the low six bits of the APCI octet (KNX standard 3/7/2).
extension DatapointRow {
    /// The states of the subtypes of type 1, of which 2.001 to 2.012 take the first twelve.
    private static let states: [(sub: UInt16, zero: String, one: String)] = [
        (1, "OFF", "ON"), (2, "FALSE", "TRUE"), (3, "DISABLE", "ENABLE"), (4, "NO_RAMP", "RAMP"),
        (5, "NO_ALARM", "ALARM"), (6, "LOW", "HIGH"), (7, "DECREASE", "INCREASE"), (8, "UP", "DOWN"),
        (9, "OPEN", "CLOSE"), (10, "STOP", "START"), (11, "INACTIVE", "ACTIVE"), (12, "NOT_INVERTED", "INVERTED"),
        (13, "START_STOP", "CYCLICALLY"), (14, "FIXED", "CALCULATED"), (15, "NO_ACTION", "RESET"),
        (16, "NO_ACTION", "ACKNOWLEDGE"), (17, "TRIGGER_0", "TRIGGER"), (18, "NOT_OCCUPIED", "OCCUPIED"),
        (19, "CLOSED", "OPEN"), (21, "OR", "AND"), (22, "SCENE_A", "SCENE_B"), (23, "UP_DOWN_MODE", "STEP_STOP_MODE"),
        (24, "DAY", "NIGHT"), (100, "COOL", "HEAT"), (1200, "CONSUMER", "PRODUCER"), (1201, "POSITIVE", "NEGATIVE"),
    ]

    static let binary: [DatapointRow] = {
        var rows = [
            DatapointRow(1, nil, .bit(Enumeration("FALSE", "TRUE"))),
            DatapointRow(2, nil, controlled("FALSE", "TRUE")),
            DatapointRow(3, nil, .step(Enumeration("DECREASE", "INCREASE"))),
            DatapointRow(3, 7, .step(Enumeration("DECREASE", "INCREASE"))),
            DatapointRow(3, 8, .step(Enumeration("UP", "DOWN"))),
            DatapointRow(23, nil, .twoBits(Enumeration([]))),
            DatapointRow(23, 1, .twoBits(Enumeration("OFF", "ON", "OFF_ON", "ON_OFF"))),
            DatapointRow(23, 2, .twoBits(Enumeration("NO_ALARM", "ALARM_RISING", "ALARM_FALLING", "ALARM_TOGGLE"))),
            DatapointRow(23, 3, .twoBits(Enumeration("UP", "DOWN", "UP_DOWN", "DOWN_UP"))),
            DatapointRow(
                23, 102,
                .twoBits(
                    Enumeration(
                        "COMFORT_ECONOMY", "COMFORT_NOTHING", "ECONOMY_NOTHING", "BUILDING_PROTECTION_AUTO"))),
        ]
        for state in states {
            rows.append(DatapointRow(1, state.sub, .bit(Enumeration(state.zero, state.one))))
            if state.sub <= 12 { rows.append(DatapointRow(2, state.sub, controlled(state.zero, state.one))) }
        }
        return rows
    }()

    private static func controlled(_ zero: String, _ one: String) -> DatapointCoding {
        .layout(
            DatapointLayout(
                bits: 2,
                [.init("control", at: 1, .flag), .init("value", at: 0, width: 1, .names(Enumeration(zero, one)))]))
    }
}
