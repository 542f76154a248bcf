/// The path of all messages that are not L_Data without fault: it looks at one thing after the other and names what is wrong.
extension CEMIFrame {
    @usableFromInline @inline(never)
    static func examined(_ octets: Span<UInt8>, _ faults: inout Faults) -> CEMIFrame {
        guard octets.count > 0 else {
            faults.add(Fault(.empty, .frame, at: 0))
            return partial(octets, .nothing)
        }
        guard let code = MessageCode(rawValue: octets[0]) else {
            faults.add(Fault(.messageCodeUnknown, .frame, at: 0))
            return partial(octets, .code)
        }
        guard code.hasAdditionalInformation else {
            return partial(octets, examineLocal(code, octets, &faults))
        }
        guard let added = examineAdditionalInformation(octets, &faults) else { return partial(octets, .code) }
        let begin = 2 + added
        switch code.family {
        case .linkData: return examineLinkData(octets, added, &faults)
        case .transport:
            return partial(octets, examineTransport(octets, begin, &faults), added)
        default:
            guard octets.count > begin else {
                faults.add(Fault(.rawEmpty, .frame, at: begin))
                return partial(octets, .additionalInformation, added)
            }
            return partial(octets, .body, added)
        }
    }

    private static func partial(_ octets: Span<UInt8>, _ depth: Depth, _ added: Int = 0) -> CEMIFrame {
        CEMIFrame(
            rawCode: octets.count > 0 ? octets[0] : 0, additionalLength: UInt8(truncatingIfNeeded: added), header: 0,
            octetCount: octets.count, depth: depth, isWithoutLength: false)
    }

    /// The length of the block, nil when the body cannot be found. A fault inside the block leaves the body where it is.
    private static func examineAdditionalInformation(_ octets: Span<UInt8>, _ faults: inout Faults) -> Int? {
        guard octets.count > 1 else {
            faults.add(Fault(.truncated, .frame, at: 1))
            return nil
        }
        let added = Int(octets[1])
        guard added <= octets.count - 2 else {
            faults.add(Fault(.addinfoExceedsFrame, .frame, at: 1))
            return nil
        }
        guard added != 0xFF else {
            faults.add(Fault(.addinfoLengthEscape, .frame, at: 1))
            return nil
        }
        var cursor = AdditionalInformationCursor(block: 2..<(2 + added))
        while let item = cursor.next(octets) {
            let count = item.value.count
            if item.type == 0xFF {
                faults.add(Fault(.addinfoTypeEscape, .additionalInformation, at: item.value.lowerBound - 2))
            } else if AdditionalInformationItem.length(ofType: item.type).map({ $0 != count }) ?? false
                || (item.type == 0xFE && count < 3)
            {
                faults.add(Fault(.addinfoLength, .additionalInformation, at: item.value.lowerBound - 1))
            }
        }
        if !cursor.rest.isEmpty {
            faults.add(Fault(.addinfoTruncated, .additionalInformation, at: cursor.rest.lowerBound))
        }
        return added
    }

    private static func examineLinkData(_ octets: Span<UInt8>, _ added: Int, _ faults: inout Faults) -> CEMIFrame {
        let begin = 2 + added
        guard octets.count - begin >= 7 else {
            faults.add(Fault(.truncated, .frame, at: octets.count))
            return partial(octets, .additionalInformation, added)
        }
        var header: UInt64 = 0
        for offset in begin..<(begin + 8) {
            header = header << 8 | (offset < octets.count ? UInt64(octets[offset]) : 0)
        }
        let length = Int(octets[begin + 6])
        let end = begin + 8 + length
        let isWithoutLength = length == 0 && octets.count > end && hasRadioInformation(octets, added)
        var depth = Depth.header
        if length == 0xFF {
            faults.add(Fault(.lengthEscape, .frame, at: begin + 6))
        } else if octets.count < end {
            faults.add(Fault(.truncated, .frame, at: octets.count))
        } else if octets.count > end, !isWithoutLength {
            faults.add(Fault(.trailing, .frame, at: end))
        } else if octets[begin + 1] & 15 != 0 {
            faults.add(Fault(.effUnsupported, .linkUnsupported, at: begin + 1))
        } else {
            depth = .body
        }
        return CEMIFrame(
            rawCode: octets[0], additionalLength: UInt8(truncatingIfNeeded: added), header: header,
            octetCount: octets.count, depth: depth, isWithoutLength: isWithoutLength)
    }

    private static func hasRadioInformation(_ octets: Span<UInt8>, _ added: Int) -> Bool {
        var cursor = AdditionalInformationCursor(block: 2..<(2 + added))
        while let item = cursor.next(octets) {
            if item.type == 0x02 { return true }
        }
        return false
    }

    /// Six reserved octets, LG, TPDU. The reserved octets are 00 by the standard; receivers do not look at them.
    private static func examineTransport(_ octets: Span<UInt8>, _ begin: Int, _ faults: inout Faults) -> Depth {
        guard octets.count - begin >= 7 else {
            faults.add(Fault(.truncated, .frame, at: octets.count))
            return .additionalInformation
        }
        let length = Int(octets[begin + 6])
        let end = begin + 8 + length
        if length == 0xFF {
            faults.add(Fault(.lengthEscape, .frame, at: begin + 6))
        } else if octets.count < end {
            faults.add(Fault(.truncated, .frame, at: octets.count))
        } else if octets.count > end {
            faults.add(Fault(.trailing, .frame, at: end))
        } else {
            return .body
        }
        return .additionalInformation
    }

    private static func examineLocal(_ code: MessageCode, _ octets: Span<UInt8>, _ faults: inout Faults) -> Depth {
        switch code.family {
        case .reset:
            guard octets.count == 1 else {
                faults.add(Fault(.trailing, .frame, at: 1))
                return .code
            }
            return .body
        case .functionProperty:
            guard octets.count >= 5 else {
                faults.add(Fault(.truncated, .frame, at: octets.count))
                return .code
            }
            return .body
        default:
            guard octets.count >= 7 else {
                faults.add(Fault(.truncated, .frame, at: octets.count))
                return .code
            }
            return examineProperty(code, octets, &faults)
        }
    }

    /// What may follow the six octets of the property header depends on the service and on the number of elements.
    private static func examineProperty(_ code: MessageCode, _ octets: Span<UInt8>, _ faults: inout Faults) -> Depth {
        let isConfirmation = code == .propertyReadConfirmation || code == .propertyWriteConfirmation
        let data = octets.count - 7
        if isConfirmation, octets[5] >> 4 == 0 {
            guard data == 1 else {
                faults.add(Fault(.errorInfoLength, .frame, at: data == 0 ? 7 : 8))
                return .header
            }
        } else if code == .propertyReadRequest || code == .propertyWriteConfirmation {
            guard data == 0 else {
                faults.add(Fault(.trailing, .frame, at: 7))
                return .header
            }
        } else {
            guard data > 0 else {
                faults.add(Fault(.truncated, .frame, at: 7))
                return .header
            }
        }
        return .body
    }
}
