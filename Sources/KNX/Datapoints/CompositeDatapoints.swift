/// Values that consist of several members (KNX standard 3/7/2): access, scenes, alarms, metering, versions, settings.
extension DatapointRow {
    static let composites: [DatapointRow] =
        layouts.flatMap { main, sub, layout in
            (main == 6 || main == 25
                ? [] : [DatapointRow(main, nil, .layout(layout))]) + [DatapointRow(main, sub, .layout(layout))]
        } + opaque

    private static let layouts: [(UInt16, UInt16, DatapointLayout)] = [
        (6, 20, statusMode), (15, 0, accessData), (18, 1, sceneControl), (25, 1000, repetitions),
        (26, 1, sceneInformation),
        (217, 1, version), (219, 1, alarmInformation), (221, 1, serialNumber), (222, 100, setpoints),
        (225, 1, scalingSpeed), (229, 1, meteringValue), (230, 1000, meterBusAddress), (231, 1, locale),
        (235, 1, tariffEnergy), (240, 800, blindPosition), (241, 800, blindStatus),
    ]

    /// Combinations of heating and ventilation that are carried as they are, and the nibbles of 25 without a subtype.
    private static let opaque: [DatapointRow] =
        [25, 206, 207].map { DatapointRow($0, nil, .opaque) }

    private static let octet = 0...0xFF

    /// 6.020: flags that are set when their bit is 0, and one of three modes.
    private static let statusMode = DatapointLayout(
        bits: 8,
        ["status_a", "status_b", "status_c", "status_d", "status_e"].enumerated().map {
            .init($0.element, at: 7 - $0.offset, .invertedFlag)
        } + [.init("mode", at: 0, width: 3, .names(Enumeration([(1, "MODE_0"), (2, "MODE_1"), (4, "MODE_2")])))])

    private static let accessData = DatapointLayout(
        bits: 32,
        [
            .init("code", at: 8, width: 24, .digits), .init("error", at: 7, .flag), .init("permission", at: 6, .flag),
            .init("read_direction", at: 5, .flag), .init("encrypted", at: 4, .flag),
            .init("index", at: 0, width: 4, .unsigned(0...15)),
        ])

    private static let sceneControl = DatapointLayout(
        bits: 8, [.init("learn", at: 7, .flag), .init("scene_number", at: 0, width: 6, .unsigned(0...63, offset: 1))])

    private static let repetitions = DatapointLayout(
        bits: 8,
        [.init("busy", at: 4, width: 4, .unsigned(0...15)), .init("nak", at: 0, width: 4, .unsigned(0...15))])

    /// 26.001 counts its scenes as types 17 and 18 do.
    private static let sceneInformation = DatapointLayout(
        bits: 8,
        [
            .init("active", at: 6, .invertedFlag),
            .init("scene_number", at: 0, width: 6, .unsigned(0...63, offset: 1)),
        ])

    private static let version = DatapointLayout(
        bits: 16,
        [
            .init("magic", at: 11, width: 5, .unsigned(0...31)), .init("version", at: 6, width: 5, .unsigned(0...31)),
            .init("revision", at: 0, width: 6, .unsigned(0...63)),
        ])

    private static let alarmInformation = DatapointLayout(
        bits: 48,
        [
            .init("log_number", at: 40, width: 8, .unsigned(octet)),
            .init("priority", at: 32, width: 8, .names(named(4))),
            .init("application_area", at: 24, width: 8, .names(named(6))),
            .init("error_class", at: 16, width: 8, .names(named(11))),
            .init("acknowledge_supported", at: 8, .flag), .init("time_stamp_supported", at: 9, .flag),
            .init("text_supported", at: 10, .flag), .init("error_code_supported", at: 11, .flag),
            .init("in_alarm", at: 0, .flag), .init("unacknowledged", at: 1, .flag), .init("locked", at: 2, .flag),
        ])

    private static let serialNumber = DatapointLayout(
        bits: 48,
        [
            .init("manufacturer", at: 32, width: 16, .unsigned(0...0xFFFF)),
            .init("number", at: 0, width: 32, .unsigned(0...0xFFFF_FFFF)),
        ])

    private static let setpoints = DatapointLayout(
        bits: 48,
        [
            .init("comfort", at: 32, width: 16, .float16), .init("standby", at: 16, width: 16, .float16),
            .init("economy", at: 0, width: 16, .float16),
        ])

    private static let scalingSpeed = DatapointLayout(
        bits: 24, [.init("time_period", at: 8, width: 16, .tenths), .init("percent", at: 0, width: 8, .percent)])

    /// The unit code is that of the M-Bus, the last octet is type 21.001.
    private static let meteringValue = DatapointLayout(
        bits: 48,
        [
            .init("value", at: 16, width: 32, .signed), .init("unit_code", at: 8, width: 8, .unsigned(octet)),
            .init("out_of_service", at: 0, .flag), .init("fault", at: 1, .flag), .init("overridden", at: 2, .flag),
            .init("in_alarm", at: 3, .flag), .init("alarm_unacknowledged", at: 4, .flag),
        ])

    private static let meterBusAddress = DatapointLayout(
        bits: 64,
        [
            .init("manufacturer", at: 48, width: 16, .unsigned(0...0xFFFF)),
            .init("identification", at: 16, width: 32, .unsigned(0...0xFFFF_FFFF)),
            .init("version", at: 8, width: 8, .unsigned(octet)), .init("medium", at: 0, width: 8, .unsigned(octet)),
        ])

    private static let locale = DatapointLayout(
        bits: 32, [.init("language", at: 16, width: 16, .letters), .init("region", at: 0, width: 16, .letters)])

    private static let tariffEnergy = DatapointLayout(
        bits: 48,
        [
            .init("energy", at: 16, width: 32, .signed, .invalid(1)),
            .init("tariff", at: 8, width: 8, .unsigned(0...254), .invalid(0)),
        ])

    private static let blindPosition = DatapointLayout(
        bits: 24,
        [
            .init("height", at: 16, width: 8, .percent, .valid(0)),
            .init("slats", at: 8, width: 8, .percent, .valid(1)),
        ])

    /// 241.800 with its sixteen status bits as one number.
    private static let blindStatus = DatapointLayout(
        bits: 32,
        [
            .init("height", at: 24, width: 8, .percent), .init("slats", at: 16, width: 8, .percent),
            .init("status", at: 0, width: 16, .unsigned(0...0xFFFF)),
        ])

    private static func named(_ sub: UInt16) -> Enumeration {
        guard let row = enumerations.first(where: { $0.sub == sub }), case .enumeration(let names) = row.coding else {
            preconditionFailure("20.\(sub) is an enumeration")
        }
        return names
    }
}
