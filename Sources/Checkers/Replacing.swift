import Events

extension Value {
    /// The record with another value under `key`; one without such a key gets it, and what is no record stays as it is.
    func replacing(_ key: String, by value: Value) -> Value {
        guard case .record(var fields) = self else { return self }
        if let index = fields.firstIndex(where: { $0.key == key }) {
            fields[index].value = value
        } else {
            fields.append(Field(key, value))
        }
        return .record(fields)
    }
}
