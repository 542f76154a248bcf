/// A value that a name or a field is given at the top of a file.
struct NamedConstant {
    var name: Int32
    /// As written: `100`, `5 * time.Second`.
    var text: String
    var line: Int
}

/// A field of a struct.
struct StructField {
    var structure: Int32
    var name: Int32
    /// As written, without spaces: `*mqtt.Client`, `chan Row`.
    var type: String
    /// As written, with its quotes; empty when there is none.
    var tag: String
    var line: Int
}

/// A function or method with a body.
struct Function {
    var name: Int32
    /// The receiver's type without `*`; −1 for a plain function.
    var receiver: Int32 = -1
    var receiverName: Int32 = -1
    /// Names of parameters with their types as written.
    var parameters: [(name: Int32, type: String)] = []
    /// Its results as written, without spaces.
    var results = ""
    /// The token of the keyword or name it begins with.
    var start: Int
    /// Tokens of the body's brackets.
    var body: ClosedRange<Int>
    var line: Int
    var lastLine: Int
}

/// A call: `qualifier.name(…)`.
struct Call {
    var name: Int32
    /// The name before the dot; −1 for a plain call, −2 when an expression stands before the dot.
    var qualifier: Int32
    /// The name before the qualifier: `c` in `c.client.Publish(…)`; −1 when there is none.
    var base: Int32
    /// The token of the name.
    var token: Int
    /// The name was passed on, not called.
    var isReference: Bool
}

/// One file of the tree, read.
struct SourceFile {
    /// Relative to the tree's root.
    var path: String
    var directory: String
    var family: Family
    var isTest: Bool
    /// A build constraint keeps the file out of an ordinary build or test run; its line.
    var constraint: (line: Int, text: String)?
    var lines = 0
    var tokens: [Token] = []
    var comments: [Comment] = []
    /// Only for files read as lines.
    var text: [String] = []
    var package: Int32 = -1
    /// Local name of the import → its path.
    var imports: [Int32: String] = [:]
    var functions: [Function] = []
    var fields: [StructField] = []
    var interfaces: Set<Int32> = []
    var constants: [NamedConstant] = []

    /// The function around a token, by its place in `functions`.
    func function(around token: Int) -> Int? {
        var low = 0
        var high = functions.count
        while low < high {
            let middle = (low + high) / 2
            if functions[middle].start <= token { low = middle + 1 } else { high = middle }
        }
        guard low > 0, token <= functions[low - 1].body.upperBound else { return nil }
        return low - 1
    }

    /// The comments that stand right above a function, and those inside it.
    func comments(of function: Function) -> [Comment] {
        var above = function.line - 1
        var found: [Comment] = []
        for comment in comments.reversed() {
            if comment.lastLine > function.lastLine { continue }
            if comment.line >= function.line {
                found.append(comment)
            } else if comment.lastLine == above {
                found.append(comment)
                above = comment.line - 1
            } else {
                break
            }
        }
        return found
    }
}
