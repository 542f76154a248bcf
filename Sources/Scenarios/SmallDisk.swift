import Platform

/// A small file system for the data of the system under test, so that filling it fills nobody else's. It exists in the mounts of this run alone and is gone
/// with its last process, however that ends.
enum SmallDisk {
    /// Room for the data of a small controller, and soon full.
    private static let megabytes = 16

    /// Call on the thread that starts the twin, the keeper and the host: they see it because they come after it.
    static func mount(at path: String) throws(SystemFailure) {
        try Files.makeDirectories(path)
        try MountNamespace.enterPrivate()
        try MountNamespace.mountMemory(at: path, megabytes: megabytes)
    }

    static func unmount(_ path: String) { MountNamespace.unmount(path) }
}
