import Platform

/// cEMI messages as an interface of a busy installation hands them over, one behind the other in memory. All follow from one seed.
struct KNXCorpus {
    private(set) var octets: [UInt8] = []
    /// Message i ends before the octet `ends[i]`.
    private(set) var ends: [UInt32] = []
    private var random: SeededGenerator

    /// Of a thousand messages 900 are L_Data.ind, 150 carry additional information, 15 are extended frames and 5 are damaged.
    init(count: Int, seed: UInt64) {
        random = SeededGenerator(seed: seed)
        octets.reserveCapacity(count * 16)
        ends.reserveCapacity(count)
        for _ in 0..<count {
            let begin = octets.count
            appendMessage()
            if random.below(1000) < 5 { damage(begin) }
            ends.append(UInt32(octets.count))
        }
    }

    private mutating func appendMessage() {
        switch random.below(1000) {
        case ..<900: appendLinkData(0x29)
        case ..<940: appendLinkData(0x2E)
        case ..<970: appendLinkData(0x11)
        case ..<990: appendBusmonitor()
        default: octets += [0xFC, 0x00, 0x08, 0x01, 0x34, 0x10, 0x01]
        }
    }

    private mutating func appendLinkData(_ code: UInt8) {
        octets.append(code)
        appendAdditionalInformation()
        let isExtended = random.below(1000) < 15
        let isGroup = random.below(100) < 94
        octets += [isExtended ? 0x3C : random.below(50) == 0 ? 0x9C : 0xBC, isGroup ? 0xE0 : 0x60]
        octets += [
            0x11, UInt8(random.below(64)), UInt8(isGroup ? random.below(8) : 0x11), UInt8(1 + random.below(200)),
        ]
        if isExtended {
            let length = 16 + random.below(40)
            octets += [UInt8(length), 0x00, 0x80]
            for _ in 1..<length { octets.append(UInt8(random.below(256))) }
        } else if isGroup {
            appendGroupService()
        } else {
            appendDeviceManagement()
        }
    }

    private mutating func appendGroupService() {
        let kind = random.below(100)
        if kind < 8 {
            octets += [1, 0x00, 0x00]
            return
        }
        let service: UInt8 = kind < 16 ? 0x40 : 0x80
        switch random.below(100) {
        case ..<45: octets += [1, 0x00, service | UInt8(random.below(2))]
        case ..<60: octets += [2, 0x00, service, UInt8(random.below(256))]
        case ..<92: octets += [3, 0x00, service, UInt8(random.below(256)), UInt8(random.below(256))]
        default: octets += [5, 0x00, service, 0x41, 0xA4, UInt8(random.below(256)), UInt8(random.below(256))]
        }
    }

    private mutating func appendDeviceManagement() {
        let sequence = UInt8(random.below(16)) << 2
        switch random.below(5) {
        case 0: octets += [0, random.below(2) == 0 ? 0x80 : 0x81]
        case 1: octets += [0, 0xC2 | sequence]
        case 2: octets += [5, 0x43 | sequence, 0xD5, 0x00, 0x0B, 0x10, 0x01]
        case 3: octets += [7, 0x43 | sequence, 0xD6, 0x00, 0x36, 0x10, 0x01, 0x12, 0x34]
        default: octets += [1, 0x43 | sequence, 0x00]
        }
    }

    private mutating func appendAdditionalInformation() {
        guard random.below(1000) < 150 else {
            octets.append(0)
            return
        }
        switch random.below(3) {
        case 0: octets += [4, 0x04, 2, UInt8(random.below(256)), UInt8(random.below(256))]
        case 1: octets += [7, 0x03, 1, UInt8(random.below(8)), 0x04, 2, 0x12, UInt8(random.below(256))]
        default: octets += [10, 0x02, 8, 0x2A, 0x00, 0xFA, 0x01, 0x02, 0x03, 0x04, UInt8(random.below(8))]
        }
    }

    private mutating func appendBusmonitor() {
        octets += [0x2B, 9, 0x03, 1, UInt8(random.below(8)), 0x06, 4, 0xBA, 0xD6, 0x41, UInt8(random.below(256))]
        octets += random.below(2) == 0 ? [0xCC] : [0xBC, 0x11, 0x05, 0x09, 0x02, 0xE1, 0x00, 0x81, 0x3C]
    }

    /// Cuts the message that begins at `begin`, lets it run on, or changes one of its first octets.
    private mutating func damage(_ begin: Int) {
        switch random.below(4) {
        case 0: octets.removeLast(1 + random.below(min(3, octets.count - begin)))
        case 1: octets.append(0)
        case 2: octets[begin] = 0x49
        default: octets[begin + 1] = UInt8(200 + random.below(56))
        }
    }
}

extension SeededGenerator {
    /// 0 ..< `bound`, of the upper half of the next number.
    fileprivate mutating func below(_ bound: Int) -> Int { (Int(next() >> 32) * bound) >> 32 }
}
