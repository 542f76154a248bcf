import Events

/// A safe state that was asked for and that not all boards have answered yet.
struct SafeRequest {
    /// What follows once it is settled.
    enum Next {
        case nothing
        /// The client is told.
        case answer
        /// The client is told and let go.
        case farewell
        /// The rig is offered, if it is safe.
        case ready
    }

    /// A board that has not answered by then is taken for one that cannot be made safe.
    static let patience = Instant.Span.seconds(15)

    var reason: String
    var next: Next
    /// Places of the boards that have not answered.
    var open: Set<Int>
    var isConfirmed = true
    var deadline: Instant
}
