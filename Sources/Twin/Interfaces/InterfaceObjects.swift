import KNX

/// What a client can change in the interface objects of an interface; all else that they tell is known elsewhere.
struct InterfaceObjects: Hashable, Sendable {
    /// Characters of ISO 8859-1 that the friendly name always has, filled with zeros.
    static let nameLength = 30

    /// Property 76 of object 11.
    var name: [UInt8]
    /// Property 54 of object 0.
    var isInProgrammingMode = false

    init(name: String) {
        let octets = name.unicodeScalars.prefix(Self.nameLength).map { UInt8(truncatingIfNeeded: $0.value) }
        self.name = octets + [UInt8](repeating: 0, count: Self.nameLength - octets.count)
    }

    /// The name as a description has it.
    var text: String {
        String(String.UnicodeScalarView(name.prefix { $0 != 0 }.map { Unicode.Scalar($0) }))
    }
}

/// A property of an interface object: as many elements as it has, all of one size.
struct InterfaceProperty: Hashable, Sendable {
    let elementSize: Int
    let octets: [UInt8]

    var count: Int { octets.count / elementSize }

    /// One number.
    static func number(_ number: some FixedWidthInteger & UnsignedInteger) -> InterfaceProperty {
        let size = number.bitWidth / 8
        let octets = (0..<size).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        return InterfaceProperty(elementSize: size, octets: octets)
    }

    /// A number of 48 bits.
    static func number48(_ number: UInt64) -> InterfaceProperty {
        InterfaceProperty(elementSize: 6, octets: Array(Self.number(number).octets.dropFirst(2)))
    }

    static func list(_ elements: [UInt16]) -> InterfaceProperty {
        InterfaceProperty(elementSize: 2, octets: elements.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
    }
}
