import Events
import Glibc
import Platform

/// What keeps the system under test apart from everything else on this computer.
public enum Isolation: Hashable, Sendable {
    /// Network, mount and process namespaces of its own, so that it has a computer to itself.
    case namespaces
    /// A process tree in this computer's own network and files, because namespaces are refused.
    ///
    /// - Parameter refusal: what the kernel said, and the remedy.
    case processTree(refusal: String)

    /// What this computer lets this program do: found out once, by trying it.
    public static let present = probe()

    /// Why there are no namespaces; nil where there are.
    public var refusal: String? {
        if case .processTree(let refusal) = self { refusal } else { nil }
    }

    /// Makes what a host makes, in a program of the system's that does nothing else.
    private static func probe() -> Isolation {
        var request = ChildProcess.Request(
            path: "/bin/sh", arguments: ["-c", "mount --make-rprivate / && mount -t proc proc /proc"])
        request.namespaces = [.network, .mount, .process]
        request.newSession = true
        do throws(SystemFailure) {
            let nothing = try Descriptor.null()
            request.standardOutput = nothing
            request.standardError = nothing
            let child = try ChildProcess.spawn(request)
            guard case .status(0) = child.wait() else {
                return .processTree(refusal: "mounts are refused in namespaces of our own; \(remedy(for: EPERM))")
            }
            return .namespaces
        } catch {
            return .processTree(refusal: "\(SystemFailure.text(code: error.code)); \(remedy(for: error.code))")
        }
    }

    private static func remedy(for code: Int32) -> String {
        switch code {
        case ENOSPC, EUSERS: "raise /proc/sys/user/max_net_namespaces, max_mnt_namespaces and max_pid_namespaces"
        case ENOSYS, EINVAL: "this kernel has none: use one with network, mount and process namespaces"
        default: "run knxrig as root, in a container with the capability SYS_ADMIN"
        }
    }
}
