import Events

/// One id of a registry, as it is between two requests: there with a text and values, or not there.
struct RegistryEntry: SequentialModel {
    struct Content: Hashable, Sendable {
        /// nil: nobody knows.
        var text: String?
        var values: [String: String] = [:]

        init(text: String?, values: [String: String] = [:]) {
            self.text = text
            self.values = values
        }

        /// What an answer shows.
        init(_ found: Value) {
            text = found["text"]?.text
            for field in found["values"]?.fields ?? [] { values[field.key] = field.value.said }
        }
    }

    struct Act: Sendable {
        enum Verb: String, Sendable {
            case create, change, delete, get
        }

        var verb: Verb
        /// What `create` calls it, and what `change` puts under its key.
        var text = ""
        var key = ""
        /// nil: not known, or neither success nor a refusal.
        var claim: Event.Operation.Claim?
        var found: Content?
    }

    /// nil: not there.
    var content: Content?

    func after(_ act: Act) -> [Self] {
        switch act.claim {
        case .declined: [self]
        // A refusal for what is there says of one that is to be created that it is there, and of any other that somebody came between.
        case .conflict: act.verb != .create || content != nil ? [self] : []
        case .absent: content == nil && act.verb != .create ? [self] : []
        case .done, nil: done(act)
        }
    }

    private func done(_ act: Act) -> [Self] {
        switch act.verb {
        case .create: return content == nil ? [Self(content: Content(text: act.text))] : []
        case .change:
            guard var changed = content else { return [] }
            changed.values[act.key] = act.text
            return [Self(content: changed)]
        case .delete: return content == nil ? [] : [Self(content: nil)]
        case .get: return content != nil && act.found.map(shows) ?? true ? [self] : []
        }
    }

    /// Whether somebody who looks may see this.
    func shows(_ seen: Content?) -> Bool {
        guard let seen, let content else { return seen == nil && content == nil }
        return seen.values == content.values && (seen.text == nil || seen.text == content.text)
    }

    /// For people: `not there`, `"lamp" with k0=1.2`.
    var description: String {
        guard let content else { return "not there" }
        let values = content.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return (content.text.map { "\"\($0)\"" } ?? "there")
            + (values.isEmpty ? " without a value" : " with " + values.joined(separator: " "))
    }
}

extension Value {
    /// As words, whether it was written as a text or as a number.
    var said: String { text ?? integer.map(String.init) ?? JSON.text(self) }
}
