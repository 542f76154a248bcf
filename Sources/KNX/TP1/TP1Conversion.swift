/// Telegrams of the TP1 line as cEMI messages and back (KNX standard 3/6/3; the octets measured with knxd 0.14.54 both ways).
extension LinkData {
    /// The indication of a frame that came over the line. Ctrl1 is the line's control octet as it is, and a repetition stays one.
    ///
    /// Throws what is wrong with the frame; `controlInvalid` also for a poll and an acknowledge, which are no L_Data.
    public init(indicationOf lpdu: Span<UInt8>, additionalInformation: [AdditionalInformation] = []) throws(Fault) {
        var faults = Faults()
        let frame = LPDUFrame(lpdu, faults: &faults)
        if let worst = faults.worst, worst.severity == .reject { throw worst }
        guard frame.isData else { throw Fault(.controlInvalid, .link, at: 0) }
        self.init(
            .indication, additionalInformation: additionalInformation, isExtended: frame.kind == .extended,
            repeatBit: !frame.isRepetition, priority: frame.priority, source: frame.source,
            destination: frame.destination, hopCount: frame.hopCount, extendedFormat: frame.extendedFormat,
            transportUnit: KNX.octets(lpdu.extracting(frame.transportUnit)))
    }

    /// The frame to send for this request: standard format when it fits, R = 1 whatever the request says, since the first attempt is no
    /// repetition, and `ownAddress` in the place of source 0.0.0. Nil for a radio frame without length that is longer than any of TP1.
    public func tp1Frame(ownAddress: IndividualAddress) -> TP1Frame? {
        guard transportUnit.count <= 255 else { return nil }
        return TP1Frame(
            priority: priority, source: source.raw == 0 ? ownAddress : source, destination: destination,
            hopCount: hopCount, extendedFormat: extendedFormat, transportUnit: transportUnit)
    }

    /// Of a request, whether the sender may repeat a frame that was not acknowledged. The frame itself does not say it.
    public var allowsRepetition: Bool { repeatBit }
}
