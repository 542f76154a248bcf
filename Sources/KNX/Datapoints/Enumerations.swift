/// Type 20: one octet, a code with a name (KNX standard 3/7/2). Later editions of the standard extend them.
extension DatapointRow {
    static let enumerations: [DatapointRow] = {
        let tables: [(sub: UInt16, Enumeration)] = system + building + climate + lightAndMedia
        return [DatapointRow(20, nil, .unsigned(octets: 1, range: 0...0xFF))]
            + tables.map { DatapointRow(20, $0.sub, .enumeration($0.1)) }
    }()

    private static let system: [(sub: UInt16, Enumeration)] = [
        (1, Enumeration("AUTONOMOUS", "SLAVE", "MASTER")),
        (4, Enumeration("HIGH", "MEDIUM", "LOW", "VOID")),
        (
            6,
            Enumeration([
                (0, "NO_FAULT"), (1, "COMMON"), (10, "HVAC_GENERAL"), (11, "HVAC_HOT_WATER_HEATING"),
                (12, "HVAC_DIRECT_ELECTRICAL_HEATING"), (13, "HVAC_TERMINAL_UNITS"), (14, "HVAC_VENTILATION"),
                (20, "LIGHTING"), (30, "SECURITY"), (40, "LOAD_MANAGEMENT"), (50, "SHUTTERS_AND_BLINDS"),
            ])
        ),
        (7, Enumeration(from: 1, "SIMPLE_ALARM", "BASIC_ALARM", "EXTENDED_ALARM")),
        (8, Enumeration("DISABLED", "ENABLED", "AUTO")),
        (
            11,
            Enumeration(
                "NO_FAULT", "GENERAL_DEVICE_FAULT", "COMMUNICATION_FAULT", "CONFIGURATION_FAULT", "HARDWARE_FAULT",
                "SOFTWARE_FAULT", "INSUFFICIENT_NON_VOLATILE_MEMORY", "INSUFFICIENT_VOLATILE_MEMORY",
                "MEMORY_ALLOCATION_ZERO", "CHECKSUM_ERROR", "WATCHDOG_RESET", "STACK_OVERFLOW_RESET", "TASK_ERROR",
                "UNKNOWN_ERROR_13", "UNKNOWN_ERROR_14", "UNKNOWN_ERROR_15", "UNKNOWN_ERROR_16", "UNKNOWN_ERROR_17",
                "UNKNOWN_ERROR_18")
        ),
        (
            13,
            Enumeration(
                "NOT_ACTIVE", "1_SECOND", "2_SECONDS", "3_SECONDS", "5_SECONDS", "10_SECONDS", "15_SECONDS",
                "20_SECONDS", "30_SECONDS", "45_SECONDS", "1_MINUTE", "1_MINUTE_15_SECONDS", "1_MINUTE_30_SECONDS",
                "2_MINUTES", "2_MINUTES_30_SECONDS", "3_MINUTES", "5_MINUTES", "15_MINUTES", "20_MINUTES",
                "30_MINUTES", "1_HOUR", "2_HOURS", "3_HOURS", "5_HOURS", "12_HOURS", "24_HOURS")
        ),
        (
            1000,
            Enumeration([
                (0, "DATA_LINK_LAYER"), (1, "BUS_MONITOR"), (2, "RAW_FRAMES"), (6, "TRANSPORT_LAYER"),
                (0xFF, "NO_LAYER"),
            ])
        ),
        (
            1001,
            Enumeration(
                from: 1, "PL_MEDIUM_INFORMATION", "RF_MEDIUM_INFORMATION", "BUS_MONITOR_STATUS", "RELATIVE_TIMESTAMP",
                "TIME_DELAY", "EXTENDED_RELATIVE_TIMESTAMP", "BIBAT_INFORMATION")
        ),
        (1004, Enumeration([(0, "TP1"), (1, "PL110"), (2, "RF"), (5, "IP")])),
    ]

    private static let building: [(sub: UInt16, Enumeration)] = [
        (2, Enumeration("IN_USE", "NOT_USED", "PROTECTION")),
        (3, Enumeration("OCCUPIED", "STANDBY", "NOT_OCCUPIED")),
        (5, Enumeration("NORMAL", "PRESENCE_SIMULATION", "NIGHT_ROUND")),
        (
            14,
            Enumeration(
                "CALM", "LIGHT_AIR", "LIGHT_BREEZE", "GENTLE_BREEZE", "MODERATE_BREEZE", "FRESH_BREEZE",
                "STRONG_BREEZE", "NEAR_GALE", "GALE", "STRONG_GALE", "STORM", "VIOLENT_STORM", "HURRICANE")
        ),
        (17, Enumeration("INACTIVE", "DIGITAL", "ANALOG", "TEMPERATURE_20_TO_70", "TEMPERATURE_0_TO_127")),
    ]

    private static let climate: [(sub: UInt16, Enumeration)] = [
        (12, Enumeration("NO_FAULT", "SENSOR_FAULT", "PROCESS_FAULT", "ACTUATOR_FAULT", "OTHER_FAULT")),
        (102, Enumeration("AUTO", "COMFORT", "STANDBY", "ECONOMY", "BUILDING_PROTECTION")),
        (103, Enumeration("AUTO", "LEGIO_PROTECTION", "NORMAL", "REDUCED", "OFF")),
        (
            105,
            Enumeration([
                (0, "AUTO"), (1, "HEAT"), (2, "MORNING_WARMUP"), (3, "COOL"), (4, "NIGHT_PURGE"), (5, "PRECOOL"),
                (6, "OFF"), (7, "TEST"), (8, "EMERGENCY_HEAT"), (9, "FAN_ONLY"), (10, "FREE_COOL"), (11, "ICE"),
                (12, "MAXIMUM_HEATING_MODE"), (13, "ECONOMIC_HEAT_COOL_MODE"), (14, "DEHUMIDIFICATION"),
                (15, "CALIBRATION_MODE"), (16, "EMERGENCY_COOL_MODE"), (17, "EMERGENCY_STEAM_MODE"), (20, "NODEM"),
            ])
        ),
        (
            106,
            Enumeration(
                "NORMAL", "EMERGENCY_PRESSURE", "EMERGENCY_DEPRESSURE", "EMERGENCY_PURGE", "EMERGENCY_SHUTDOWN",
                "EMERGENCY_FIRE")
        ),
        (107, Enumeration("AUTO", "COOLING_ONLY", "HEATING_ONLY")),
        (
            108,
            Enumeration(
                from: 1, "HEATING_STAGE_A", "HEATING_STAGE_B", "COOLING_STAGE_A", "COOLING_STAGE_B",
                "HEATING_AND_COOLING")
        ),
        (111, Enumeration("OFF", "PERMANENT", "INTERVALS")),
        (113, Enumeration("NORMAL", "ALTERNATIVE", "PROTECTION")),
    ]

    private static let lightAndMedia: [(sub: UInt16, Enumeration)] = [
        (602, Enumeration((0...15).map { ($0, "FADE_\($0)") })),
        (604, Enumeration("AUTO", "MANUAL")),
    ]
}
