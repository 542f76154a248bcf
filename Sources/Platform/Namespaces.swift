import CPlatform
import Glibc

/// Network namespaces are per thread: a socket made on a thread stays in the namespace that the thread was in, and may be used from any.
public enum NetworkNamespace {
    /// Moves the calling thread into the network namespace of a process; does nothing where it is there already.
    public static func enter(ofProcess pid: Int32) throws(SystemFailure) {
        let path = "/proc/\(pid)/ns/net"
        if let there = target(of: path), there == target(of: "/proc/thread-self/ns/net") { return }
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw SystemFailure("open", path) }
        let namespace = Descriptor(owning: number)
        guard platform_enter_namespace(namespace.number) == 0 else { throw SystemFailure("enter", path) }
    }

    /// What a link of /proc points at: the kind and the number of a namespace.
    private static func target(of link: String) -> String? {
        var octets = [CChar](repeating: 0, count: 64)
        let count = unsafe readlink(link, &octets, octets.count - 1)
        return count > 0 ? String(decoding: octets.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    /// In a new namespace: makes 127.0.0.1 work.
    public static func bringUpLoopback() throws(SystemFailure) {
        guard platform_loopback_up() == 0 else { throw SystemFailure("bring up", "the loopback interface") }
    }

    /// In a new namespace: lets multicast go out on the loopback interface, from 127.0.0.1. Without such a route no KNXnet/IP server starts.
    public static func routeMulticastToLoopback() throws(SystemFailure) {
        guard platform_loopback_multicast() == 0 else {
            throw SystemFailure("route multicast to", "the loopback interface")
        }
    }
}

/// What a process does that is to know everything below it, without a namespace.
public enum Orphans {
    /// From now on processes below this one whose own parents end become its children.
    public static func takeIn() throws(SystemFailure) {
        guard platform_take_in_orphans() == 0 else { throw SystemFailure("take in", "orphans") }
    }
}

/// What the first process of new mount and process namespaces does first.
public enum MountNamespace {
    /// Keeps our mounts to ourselves and shows the new process namespace's own /proc.
    public static func makePrivateWithProc() throws(SystemFailure) {
        guard platform_make_mounts_private() == 0 else { throw SystemFailure("make private", "the mounts") }
        guard platform_mount_proc() == 0 else { throw SystemFailure("mount", "/proc") }
    }

    /// Gives the calling thread mounts of its own; threads and processes that it starts from now on share them.
    public static func enterPrivate() throws(SystemFailure) {
        guard platform_unshare_mounts() == 0 else { throw SystemFailure("make mounts of their own for", "this run") }
        guard platform_make_mounts_private() == 0 else { throw SystemFailure("make private", "the mounts") }
    }

    /// A file system in memory of so many megabytes.
    public static func mountMemory(at path: String, megabytes: Int) throws(SystemFailure) {
        guard unsafe mount("knxrig", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            throw SystemFailure("mount a file system of \(megabytes) MB at", path)
        }
    }

    /// Shows `octets` as the file at `path`: mounts a file over it that has no other name.
    ///
    /// - Parameter temporary: where the file lies for a moment.
    public static func show(_ octets: [UInt8], at path: String, by temporary: String) throws(SystemFailure) {
        try Files.write(octets, to: temporary)
        defer { unsafe unlink(temporary) }
        guard unsafe mount(temporary, path, nil, UInt(MS_BIND), nil) == 0 else {
            throw SystemFailure("show a file at", path)
        }
    }

    /// Takes a file system off its place; nothing where none is mounted.
    public static func unmount(_ path: String) {
        _ = unsafe umount2(path, Int32(MNT_DETACH))
    }
}
