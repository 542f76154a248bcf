/// What lies in a stretch of the octets that a transceiver sent to its host, when nothing is known of the instants: the octets are read as if each
/// had come at the pace of the line, and the stretch as if silence followed it. In such a stretch an acknowledge character stands for itself.
public struct TransceiverStretch: Hashable, Sendable {
    /// One frame or service.
    public struct Item: Hashable, Sendable {
        /// Where its octets lie in the stretch.
        public let range: Range<Int>
        public let content: Content
    }

    public enum Content: Hashable, Sendable {
        /// A frame of the line; `LPDUFrame` says what is wrong with it.
        case frame
        case reset
        case state(TransceiverState)
        case confirmation(isPositive: Bool)
        case acknowledge(Acknowledge)
        case configuration(TransceiverConfiguration)
        case frameState(TransceiverFrameState)
        case systemState(TransceiverSystemState)
        case stopMode
        /// No service, and no frame.
        case noise
    }

    public let items: [Item]
    /// Faults of the frames and octets that are none, in their order, at offsets of the stretch.
    public let faults: [Fault]
    /// `contents`: a list with an object for each item.
    public let fields: [Field]

    public init(_ octets: [UInt8]) {
        var items: [Item] = []
        var offset = 0
        var stream = TransceiverStream(chip: .ncn51xx, mode: .link)
        func add(_ outputs: [TransceiverStream.Output]) {
            for output in outputs {
                let (content, count) = Self.content(output)
                // What the decoder held back never ends behind the stretch.
                let range = offset..<min(offset + count, octets.count)
                offset = range.upperBound
                items.append(Item(range: range, content: content))
            }
        }
        for (index, octet) in octets.enumerated() {
            add(stream.feed(octet, atNanoseconds: IncomingFrame.pitchNanoseconds(index)))
        }
        add(stream.tick(atNanoseconds: IncomingFrame.pitchNanoseconds(octets.count) + 10_000_000_000))

        var faults: [Fault] = []
        if octets.isEmpty { faults.append(Fault(.empty, .frame, at: 0)) }
        var list: [Field.Value] = []
        for item in items {
            var members = [Field("service", .text(item.name)), Field("offset", .integer(item.range.lowerBound))]
            let span = octets.span.extracting(item.range)
            members.append(Field("octets", .octets(Array(octets[item.range]))))
            members += item.meaning
            switch item.content {
            case .frame:
                let frame = LPDUDescription(span, at: item.range.lowerBound)
                members += [Field("tp1", .object(frame.fields))]
                members.append(Field("tp1_error", frame.faults.worst.map { .text($0.code.name) } ?? .null))
                faults += frame.faults
            case .noise: faults.append(Fault(.serviceUnknown, .link, at: item.range.lowerBound))
            default: break
            }
            list.append(.object(members))
        }
        self.items = items
        self.faults = faults
        fields = [Field("contents", .list(list))]
    }

    /// What an output is, and how many octets it was.
    private static func content(_ output: TransceiverStream.Output) -> (Content, Int) {
        switch output {
        case .line(.frame(let frame)): (.frame, frame.octets.count)
        case .line(.reset): (.reset, 1)
        case .line(.state(let octet, _)): (.state(TransceiverState(rawValue: octet)), 1)
        case .line(.confirmation(let isPositive, _)): (.confirmation(isPositive: isPositive), 1)
        case .line(.acknowledge(let octet, _)): (Acknowledge(octet).map { .acknowledge($0) } ?? .noise, 1)
        case .line(.configuration(let octet, _)): (.configuration(TransceiverConfiguration(rawValue: octet)), 1)
        case .line(.frameState(let octet, _)): (.frameState(TransceiverFrameState(rawValue: octet)), 1)
        case .line(.systemState(let octet, _)): (.systemState(TransceiverSystemState(octet: octet)), 2)
        case .line(.noise(let octets, _)): (.noise, octets.count)
        case .stopMode: (.stopMode, 1)
        // These come only to a host that asked for them.
        case .frameCheck: (.noise, 2)
        case .frameEnd, .answer: (.noise, 1)
        }
    }
}

extension TransceiverStretch.Item {
    /// `L_Data.con`, as the chip's manual calls it; `frame` and `noise` are none of its services.
    public var name: String {
        switch content {
        case .frame: "frame"
        case .reset: "Reset.ind"
        case .state: "State.ind"
        case .confirmation: "L_Data.con"
        case .acknowledge: "acknowledge"
        case .configuration: "U_Configure.ind"
        case .frameState: "U_FrameState.ind"
        case .systemState: "U_SystemState.ind"
        case .stopMode: "U_StopMode.ind"
        case .noise: "noise"
        }
    }

    /// What the service says.
    var meaning: [Field] {
        switch content {
        case .frame, .reset, .stopMode, .noise: []
        case .confirmation(let isPositive): [Field("positive", .boolean(isPositive))]
        case .acknowledge(let acknowledge): [Field("ack", .text(acknowledge.description))]
        case .state(let state):
            [
                Field("slave_collision", .boolean(state.contains(.slaveCollision))),
                Field("receive_error", .boolean(state.contains(.receiveError))),
                Field("transmitter_error", .boolean(state.contains(.transmitterError))),
                Field("protocol_error", .boolean(state.contains(.protocolError))),
                Field("temperature_warning", .boolean(state.contains(.temperatureWarning))),
            ]
        case .configuration(let configuration):
            [
                Field("busy_mode", .boolean(configuration.contains(.busyMode))),
                Field("auto_acknowledge", .boolean(configuration.contains(.autoAcknowledge))),
                Field("auto_polling", .boolean(configuration.contains(.autoPolling))),
                Field("crc", .boolean(configuration.contains(.crc))),
                Field("frame_end_marker", .boolean(configuration.contains(.frameEndMarker))),
            ]
        case .frameState(let state):
            [
                Field("receive_error", .boolean(state.contains(.receiveError))),
                Field("checksum_or_length_error", .boolean(state.contains(.checksumOrLengthError))),
                Field("timing_error", .boolean(state.contains(.timingError))),
            ]
        case .systemState(let state):
            [
                Field("bus_voltage", .boolean(state.isBusVoltagePresent)),
                Field("v20v", .boolean(state.isV20VGood)), Field("vdd2", .boolean(state.isVDD2Good)),
                Field("vfilt", .boolean(state.isVFILTGood)), Field("crystal", .boolean(state.isCrystalRunning)),
                Field("too_hot", .boolean(state.isTooHot)), Field("mode", .integer(Int(state.mode.rawValue))),
            ]
        }
    }
}
