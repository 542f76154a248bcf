import Events
import KNX

/// What a device answers to management: by connection, without one, and by broadcast while it is in programming mode. Pure.
struct DeviceManagement: Sendable {
    enum Effect: Hashable, Sendable {
        /// A TPDU to one address, or as a broadcast where there is none, always of system priority.
        case send([UInt8], to: IndividualAddress?)
        /// It starts anew once what it has said is on the line.
        case restart
        /// It has another address from now on.
        case readdressed(IndividualAddress)
    }

    /// Octets of an APDU that fits a standard frame; longer ones need an extended frame, which System 1 and 2 devices do not take.
    private static let longestAPDU: UInt16 = 15
    /// Octets of memory in one answer.
    private static let longestMemory = 12
    /// The address of a device that has none.
    private static let unset = IndividualAddress(raw: 0xFFFF)
    /// The key that everybody has.
    private static let defaultKey: UInt32 = 0xFFFF_FFFF

    private let identity: DeviceIdentity
    private var properties: DeviceProperties
    private var memory: [UInt8]
    private var connection: TransportConnection
    private(set) var address: IndividualAddress
    /// How long it does not answer after a master reset, whole seconds.
    private let processSeconds: UInt16

    init(
        _ identity: DeviceIdentity, address: IndividualAddress, startNanoseconds: Int64,
        transport: TransportConnection.Parameters = .init()
    ) {
        self.identity = identity
        self.address = address
        properties = DeviceProperties(identity, address: address, longestAPDU: Self.longestAPDU)
        memory = identity.memory
        connection = TransportConnection(transport)
        processSeconds = UInt16(min(65_535, startNanoseconds / 1_000_000_000 + 1))
    }

    var isProgramming: Bool {
        properties.value(object: 0, DeviceProperties.programmingMode)?.first.map { $0 & 1 == 1 } ?? false
    }
    var nextDue: Instant? { connection.nextDue }

    /// A telegram to its own address.
    mutating func received(_ tpdu: [UInt8], from source: IndividualAddress, at instant: Instant) -> [Effect] {
        guard let octet = tpdu.first else { return [] }
        guard octet & 0xC0 != 0 else {
            guard octet & 0xFC == 0, let service = try? ApplicationService(tpdu: tpdu) else { return [] }
            return answer(to: service).flatMap { effect -> [Effect] in
                switch effect {
                case .say(let service): [.send(service.tpdu(.dataIndividual), to: source)]
                case .other(let other): [other]
                }
            }
        }
        return perform(connection.received(tpdu, from: source, at: instant), at: instant)
    }

    private mutating func perform(_ effects: [TransportConnection.Effect], at instant: Instant) -> [Effect] {
        var performed: [Effect] = []
        for effect in effects {
            switch effect {
            case .send(let tpdu, let partner): performed.append(.send(tpdu, to: partner))
            case .closed: break
            case .deliver(let tpdu):
                guard let service = try? ApplicationService(tpdu: tpdu) else { continue }
                for answer in answer(to: service) {
                    switch answer {
                    case .say(let service): performed += perform(connection.send(service, at: instant), at: instant)
                    case .other(let other): performed.append(other)
                    }
                }
            }
        }
        return performed
    }

    mutating func advance(to instant: Instant) -> [Effect] {
        perform(connection.advance(to: instant), at: instant)
    }

    /// Its memory is lost, or it starts anew: what lives in RAM is as at the start.
    mutating func restarted() {
        connection.forget()
        properties.set(DeviceProperties.programmingMode, [0])
        properties.set(DeviceProperties.deviceControl, [0])
    }

    // MARK: Broadcasts

    /// A broadcast: who is in programming mode, and who has this serial number?
    mutating func broadcast(_ tpdu: [UInt8]) -> [Effect] {
        guard let service = try? ApplicationService(tpdu: tpdu) else { return [] }
        let say = { (service: ApplicationService) in [Effect.send(service.tpdu(.dataBroadcast), to: nil)] }
        switch service {
        case .individualAddressRead where isProgramming: return say(.individualAddressResponse)
        case .individualAddressWrite(let new) where isProgramming: return readdress(new.address)
        case .individualAddressSerialRead(let serial) where serial.serialNumber == identity.serialOctets:
            return say(
                .individualAddressSerialResponse(SerialNumberResponse(serialNumber: serial.serialNumber, domain: 0)))
        case .individualAddressSerialWrite(let assignment) where assignment.serialNumber == identity.serialOctets:
            return readdress(assignment.address)
        default: return []
        }
    }

    private mutating func readdress(_ address: IndividualAddress) -> [Effect] {
        guard address != self.address else { return [] }
        self.address = address
        connection.forget()
        properties.set(57, [UInt8(address.raw >> 8)])
        properties.set(58, [UInt8(address.raw & 255)])
        return [.readdressed(address)]
    }

    // MARK: Services

    private enum Answer {
        case say(ApplicationService)
        case other(Effect)
    }

    private mutating func answer(to service: ApplicationService) -> [Answer] {
        switch service {
        case .deviceDescriptorRead(let request):
            guard request.type == 0 else { return [] }
            return [.say(.deviceDescriptorResponse(DeviceDescriptorResponse(mask: identity.mask)))]
        case .propertyValueRead(let range): return [.say(.propertyValueResponse(properties.read(range)))]
        case .propertyValueWrite(let data): return [.say(.propertyValueResponse(properties.write(data)))]
        case .propertyDescriptionRead(let request):
            return [.say(.propertyDescriptionResponse(properties.describe(request)))]
        case .memoryRead(let range): return [.say(.memoryResponse(read(range)))]
        case .memoryWrite(let block): return write(block)
        case .authorizeRequest(let request):
            return [.say(.authorizeResponse(AccessLevel(level: request.key == Self.defaultKey ? 0 : 15)))]
        case .restart: return [.other(.restart)]
        case .restartMasterReset(let reset): return masterReset(reset)
        default: return []
        }
    }

    private func places(_ address: UInt16, _ count: Int) -> Range<Int>? {
        let start = Int(address) - Int(identity.memoryStart)
        guard count > 0, count <= Self.longestMemory, start >= 0, start + count <= memory.count else { return nil }
        return start..<start + count
    }

    /// No octets where there is no such memory.
    private func read(_ range: MemoryRange) -> MemoryBlock {
        let places = places(range.address, Int(range.count))
        return MemoryBlock(address: range.address, data: places.map { Array(memory[$0]) } ?? [])
    }

    /// Answered where device control has its verify bit (b2) set.
    private mutating func write(_ block: MemoryBlock) -> [Answer] {
        if let places = places(block.address, block.data.count) { memory.replaceSubrange(places, with: block.data) }
        guard let control = properties.value(object: 0, DeviceProperties.deviceControl)?.first, control & 4 != 0 else {
            return []
        }
        let range = MemoryRange(count: UInt8(block.data.count), address: block.address)
        return [.say(.memoryResponse(read(range)))]
    }

    private mutating func masterReset(_ reset: MasterReset) -> [Answer] {
        let answer = { (error: UInt8, seconds: UInt16) in
            Answer.say(.restartMasterResetResponse(MasterResetResult(errorCode: error, processTime: seconds)))
        }
        guard (1...7).contains(reset.eraseCode), ![4, 5, 6].contains(reset.eraseCode) else { return [answer(2, 0)] }
        guard reset.channel == 0 else { return [answer(3, 0)] }
        var effects = [answer(0, processSeconds)]
        // 02 everything, 03 the address, 07 everything but the address.
        if reset.eraseCode == 2 || reset.eraseCode == 7 { memory = identity.memory }
        if reset.eraseCode == 2 || reset.eraseCode == 3 {
            effects += [.other(.restart)]
            pendingAddress = Self.unset
            return effects
        }
        return effects + [.other(.restart)]
    }

    /// The address that it has after the restart that it is waiting for.
    private var pendingAddress: IndividualAddress?

    /// It starts anew now.
    mutating func restarting() -> [Effect] {
        restarted()
        guard let pendingAddress else { return [] }
        self.pendingAddress = nil
        return readdress(pendingAddress)
    }
}
