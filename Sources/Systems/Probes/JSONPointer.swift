import Events

extension Value {
    /// What a JSON pointer (RFC 6901) points at; nil when there is nothing.
    func at(pointer: String) -> Value? {
        var value = self
        for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let key = part.split(separator: "~1", omittingEmptySubsequences: false).joined(separator: "/")
                .split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~")
            if let list = value.list {
                guard let index = Int(key), list.indices.contains(index) else { return nil }
                value = list[index]
            } else {
                guard let next = value[key] else { return nil }
                value = next
            }
        }
        return value
    }
}
