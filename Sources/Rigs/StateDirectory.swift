import Glibc
import Platform

/// Where a user's programs keep what must outlive them about real boards: wear counters, marks of an unsafe rig, records of checks. It outlives a reboot too: a
/// worn contact stays worn, and an unsafe rig unsafe.
public struct StateDirectory: Sendable, Hashable {
    /// Whose programs find the same there.
    public enum Reach: Sendable, Hashable {
        /// Root's, and those of the keeper that runs as a service; others can look.
        case system
        /// Those of all who may use the boards of this computer.
        case shared
        /// One user's alone.
        case user
    }

    public var path: String
    public var reach: Reach
    /// Other directories of this computer that may hold a mark of the same board.
    public var others: [String]

    /// - Parameters:
    ///   - user: whose programs these are; 0 is root.
    ///   - state: the value of XDG_STATE_HOME, if set.
    ///   - home: the user's home; nil for one without.
    ///   - system: where root's are; its `shared` is everybody's where there is one that the user can write to.
    init(user: UInt32, state: String?, home: String?, system: String = "/var/lib/knxrig") {
        let shared = system + "/shared"
        if user == 0 {
            self.init(path: system, reach: .system, others: [shared])
        } else if Files.isDirectory(shared), unsafe access(shared, W_OK | X_OK) == 0 {
            self.init(path: shared, reach: .shared, others: [system])
        } else {
            self.init(
                path: Self.personal(user: user, state: state, home: home), reach: .user, others: [system, shared])
        }
    }

    private init(path: String, reach: Reach, others: [String]) {
        self.path = path
        self.reach = reach
        self.others = others
    }

    private static func personal(user: UInt32, state: String?, home: String?) -> String {
        if let state, state.hasPrefix("/") { return state + "/knxrig" }
        // Whoever changed the user alone (setpriv, some uses of sudo) still has the home of another.
        if let home, home.hasPrefix("/"), isWritable(home) { return home + "/.local/state/knxrig" }
        // Sooner than /tmp, which a reboot empties.
        return (isWritable("/var/tmp") ? "/var/tmp" : "/tmp") + "/knxrig-\(user)"
    }

    private static func isWritable(_ directory: String) -> Bool {
        unsafe Files.isDirectory(directory) && access(directory, W_OK | X_OK) == 0
    }

    /// This user's. What earlier versions kept elsewhere is taken over when it is first asked for.
    public static let current: StateDirectory = {
        let user = geteuid()
        let state = environment("XDG_STATE_HOME")
        let home = environment("HOME")
        let current = StateDirectory(user: user, state: state, home: home)
        if current.reach != .system {
            StateTakeover.take(from: "/tmp/knxrig-\(user)", of: user, to: current.path)
        }
        // Somebody has made a place for all since.
        if current.reach == .shared {
            StateTakeover.take(
                from: personal(user: user, state: state, home: home), of: user, to: current.path)
        }
        return current
    }()

    private static func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What a person who relies on it should know; nil when there is nothing.
    ///
    /// - Parameter isLockedForAll: whether locks there are that programs of all users see.
    public func caveat(isLockedForAll: Bool) -> String? {
        guard reach == .user else { return nil }
        let kept =
            "wear counters and unsafe marks are kept for this user alone (\(path)): scripts/install makes a place for all of the group knxrig"
        return isLockedForAll
            ? kept
            : kept
                + "; and nothing keeps another user from the same board at the same time, since \(BoardPlaces.locksOfAll) is not to be written to"
    }
}
