/// A unit of the TP1 data link layer with everything that is in it, as reports and JSON show it.
public struct LPDUDescription: Hashable, Sendable {
    public let frame: LPDUFrame
    /// Nil unless the unit is a sound L_Data frame of extended frame format 0.
    public let transportUnit: TransportUnit?
    public let faults: Faults
    /// What decoders of KNX agree on.
    public let fields: [Field]
    /// What can be said beyond.
    public let decoded: [Field]

    /// Reads `octets` down to the application layer; the faults' offsets count from their first, plus `base`.
    public init(_ octets: Span<UInt8>, at base: Int = 0) {
        var faults = Faults()
        frame = LPDUFrame(octets, faults: &faults, at: base)
        var fields = frame.fields
        var decoded: [Field] = []
        let place = frame.transportUnit
        if !place.isEmpty, frame.extendedFormat == 0 {
            let tpdu = octets.extracting(place)
            let unit = TransportUnit(
                tpdu, isGroup: frame.isGroupAddressed, destinationIsZero: frame.rawDestination == 0,
                isSystemBroadcast: false, faults: &faults, at: base + place.lowerBound)
            fields += unit.fields(tpdu: tpdu)
            decoded += unit.decoded(tpdu: tpdu)
            transportUnit = unit
        } else {
            transportUnit = nil
        }
        if frame.isData, frame.depth >= .header {
            decoded.append(Field("octets_on_the_line", .integer(octets.count)))
            decoded.append(Field("bit_times", .integer(BusTiming.frameBits(octets: octets.count))))
        }
        self.faults = faults
        self.fields = fields
        self.decoded = decoded
    }
}

extension LPDUFrame {
    /// The link layer's fields as far as they are known.
    public var fields: [Field] {
        if let acknowledge { return [Field("ack", .text(acknowledge.description))] }
        guard depth >= .header else { return [] }
        if kind == .poll {
            return [
                Field("kind", .text("L_Poll_Data")),
                Field("src", .text(source.description)),
                Field("dst", .text("0x" + hexadecimal(rawDestination, digits: 4))),
                Field("slots", .integer(Int(length))),
            ]
        }
        var fields = [
            Field("frame", .text(kind == .extended ? "extended" : "standard")),
            Field("priority", .text(priority.name)),
            Field("repeated", .boolean(isRepetition)),
            Field("src", .text(source.description)),
            Field("dst", .text(destination.description)),
            Field("addr_type", .text(isGroupAddressed ? "group" : "individual")),
            Field("hops", .integer(Int(hopCount))),
            Field("len", .integer(Int(length))),
        ]
        if kind == .extended { fields.append(Field("eff", .integer(Int(extendedFormat)))) }
        if let expectedCheck, depth < .body {
            fields.append(Field("expected_fcs", .text("0x" + hexadecimal(expectedCheck, digits: 2))))
        }
        return fields
    }
}
