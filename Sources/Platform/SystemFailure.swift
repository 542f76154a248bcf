import Glibc

/// A call to the operating system that failed: which, on what, and why.
public struct SystemFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, in words: `open`, `connect to`, `execute`.
    public var call: String
    /// On what: a path, an address, a program.
    public var subject: String
    /// The error number of `errno`.
    public var code: Int32

    /// - Parameter code: the error number; nil takes the thread's present `errno`.
    public init(_ call: String, _ subject: String, code: Int32? = nil) {
        self.call = call
        self.subject = subject
        self.code = code ?? errno
    }

    /// Something of that name is there already.
    public var isAlreadyThere: Bool { code == EEXIST }

    public var description: String {
        "cannot \(call) \(subject): \(SystemFailure.text(code: code))"
    }

    /// The operating system's sentence for an error number.
    public static func text(code: Int32) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}
