import Documents
import Platform

extension SystemProfile {
    /// A program that the system or its services run.
    public struct RequiredProgram: Hashable, Sendable {
        public var path: String
        /// The Debian package that brings it; nil for what no package brings.
        public var package: String?
        /// How to come by it, for a person, where no package brings it.
        public var get: String?

        public init(path: String, package: String? = nil, get: String? = nil) {
            self.path = path
            self.package = package
            self.get = get
        }

        /// Programs are looked for before a run has any values, so a path may refer to parameters and to the profile's own directory only.
        init(_ node: Node, values: Substitution) throws(DocumentFailure) {
            _ = try node.entries(of: "a program", keys: ["path", "package", "get"])
            let known = values.values.keys.sorted()
            path = try Template(node.required("path"), known: known).filled(by: values)
            package = try node["package"]?.text()
            get = try node["get"].map { node throws(DocumentFailure) in
                try Template(node, known: known).filled(by: values)
            }
            guard package != nil || get != nil else {
                throw node.failure(
                    "'package' is missing here, the Debian package that brings the program, or 'get', which says how to come by it"
                )
            }
        }

        /// What to do when it is not there.
        var remedy: String { package.map { "apt-get install \($0)" } ?? get ?? "" }
    }

    /// One sentence per program that is not installed, naming what brings it; empty when all are there.
    public func missingPrograms() -> [String] {
        programs.filter { Program.find($0.path) == nil }.map {
            "\($0.path) is not installed, and \(name) needs it: \($0.remedy)"
        }
    }
}
