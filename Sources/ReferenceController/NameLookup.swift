import Glibc

/// Names of hosts, asked of whoever the computer asks. Nothing of the controller needs one.
enum NameLookup {
    /// Whom a controller asks that is not sure of itself without the internet.
    static let cloud = "connectivity.example"

    /// Returns when the name has been found or not: with servers that don't answer, after all tries of all of them.
    static func wait(for name: String) {
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(name, nil, nil, &found) == 0 else { return }
        unsafe freeaddrinfo(found)
    }
}
