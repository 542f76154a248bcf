/// Serials as boards bring them. A memory that was never written reads as octets of ones, and names no board.
enum SerialText {
    /// `text`, or nothing where it holds anything that nobody would have written.
    static func meant(_ text: String) -> String {
        let isWritten = text.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) }
        return isWritten && text.contains { $0 != " " } ? text : ""
    }
}
