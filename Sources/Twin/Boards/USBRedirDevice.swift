import Events
import USB

/// The device's side of one usb-redir connection: which message a device model answers with what. It owns no descriptor and no clock.
struct USBRedirDevice {
    private var decoder = USBRedir.Decoder(own: .device, from: .guest)
    /// Which plugging in the guest knows of; nil while it sees an empty port.
    private var announced: Int?
    private static let reportsAtOnce = 64
    private var receiving: Set<UInt8> = []
    private var nextReportID: UInt64 = 0
    /// Requests that the device leaves unanswered.
    private var pending: [UInt64: USBRedir.Body] = [:]
    /// What was sent to an endpoint that does not take it yet, in order.
    private var offered: [(id: UInt64, endpoint: UInt8, length: UInt16, data: [UInt8])] = []

    /// The first octets of the connection.
    var hello: [UInt8] {
        USBRedir.Message(.hello(version: "knxrig twin", .device)).octets([])
    }

    mutating func feed(_ octets: [UInt8]) {
        decoder.feed(octets)
    }

    /// Whether the guest asks an interrupt endpoint for reports.
    var isReceiving: Bool { !receiving.isEmpty }

    /// Answers all messages that are whole.
    ///
    /// - Parameter plugging: the number of the model's plugging in; nil while it is unplugged.
    mutating func serve(
        _ model: inout any USBDeviceModel, plugging: Int?, at instant: Instant
    ) throws(USBRedirFailure) -> [UInt8] {
        var answers: [USBRedir.Message] = []
        while let message = try decoder.next() {
            // Before the guest heard of an unplugging it may still send; what it sends reaches nobody.
            guard plugging != nil, announced == plugging else {
                if case .cancel = message.body { answers += cancelled(message.id) }
                continue
            }
            answers += answer(message, &model, instant)
        }
        guard let agreed = decoder.agreed else { return [] }
        if plugging != nil, announced == plugging { answers += takeOffered(&model, instant) }
        answers += changes(model, model.isPresent ? plugging : nil)
        if announced != nil { answers += reports(&model, instant) }
        return answers.flatMap { $0.octets(agreed) }
    }

    /// Tells the guest of an unplugging and of a plugging in.
    private mutating func changes(_ model: any USBDeviceModel, _ plugging: Int?) -> [USBRedir.Message] {
        guard announced != plugging else { return [] }
        var messages: [USBRedir.Message] = []
        if announced != nil { messages.append(USBRedir.Message(.disconnect)) }
        announced = plugging
        receiving = []
        pending = [:]
        offered = []
        guard plugging != nil else { return messages }
        let interfaces = model.configurationDescriptor.interfaces
        let endpoints = interfaces.flatMap { interface in
            interface.endpoints.map { endpoint in
                USBRedir.Endpoint(
                    address: endpoint.address, kind: endpoint.attributes & 3, interval: endpoint.interval,
                    interface: interface.number, maximumPacketSize: endpoint.maximumPacketSize)
            }
        }
        let size = UInt16(model.deviceDescriptor.maximumPacketSize)
        let control = [0x00, 0x80].map { address in
            USBRedir.Endpoint(address: address, kind: 0, interval: 0, interface: 0, maximumPacketSize: size)
        }
        let shown = interfaces.map { interface in
            USBRedir.Interface(
                number: interface.number, interfaceClass: interface.interfaceClass,
                interfaceSubclass: interface.interfaceSubclass, interfaceProtocol: interface.interfaceProtocol)
        }
        return messages + [
            USBRedir.Message(.interfaces(shown)), USBRedir.Message(.endpoints(control + endpoints)),
            USBRedir.Message(.connect(USBRedir.Connect(speed: model.speed.redir, model.deviceDescriptor))),
        ]
    }

    private mutating func reports(_ model: inout any USBDeviceModel, _ instant: Instant) -> [USBRedir.Message] {
        let endpoints = model.configurationDescriptor.interfaces.flatMap(\.endpoints)
        var messages: [USBRedir.Message] = []
        for endpoint in endpoints where receiving.contains(endpoint.address) {
            let length = Int(endpoint.maximumPacketSize)
            let number = UInt32(endpoint.address & 0x0F)
            // Some devices always have something to say.
            while messages.count < Self.reportsAtOnce {
                let reply = model.interruptIn(endpoint: number, length: length, at: instant)
                if reply == .stall, model.nextReport != nil {
                    receiving.remove(endpoint.address)
                    messages.append(
                        USBRedir.Message(.interruptReceivingStatus(.stall, endpoint: endpoint.address)))
                }
                guard case .data(let data) = reply else { break }
                messages.append(
                    USBRedir.Message(
                        id: nextReportID,
                        .interrupt(
                            endpoint: endpoint.address, .success, length: UInt16(clamping: data.count), data: data)))
                nextReportID += 1
            }
        }
        return messages
    }

    /// Hands over what the device takes by now.
    private mutating func takeOffered(
        _ model: inout any USBDeviceModel, _ instant: Instant
    ) -> [USBRedir.Message] {
        var messages: [USBRedir.Message] = []
        while let first = offered.first, model.takesOutput(endpoint: UInt32(first.endpoint & 0x0F)) {
            offered.removeFirst()
            messages += send(first.data, to: first.endpoint, length: first.length, id: first.id, &model, instant)
        }
        return messages
    }

    private mutating func send(
        _ data: [UInt8], to endpoint: UInt8, length: UInt16, id: UInt64, _ model: inout any USBDeviceModel,
        _ instant: Instant
    ) -> [USBRedir.Message] {
        pending[id] = .interrupt(endpoint: endpoint, .success, length: length, data: data)
        let body: USBRedir.Body
        switch model.interruptOut(endpoint: UInt32(endpoint & 0x0F), data: data, at: instant) {
        case .silence: return []
        case .stall: body = .interrupt(endpoint: endpoint, .stall, length: 0, data: [])
        case .acknowledged, .data: body = .interrupt(endpoint: endpoint, .success, length: length, data: [])
        }
        pending[id] = nil
        return [USBRedir.Message(id: id, body)]
    }

    private mutating func cancelled(_ id: UInt64) -> [USBRedir.Message] {
        offered.removeAll { $0.id == id }
        switch pending.removeValue(forKey: id) {
        case .control(var setup, let endpoint, _, _):
            setup.length = 0
            return [USBRedir.Message(id: id, .control(setup, endpoint: endpoint, .cancelled, data: []))]
        case .interrupt(let endpoint, _, _, _):
            return [USBRedir.Message(id: id, .interrupt(endpoint: endpoint, .cancelled, length: 0, data: []))]
        case .bulk(let endpoint, _, _, _):
            return [USBRedir.Message(id: id, .bulk(endpoint: endpoint, .cancelled, length: 0, data: []))]
        default: return []
        }
    }

    private mutating func answer(
        _ message: USBRedir.Message, _ model: inout any USBDeviceModel, _ instant: Instant
    ) -> [USBRedir.Message] {
        let body: USBRedir.Body
        switch message.body {
        case .reset:
            model.busReset(at: instant)
            return []
        case .setConfiguration(let number):
            _ = model.control(.setConfiguration(number), data: [], at: instant)
            body = .configurationStatus(.success, configuration: number)
        case .getConfiguration:
            let number = model.configurationDescriptor.number
            body = .configurationStatus(.success, configuration: number)
        case .setAlternate(let interface, let alternate):
            body = .alternateStatus(alternate == 0 ? .success : .stall, interface: interface, alternate: 0)
        case .getAlternate(let interface):
            body = .alternateStatus(.success, interface: interface, alternate: 0)
        case .startInterruptReceiving(let endpoint):
            receiving.insert(endpoint)
            body = .interruptReceivingStatus(.success, endpoint: endpoint)
        case .stopInterruptReceiving(let endpoint):
            receiving.remove(endpoint)
            body = .interruptReceivingStatus(.success, endpoint: endpoint)
        case .cancel: return cancelled(message.id)
        case .control(let setup, let endpoint, _, let data):
            let reply = model.control(setup, data: data, at: instant)
            guard model.isPresent else { return [] }
            guard let answer = Self.answer(reply, to: setup, endpoint, sent: data.count) else {
                pending[message.id] = message.body
                return []
            }
            body = answer
        case .interrupt(let endpoint, _, let length, let data):
            guard offered.isEmpty, model.takesOutput(endpoint: UInt32(endpoint & 0x0F)) else {
                offered.append((message.id, endpoint, length, data))
                pending[message.id] = message.body
                return []
            }
            return send(data, to: endpoint, length: length, id: message.id, &model, instant)
        case .bulk(let endpoint, _, let length, let data):
            let number = UInt32(endpoint & 0x0F)
            let reply =
                endpoint & 0x80 != 0
                ? model.interruptIn(endpoint: number, length: Int(length), at: instant)
                : model.interruptOut(endpoint: number, data: data, at: instant)
            guard model.isPresent else { return [] }
            switch reply {
            case .silence:
                pending[message.id] = message.body
                return []
            case .stall: body = .bulk(endpoint: endpoint, .stall, length: 0, data: [])
            case .acknowledged: body = .bulk(endpoint: endpoint, .success, length: length, data: [])
            case .data(let data):
                let data = Array(data.prefix(Int(length)))
                body = .bulk(endpoint: endpoint, .success, length: UInt32(data.count), data: data)
            }
        default: return []
        }
        return [USBRedir.Message(id: message.id, body)]
    }

    /// nil for silence.
    private static func answer(
        _ reply: USBReply, to setup: SetupPacket, _ endpoint: UInt8, sent: Int
    ) -> USBRedir.Body? {
        var setup = setup
        switch reply {
        case .silence: return nil
        case .stall:
            setup.length = 0
            return .control(setup, endpoint: endpoint, .stall, data: [])
        case .acknowledged:
            setup.length = setup.direction == .out ? UInt16(clamping: sent) : 0
            return .control(setup, endpoint: endpoint, .success, data: [])
        case .data(let data):
            let data = Array(data.prefix(Int(setup.length)))
            setup.length = UInt16(data.count)
            return .control(setup, endpoint: endpoint, .success, data: data)
        }
    }
}

extension SetupPacket {
    fileprivate static func setConfiguration(_ number: UInt8) -> SetupPacket {
        SetupPacket(
            requestType: 0, request: StandardRequest.setConfiguration.rawValue, value: UInt16(number), index: 0,
            length: 0)
    }
}

extension USBIP.Speed {
    fileprivate var redir: USBRedir.Speed {
        switch self {
        case .low: .low
        case .full: .full
        case .high: .high
        case .super: .super
        case .unknown, .wireless: .unknown
        }
    }
}
