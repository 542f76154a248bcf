/// A secured APDU as it travels: the ASDU of the secure service, APCI 3F1 (KNX standard 3/3/7).
///
/// Nothing is decrypted or authenticated here; what is plain can be read.
public struct SecuredAPDU: Hashable, Sendable {
    public let control: SecureUnit
    /// The octets behind the security control field.
    public let body: [UInt8]

    /// S-A_Data: `sequence` (6 octets), the APDU, plain or encrypted as `isConfidential` says (at least 2), `code` (4).
    /// Octets of other lengths are errors of the caller.
    public init(
        isToolAccess: Bool, isConfidential: Bool, isSystemBroadcast: Bool, sequence: [UInt8], apdu: [UInt8],
        code: [UInt8]
    ) {
        precondition(
            sequence.count == 6 && apdu.count > 1 && code.count == 4,
            "6 octets of sequence, an APDU of at least 2, a code of 4")
        control = SecureUnit(
            controlField: (isToolAccess ? 0x80 : 0) | (isConfidential ? 0x10 : 0) | (isSystemBroadcast ? 8 : 0))
        body = sequence + apdu + code
    }

    /// Any service; a body that does not fit it is an error of the caller, as are reserved values.
    public init(control: SecureUnit, body: [UInt8]) {
        precondition(
            control.algorithm < 2 && control.service?.allows(asduCount: body.count + 1) == true,
            "the body fits the security control field")
        self.control = control
        self.body = body
    }

    /// Of S-A_Data and S-A_Sync_Req: counts the sender's messages under this key; 0 is invalid.
    public var sequence: UInt64? {
        guard control.service != .synchroniseResponse else { return nil }
        return body.prefix(6).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The message authentication code.
    public var code: [UInt8] { Array(body.suffix(4)) }

    /// The APDU of S-A_Data, its APCI first, where it is only authenticated.
    public var plainAPDU: [UInt8]? {
        guard control.service == .data, control.algorithm == 0, body.count >= 12 else { return nil }
        return Array(body[6..<(body.count - 4)])
    }

    /// The encrypted octets: an APDU, a challenge, or both next sequence numbers.
    public var encrypted: [UInt8]? {
        switch control.service {
        case .data where control.algorithm == 1 && body.count >= 12: Array(body[6..<(body.count - 4)])
        case .synchroniseRequest where body.count == 22: Array(body[12..<18])
        case .synchroniseResponse where body.count == 22: Array(body[6..<18])
        default: nil
        }
    }

    /// Of S-A_Sync_Req: whom it asks; zeros where the frame itself is addressed to the device.
    public var serialNumber: [UInt8]? {
        control.service == .synchroniseRequest && body.count == 22 ? Array(body[6..<12]) : nil
    }

    /// Of S-A_Sync_Res: the responder's random number XOR the challenge.
    public var maskedRandom: [UInt8]? {
        control.service == .synchroniseResponse && body.count == 22 ? Array(body[0..<6]) : nil
    }
}

extension SecuredAPDU: ASDU {
    init(_ reader: inout ASDUReader) {
        control = SecureUnit(controlField: UInt8(truncatingIfNeeded: reader.word(octets: 1)))
        body = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(control.controlField), octets: 1)
        writer.put(body)
    }

    var fields: [Field] {
        var fields = [
            Field("secure_service", control.service.map { .text($0.name) } ?? .null),
            Field("confidential", .boolean(control.algorithm == 1)),
        ]
        if let sequence {
            fields.append(Field("sequence", .integer(Int(sequence))))
            if sequence == 0 { fields.append(Field("note", .text("a sequence number of 0 is invalid"))) }
        }
        if let serialNumber { fields.append(Field("serial_number", .octets(serialNumber))) }
        if let maskedRandom { fields.append(Field("masked_random", .octets(maskedRandom))) }
        if let encrypted { fields.append(Field("encrypted", .octets(encrypted))) }
        if let plainAPDU { fields.append(Field("apdu", .object(Self.nested(plainAPDU)))) }
        fields.append(Field("mac", .octets(code)))
        return fields
    }

    /// The secured APDU in its own terms. Its first octet has no TPCI: these bits are zero.
    private static func nested(_ apdu: [UInt8]) -> [Field] {
        let apci = UInt16(apdu[0] & 3) << 8 | UInt16(apdu[1])
        let code = ApplicationServiceCode(apci: apci)
        let shown = code == .unknown || code == .userManufacturerSpecific ? apci : code.apci
        var fields = [
            Field("service", .text(code.name)), Field("apci", .text("0x" + hexadecimal(shown, digits: 3))),
            Field("asdu", .octets(Array(apdu[2...]))),
        ]
        if apdu[0] & 0xFC != 0 { fields.append(Field("note", .text("bits of a TPCI inside a secured APDU"))) }
        // A secured APDU inside a secured one is not taken apart again, so that no input nests without end.
        if code == .secureService { return fields }
        do throws(Fault) {
            let service = try ApplicationService(tpdu: apdu)
            fields.append(Field("decoded", .object(service.fields)))
        } catch {
            fields.append(Field("fault", .text(error.code.name)))
        }
        return fields
    }
}
