// CWebSockets reaches the same C header as Glibc, and the compiler may take SOCK_STREAM for a member of either: with
// one import alone this file compiles on some days only.
import CWebSockets
import Glibc

/// A stream socket that children do not inherit; negative when there is none, with the reason in `errno`.
func streamSocket(_ family: Int32) -> Int32 {
    socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
}
