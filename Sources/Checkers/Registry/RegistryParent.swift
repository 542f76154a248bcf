import Events

/// Something that others refer to, as it is between two requests.
struct RegistryParent: SequentialModel {
    enum Verb: String, Sendable {
        case create = "create_parent"
        case refer = "create_child"
        case delete = "delete_parent"
    }

    struct Act: Sendable {
        var verb: Verb
        /// What comes to refer to it.
        var dependant = ""
        /// nil: neither success nor a refusal.
        var claim: Event.Operation.Claim?
    }

    var isThere = false
    var dependants: Set<String> = []

    func after(_ act: Act) -> [Self] {
        switch (act.claim, act.verb) {
        case (.declined, _): [self]
        case (.conflict, .create): isThere ? [self] : []
        // What would refer to it is refused where it is not there.
        case (.conflict, .refer), (.absent, .refer), (.absent, .delete): isThere ? [] : [self]
        case (.conflict, .delete): isThere && !dependants.isEmpty ? [self] : []
        case (.absent, .create): []
        case (.done, .create), (nil, .create): isThere ? [] : [Self(isThere: true)]
        case (.done, .refer), (nil, .refer):
            isThere ? [Self(isThere: true, dependants: dependants.union([act.dependant]))] : []
        // Whoever deletes it all the same cleans up what refers to it.
        case (.done, .delete), (nil, .delete): isThere ? [Self()] : []
        }
    }
}
