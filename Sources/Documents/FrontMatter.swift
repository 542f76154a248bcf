extension Node {
    /// The YAML between the two lines of `---` that a page of Markdown begins with; its places are those of the whole page.
    ///
    /// - Parameter file: the name used in messages.
    public static func frontMatter(_ text: String, file: String) throws(DocumentFailure) -> (
        matter: Node, prose: String
    ) {
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else {
            throw DocumentFailure(
                file: file, position: Position(line: 1, column: 1),
                message: "the page should begin with front matter: a line '---', YAML, and a line '---'")
        }
        // An empty line in the place of the first '---' keeps the numbers of the lines.
        let matter = try parse("\n" + lines[1..<end].joined(separator: "\n"), file: file)
        return (matter, lines[(end + 1)...].joined(separator: "\n"))
    }
}
