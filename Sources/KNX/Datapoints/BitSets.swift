/// Types 21, 22 and 27: sets of flags in one, two and four octets (KNX standard 3/7/2).
extension DatapointRow {
    static let bitSets: [DatapointRow] = [
        DatapointRow(21, nil, .unsigned(octets: 1, range: 0...0xFF)),
        DatapointRow(
            21, 1,
            .layout(
                DatapointLayout(
                    bits: 8, flags: "out_of_service", "fault", "overridden", "in_alarm", "alarm_unacknowledged"))),
        DatapointRow(
            21, 2, .layout(DatapointLayout(bits: 8, flags: "user_stopped", "own_individual_address", "verify_mode"))),
        DatapointRow(
            21, 601,
            .layout(
                DatapointLayout(
                    bits: 8, flags: "load_detection_error", "undervoltage", "overcurrent", "underload",
                    "defective_load", "lamp_failure", "overheat"))),
        DatapointRow(21, 1002, .layout(DatapointLayout(bits: 8, flags: "security_failure"))),
        DatapointRow(22, nil, .unsigned(octets: 2, range: 0...0xFFFF)),
        DatapointRow(
            22, 101,
            .layout(
                DatapointLayout(
                    bits: 16, flags: "fault", "status_eco", "flow_temperature_limit", "return_temperature_limit",
                    "morning_boost", "start_optimization", "stop_optimization", "heating_disabled", "heating",
                    "cooling_eco", "cooling_precool", "cooling_disabled", "dew_point_alarm", "frost_alarm",
                    "overheat_alarm"))),
        DatapointRow(22, 1000, .layout(DatapointLayout(bits: 16, flags: "", "tp1", "pl110", "", "rf", "ip"))),
        DatapointRow(27, nil, .layout(onOff)), DatapointRow(27, 1, .layout(onOff)),
    ]

    /// Sixteen outputs, each with its state in the lower half and its validity in the upper half.
    private static let onOff = DatapointLayout(
        bits: 32, (0..<16).map { .init("output_\($0 + 1)", at: $0, .flag, .valid(16 + $0)) })
}
