/// A source tree, read: files with their facts, and where each name stands.
final class SourceTree {
    let symbols = Symbols()
    let marks: Marks
    private(set) var files: [SourceFile] = []
    private(set) var skipped: [Skipped]
    /// Where each symbol stands: file number and token number, in order.
    private var postings: [[Int64]] = []
    /// Functions by their name: file number and place in its functions.
    private(set) var functionsByName: [Int32: [FunctionID]] = [:]
    /// Types of struct fields by struct and name.
    private(set) var fieldTypes: [Int64: String] = [:]
    private(set) var interfaces: Set<Int32> = []
    private(set) var directories: Set<String> = []

    struct FunctionID: Hashable {
        var file: Int32
        var function: Int32
    }

    /// - Parameter files: paths relative to the root, with their octets.
    init(files: [(path: String, octets: [UInt8])], skipped: [Skipped] = []) {
        marks = Marks(symbols)
        self.skipped = skipped
        for (path, octets) in files { read(path, octets) }
        index()
    }

    private func read(_ path: String, _ octets: [UInt8]) {
        let parts = path.split(separator: "/")
        let name = parts.last.map(String.init) ?? path
        guard let family = Family(name: name) else { return }
        var file = SourceFile(
            path: path, directory: parts.dropLast().joined(separator: "/"), family: family,
            isTest: SourceTree.isTest(name, parts))
        if family == .lines {
            file.text = String(decoding: octets, as: UTF8.self)
                .split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(String.init)
            file.lines = file.text.count
        } else {
            let source = Lexer.lex(octets, family: family, symbols: symbols)
            if let fault = source.fault, family == .go {
                skipped.append(Skipped(path: path, reason: "cannot be parsed: line \(fault.line): \(fault.reason)"))
                return
            }
            file.tokens = source.tokens
            file.comments = source.comments
            file.lines = source.lines
            if family == .go {
                GoReader.read(&file, symbols: symbols)
            } else {
                FamilyReader.read(&file, symbols: symbols)
            }
        }
        files.append(file)
    }

    private static func isTest(_ name: String, _ parts: [Substring]) -> Bool {
        name.hasSuffix("_test.go") || name.hasPrefix("test_") || name.hasSuffix("_test.py")
            || name.hasSuffix(".test.ts")
            || name.hasSuffix(".test.js")
            || parts.dropLast().contains {
                $0 == "tests" || $0 == "test" || $0 == "examples" || $0 == "_examples" || $0 == "_example"
                    || $0 == "example"
            }
    }

    private func index() {
        postings = [[Int64]](repeating: [], count: symbols.count)
        for (number, file) in files.enumerated() {
            directories.insert(file.directory)
            for (index, token) in file.tokens.enumerated() {
                postings[Int(token.symbol)].append(Int64(number) << 32 | Int64(index))
            }
            for (place, function) in file.functions.enumerated() {
                functionsByName[function.name, default: []].append(
                    FunctionID(file: Int32(number), function: Int32(place)))
            }
            for field in file.fields { fieldTypes[SourceTree.key(field.structure, field.name)] = field.type }
            interfaces.formUnion(file.interfaces)
        }
    }

    static func key(_ first: Int32, _ second: Int32) -> Int64 { Int64(first) << 32 | Int64(UInt32(bitPattern: second)) }

    /// Every place of a symbol.
    func places(of symbol: Int32) -> [Int64] { Int(symbol) < postings.count ? postings[Int(symbol)] : [] }

    func function(_ id: FunctionID) -> Function { files[Int(id.file)].functions[Int(id.function)] }

    func text(_ file: Int, _ token: Int) -> String {
        token >= 0 && token < files[file].tokens.count ? symbols.text(files[file].tokens[token].symbol) : ""
    }

    /// Lines of the files that were read.
    var lines: Int { files.reduce(0) { $0 + $1.lines } }
}
