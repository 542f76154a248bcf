import Events

/// A run's wish for octets on a line that no chip would send, as it comes over the lifeline: what an injector that forms the bits itself would be told.
///
/// `{"inject":{"line":"main","octets":"bc110a…","abandoned":true}}`: as soon as the line is free, once, whatever is answered. Where `abandoned` is true the
/// sender falls silent behind the last octet; else that is the check octet of a frame, right or wrong, which whoever is addressed answers.
struct LineInjection {
    private static let most = 263

    let line: String
    let transmission: Transmission

    /// Why a request is none that can be fulfilled.
    struct Refusal: Error {
        let reason: String
    }

    init(_ value: Value, lines: [TwinConfiguration.Line]) throws(Refusal) {
        guard let name = value["line"]?.text, lines.contains(where: { $0.id == name }) else {
            throw Refusal(reason: "there is no line '\(value["line"]?.text ?? "")'")
        }
        guard let octets = value["octets"]?.octets, (1...Self.most).contains(octets.count) else {
            throw Refusal(reason: "'octets' are 1 to \(Self.most) in hexadecimal digits")
        }
        line = name
        transmission = Transmission(
            number: 0, octets: octets, repetitions: 0, busyRepetitions: 0,
            isAbandoned: value["abandoned"]?.bool ?? false)
    }
}
