import Events
import Glibc
import Platform

/// A network of a test's own, with nothing on it but its loopback interface, which carries multicast.
enum NetworkApart {
    /// Namespaces are made by root alone.
    static var isPossible: Bool { geteuid() == 0 }

    /// Runs a body on the calling thread, which is in the new network meanwhile, with all sockets and processes that it makes.
    static func run<Result>(_ body: () throws -> Result) throws -> Result {
        // It holds the namespace until everybody else is in it.
        var request = ChildProcess.Request(path: "sleep", arguments: ["600"])
        request.namespaces = [.network]
        let holder = try ChildProcess.spawn(request)
        defer {
            holder.send(signal: SIGKILL)
            _ = holder.wait()
        }
        try NetworkNamespace.enter(ofProcess: holder.pid)
        defer { try? NetworkNamespace.enter(ofProcess: getpid()) }
        try NetworkNamespace.bringUpLoopback()
        try NetworkNamespace.routeMulticastToLoopback()
        return try body()
    }
}
