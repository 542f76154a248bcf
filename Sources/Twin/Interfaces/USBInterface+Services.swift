import KNX

/// What its host asks of the interface itself.
extension USBInterface {
    // MARK: Bus access server (KNX standard 9/3)

    /// Answers a question; takes a wish without a word, as the server has no answer to one.
    mutating func serve(_ message: BusAccessMessage) {
        switch message.service {
        case .get:
            // A feature that it does not have is answered without a value.
            let value = value(of: message.feature)?.octets ?? []
            say(
                .busAccess(BusAccessMessage(.response, message.feature, value: value)), after: parameters.answerDelay)
        case .set:
            guard message.feature == .activeEMIType, message.meaning == .emiType(.cemi) else {
                discarded += 1
                return
            }
            activeEMIType = .cemi
        case .response, .info: discarded += 1
        }
    }

    private func value(of feature: InterfaceFeature) -> InterfaceFeature.Value? {
        switch feature {
        case .supportedEMITypes: .emiTypes(.cemi)
        case .deviceDescriptor: .number(parameters.mask)
        case .busConnectionStatus: .boolean(hasBus)
        case .manufacturerCode: .number(parameters.manufacturer)
        case .activeEMIType: .emiType(activeEMIType)
        default: nil
        }
    }

    /// Tells without being asked that the line has, or has no longer, its voltage.
    mutating func announceBus() {
        let value = InterfaceFeature.Value.boolean(hasBus).octets
        say(.busAccess(BusAccessMessage(.info, .busConnectionStatus, value: value)), after: parameters.indicationDelay)
    }

    // MARK: Device management (KNX standard 3/6/3)

    private static let deviceObject: UInt16 = 0
    private static let cemiServerObject: UInt16 = 8
    private static let communicationMode: UInt8 = 52

    mutating func answer(_ request: PropertyMessage) {
        switch request.code {
        case .propertyReadRequest: reply(.propertyReadConfirmation, request.header, read(request.header))
        case .propertyWriteRequest: reply(.propertyWriteConfirmation, request.header, write(request))
        case .functionPropertyCommandRequest, .functionPropertyStateReadRequest:
            // None of its properties is a function, which a confirmation without data says.
            reply(.functionPropertyConfirmation, request.header, .success([]))
        default: discarded += 1
        }
    }

    private struct Refusal: Error {
        let error: PropertyError
    }

    private mutating func reply(_ code: MessageCode, _ header: PropertyHeader, _ result: Result<[UInt8], Refusal>) {
        var header = header
        var data: [UInt8] = []
        switch result {
        case .success(let octets): data = octets
        case .failure(let refusal):
            header.elements = 0
            data = [refusal.error.rawValue]
        }
        guard let message = try? PropertyMessage(code, header, data: data) else {
            discarded += 1
            return
        }
        say(.tunnel(.cemi, message.octets), after: parameters.answerDelay)
    }

    private func read(_ header: PropertyHeader) -> Result<[UInt8], Refusal> {
        guard let values = elements(of: header) else { return .failure(Refusal(error: .voidDatapoint)) }
        let (start, count) = (Int(header.start ?? 0), Int(header.elements ?? 0))
        if start == 0, count == 1 { return .success([UInt8(values.count >> 8), UInt8(values.count & 255)]) }
        guard start > 0, count > 0, start + count <= values.count + 1 else {
            return .failure(Refusal(error: .indexRange))
        }
        return .success(values[(start - 1)..<(start - 1 + count)].flatMap(\.self))
    }

    private mutating func write(_ request: PropertyMessage) -> Result<[UInt8], Refusal> {
        guard elements(of: request.header) != nil else { return .failure(Refusal(error: .voidDatapoint)) }
        guard request.header.objectType == Self.cemiServerObject, request.header.property == Self.communicationMode
        else { return .failure(Refusal(error: .readOnly)) }
        guard request.header.start == 1, request.header.elements == 1, let octet = request.data.first else {
            return .failure(Refusal(error: .indexRange))
        }
        guard let wanted = CommunicationMode(rawValue: octet), wanted == .linkLayer || wanted == .busmonitor else {
            return .failure(Refusal(error: .outOfRange))
        }
        mode = wanted
        return .success([])
    }

    /// A property's elements; nil when it does not exist.
    private func elements(of header: PropertyHeader) -> [[UInt8]]? {
        func word(_ value: UInt16) -> [[UInt8]] { [[UInt8(value >> 8), UInt8(value & 255)]] }
        guard header.objectInstance == 1 else { return nil }
        return switch (header.objectType, header.property) {
        case (Self.deviceObject, 1): word(Self.deviceObject)
        case (Self.deviceObject, 11):
            [(0..<6).map { UInt8(truncatingIfNeeded: parameters.serialNumber >> (40 - 8 * UInt64($0))) }]
        case (Self.deviceObject, 12): word(parameters.manufacturer)
        case (Self.deviceObject, 56): word(parameters.longestAPDU)
        case (Self.deviceObject, 57): [[UInt8(parameters.address.raw >> 8)]]
        case (Self.deviceObject, 58): [[UInt8(parameters.address.raw & 255)]]
        case (Self.deviceObject, 83): word(parameters.mask)
        case (Self.cemiServerObject, 1): word(Self.cemiServerObject)
        // Medium TP1: what it is for, and whether it is there.
        case (Self.cemiServerObject, 51): word(0x0002)
        case (Self.cemiServerObject, Self.communicationMode): [[mode.rawValue]]
        case (Self.cemiServerObject, 53): word(hasBus ? 0x0002 : 0)
        // The additional information that it sends: a busmonitor's status and time stamp.
        case (Self.cemiServerObject, 54): [[0x03], [0x06]]
        case (Self.cemiServerObject, 68): word(parameters.longestAPDU)
        default: nil
        }
    }
}
