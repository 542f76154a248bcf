import CYAML

extension Node {
    /// Parses one YAML document through libyaml. Aliases and a second document are refused: no file of ours needs them, and both hide what a
    /// reader sees.
    ///
    /// - Parameter file: the name used in messages.
    public static func parse(_ octets: [UInt8], file: String) throws(DocumentFailure) -> Node {
        let reader = EventReader(octets, file: file)
        return try reader.document()
    }

    public static func parse(_ text: String, file: String) throws(DocumentFailure) -> Node {
        try parse(Array(text.utf8), file: file)
    }
}

/// Reads libyaml's events as a tree. Owns the parser and the octets it reads from.
@safe private final class EventReader {
    private let file: String
    private let octets: UnsafeMutableBufferPointer<UInt8>
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// Deeper nesting than any file of ours has is an attack on the stack.
    private static let deepest = 64

    init(_ octets: [UInt8], file: String) {
        self.file = file
        unsafe self.octets = .allocate(capacity: max(1, octets.count))
        _ = unsafe self.octets.initialize(fromContentsOf: octets)
        unsafe parser = .allocate(capacity: 1)
        precondition(unsafe yaml_parser_initialize(parser) == 1, "no memory for a YAML parser")
        unsafe yaml_parser_set_input_string(parser, self.octets.baseAddress, octets.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe octets.deallocate()
    }

    func document() throws(DocumentFailure) -> Node {
        _ = try next()
        let start = try next()
        if start.kind == YAML_STREAM_END_EVENT {
            throw DocumentFailure(file: file, position: nil, message: "the file is empty")
        }
        let node = try self.node(try next(), depth: 0)
        _ = try next()
        let end = try next()
        guard end.kind == YAML_STREAM_END_EVENT else {
            throw DocumentFailure(file: file, position: end.position, message: "a second document begins here")
        }
        return node
    }

    private struct Event {
        var kind: yaml_event_type_t
        var position: Position
        var text = ""
        var isQuoted = false
    }

    private func next() throws(DocumentFailure) -> Event {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw parserFailure() }
        defer { unsafe yaml_event_delete(&event) }
        let mark = unsafe event.start_mark
        var result = Event(
            kind: unsafe event.type, position: Position(line: Int(mark.line) + 1, column: Int(mark.column) + 1))
        if result.kind == YAML_SCALAR_EVENT {
            let scalar = unsafe event.data.scalar
            let buffer = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            result.text = unsafe String(decoding: buffer, as: UTF8.self)
            result.isQuoted = unsafe scalar.style != YAML_PLAIN_SCALAR_STYLE
        }
        return result
    }

    private func parserFailure() -> DocumentFailure {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "this is no YAML"
        let mark = unsafe parser.pointee.problem_mark
        return DocumentFailure(
            file: file, position: Position(line: Int(mark.line) + 1, column: Int(mark.column) + 1), message: problem)
    }

    private func node(_ event: Event, depth: Int) throws(DocumentFailure) -> Node {
        guard depth < EventReader.deepest else {
            throw DocumentFailure(file: file, position: event.position, message: "nested more than 64 deep")
        }
        let content: Node.Content
        switch event.kind {
        case YAML_SCALAR_EVENT: content = .scalar(event.text, isQuoted: event.isQuoted)
        case YAML_SEQUENCE_START_EVENT:
            var nodes: [Node] = []
            while case let element = try next(), element.kind != YAML_SEQUENCE_END_EVENT {
                nodes.append(try node(element, depth: depth + 1))
            }
            content = .sequence(nodes)
        case YAML_MAPPING_START_EVENT:
            var entries: [(key: String, keyPosition: Position, value: Node)] = []
            while case let key = try next(), key.kind != YAML_MAPPING_END_EVENT {
                guard key.kind == YAML_SCALAR_EVENT else {
                    throw DocumentFailure(file: file, position: key.position, message: "a key should be a plain name")
                }
                guard !entries.contains(where: { $0.key == key.text }) else {
                    throw DocumentFailure(
                        file: file, position: key.position, message: "the key '\(key.text)' stands here twice")
                }
                entries.append((key.text, key.position, try node(try next(), depth: depth + 1)))
            }
            content = .mapping(entries)
        default:
            throw DocumentFailure(file: file, position: event.position, message: "aliases are not used in these files")
        }
        return Node(file: file, position: event.position, content: content)
    }
}
