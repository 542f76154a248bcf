/// Types of whole numbers: 5 to 8, 12, 13, 17, 29, and 9 and 14 with fractions (KNX standard 3/7/2).
extension DatapointRow {
    static let integers: [DatapointRow] = {
        let octet = DatapointCoding.unsigned(octets: 1, range: 0...0xFF)
        let signedOctet = DatapointCoding.signed(octets: 1)
        let word = DatapointCoding.unsigned(octets: 2, range: 0...0xFFFF)
        let signedWord = DatapointCoding.signed(octets: 2)
        let long = DatapointCoding.unsigned(octets: 4, range: 0...0xFFFF_FFFF)
        let signedLong = DatapointCoding.signed(octets: 4)
        let huge = DatapointCoding.signed(octets: 8)
        let scene = DatapointCoding.unsigned(octets: 1, range: 0...63, offset: 1)
        var rows = [
            DatapointRow(5, nil, octet), DatapointRow(5, 1, .proportion(full: 100), "%"),
            DatapointRow(5, 3, .proportion(full: 360), "°"), DatapointRow(5, 4, octet, "%"), DatapointRow(5, 5, octet),
            DatapointRow(5, 6, .unsigned(octets: 1, range: 0...254)), DatapointRow(5, 10, octet, "counter pulses"),
            DatapointRow(6, nil, signedOctet), DatapointRow(6, 1, signedOctet, "%"),
            DatapointRow(6, 10, signedOctet, "counter pulses"),
            DatapointRow(7, nil, word), DatapointRow(7, 1, word, "pulses"),
            DatapointRow(7, 3, .unsigned(octets: 2, range: 0...0xFFFF, multiplier: 10), "ms"),
            DatapointRow(7, 4, .unsigned(octets: 2, range: 0...0xFFFF, multiplier: 100), "ms"),
            DatapointRow(7, 10, word),
            DatapointRow(8, nil, signedWord), DatapointRow(8, 1, signedWord, "pulses"),
            DatapointRow(8, 3, .signed(octets: 2, multiplier: 10), "ms"),
            DatapointRow(8, 4, .signed(octets: 2, multiplier: 100), "ms"),
            DatapointRow(8, 10, .hundredths, "%"),
            DatapointRow(12, nil, long), DatapointRow(13, nil, signedLong),
            DatapointRow(17, nil, scene), DatapointRow(17, 1, scene),
            DatapointRow(29, nil, huge), DatapointRow(29, 10, huge, "Wh"), DatapointRow(29, 11, huge, "VAh"),
            DatapointRow(29, 12, huge, "VARh"), DatapointRow(238, nil, octet),
        ]
        let times: [(UInt16, String)] = [(2, "ms"), (5, "s"), (6, "min"), (7, "h")]
        for (sub, unit) in times + [(11, "mm"), (12, "mA"), (13, "lx"), (600, "K")] {
            rows.append(DatapointRow(7, sub, word, unit))
        }
        for (sub, unit) in times + [(11, "°"), (12, "m")] { rows.append(DatapointRow(8, sub, signedWord, unit)) }
        let counts: [(UInt16, String)] = [(1, "counter pulses"), (100, "s"), (1200, "L"), (1201, "m³")]
        for (sub, unit) in counts + [(101, "min"), (102, "h")] { rows.append(DatapointRow(12, sub, long, unit)) }
        let energies: [(UInt16, String)] = [
            (2, "m³/h"), (10, "Wh"), (11, "VAh"), (12, "VARh"), (13, "kWh"), (14, "kVAh"), (15, "kVARh"), (16, "MWh"),
        ]
        for (sub, unit) in counts + energies { rows.append(DatapointRow(13, sub, signedLong, unit)) }
        return rows
    }()

    static let floats: [DatapointRow] = {
        var rows = [DatapointRow(9, nil, .float16()), DatapointRow(14, nil, .single)]
        for (sub, unit) in halfUnits { rows.append(DatapointRow(9, sub, .float16(), unit)) }
        for (sub, unit, minimum) in boundedHalfUnits {
            rows.append(DatapointRow(9, sub, .float16(minimum: minimum), unit))
        }
        for (sub, unit) in singleUnits.enumerated() {
            rows.append(DatapointRow(14, UInt16(sub), .single, unit.isEmpty ? nil : unit))
        }
        rows.append(DatapointRow(14, 1200, .single, "m³/h"))
        rows.append(DatapointRow(14, 1201, .single, "L/s"))
        return rows
    }()

    private static let halfUnits: [(UInt16, String)] = [
        (2, "K"), (3, "K/h"), (9, "m³/h"), (10, "s"), (11, "ms"), (20, "mV"), (21, "mA"), (22, "W/m²"), (23, "K/%"),
        (24, "kW"), (25, "L/h"), (26, "L/m²"),
    ]

    /// With the least value in hundredths.
    private static let boundedHalfUnits: [(UInt16, String, Int)] = [
        (1, "°C", -27300), (4, "lx", 0), (5, "m/s", 0), (6, "Pa", 0), (7, "%", 0), (8, "ppm", 0), (27, "°F", -45960),
        (28, "km/h", 0), (29, "g/m³", 0), (30, "\u{3BC}g/m³", 0),
    ]

    /// From 14.000 on.
    private static let singleUnits: [String] = [
        "m/s²", "rad/s²", "J/mol", "s⁻¹", "mol", "", "rad", "°", "J s", "rad/s", "m²", "F", "C/m²", "C/m³", "m²/N", "S",
        "S/m", "kg/m³", "C", "A", "A/m²", "C m", "C/m²", "V/m", "c", "C/m²", "C/m²", "V", "V", "A m²", "V", "J", "N",
        "Hz", "rad/s", "J/K", "W", "J", "Ω", "m", "lm s", "cd/m²", "lm", "cd", "A/m", "Wb", "T", "A m²", "T", "A/m",
        "A", "kg", "kg/s", "N/s", "rad", "°", "W", "", "Pa", "Ω", "Ω", "Ωm", "H", "sr", "W/m²", "m/s", "Pa", "N/m",
        "°C", "K", "K", "J/K", "W/mK", "V/K", "s", "Nm", "m³", "m³/s", "N", "J", "VA",
    ]
}
