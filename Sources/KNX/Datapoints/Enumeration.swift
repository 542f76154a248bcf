/// The names of the codes of an enumeration.
struct Enumeration: Sendable {
    let codes: [(code: Int, name: String)]

    /// Codes from `first` on.
    init(from first: Int = 0, _ names: String...) {
        codes = names.enumerated().map { (first + $0.offset, $0.element) }
    }

    init(_ codes: [(code: Int, name: String)]) {
        self.codes = codes
    }

    func name(of code: Int) -> String? {
        codes.first { $0.code == code }?.name
    }

    /// A number stands for itself, so that codes without a name can be written too.
    func code(of value: DatapointValue) -> Int? {
        switch value {
        case .name(let name): codes.first { $0.name == name }?.code
        case .unknown(let code), .integer(let code): code
        case .boolean(let isSet): codes.count == 2 ? (isSet ? 1 : 0) : nil
        default: nil
        }
    }

    func value(of code: Int) -> DatapointValue {
        name(of: code).map(DatapointValue.name) ?? .unknown(code)
    }
}
