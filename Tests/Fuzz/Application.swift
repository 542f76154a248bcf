import KNX

/// A TPDU with where it goes: the first input octet says whether to a group (b0), to 0/0/0 or 0.0.0 (b1), as system broadcast (b2).
@_cdecl("LLVMFuzzerTestOneInput")
public func examine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe octets(data, count)
    guard let choice = input.first else { return 0 }
    let tpdu = Array(input.dropFirst())
    let isGroup = choice & 1 != 0
    let isZero = choice & 2 != 0
    var faults = Faults()
    let unit = TransportUnit(
        tpdu.span, isGroup: isGroup, destinationIsZero: isZero, isSystemBroadcast: choice & 4 != 0, faults: &faults,
        at: 0)
    judge(faults, within: tpdu.count, "TPDU")
    judge(unit.fields(tpdu: tpdu.span), "TPDU")
    judge(unit.decoded(tpdu: tpdu.span), "TPDU")
    compareControl(unit, tpdu, isGroup: isGroup, isZero: isZero)
    if let service = try? GroupService(transportUnit: tpdu), tpdu.count <= 255 {
        require((try? GroupService(transportUnit: service.transportUnit)) == service, "a group service changes")
        // The low bits of a read say nothing.
        require(
            service == .read || service.transportUnit.dropFirst() == tpdu.dropFirst(),
            "a group service is written otherwise")
    }
    do {
        let service = try ApplicationService(tpdu: tpdu)
        require(service.code.name == unit.service?.name || unit.service == nil, "the service depends on who reads it")
        judge(service.fields, "\(service.code.name)")
        // What no frame has room for cannot be written.
        guard tpdu.count <= 255, let transport = unit.transport, !transport.isControl else { return 0 }
        let written = service.tpdu(transport, sequence: unit.sequence ?? 0)
        require(written == tpdu, "\(service.code.name) is written otherwise: \(Hexadecimal.text(written))")
    } catch {
        require(error.offset <= tpdu.count, "\(error) lies outside")
        require(
            unit.service == nil || faults.contains { $0.layer == .application || $0.layer == .applicationUnknown },
            "the decoders disagree: \(error)")
    }
    return 0
}

/// Both decoders of the TPCI say the same.
private func compareControl(_ unit: TransportUnit, _ tpdu: [UInt8], isGroup: Bool, isZero: Bool) {
    let raw: UInt16 = isZero ? 0 : 0x0901
    let destination: Destination =
        isGroup ? .group(GroupAddress(raw: raw)) : .individual(IndividualAddress(raw: raw))
    guard let control = try? TransportControl(transportUnit: tpdu, destination: destination) else { return }
    let sequence: UInt8? =
        switch control {
        case .dataConnected(let number), .acknowledge(let number), .notAcknowledge(let number): number
        default: nil
        }
    require(unit.transport != nil && unit.sequence == sequence, "the decoders of the TPCI disagree")
}
