import Events
import Glibc
import Testing

@testable import Platform

/// What a service manager hears, on a socket of the test's own.
@Suite struct ServiceNoticesTests {
    /// A datagram socket at a path.
    private final class Ear {
        let directory: TemporaryDirectory
        let path: String
        private let number: Int32

        init() throws {
            directory = try TemporaryDirectory(prefix: "knxrig-notify-")
            path = directory.path + "/notify"
            number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let octets = Array(path.utf8)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let bound = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(number, $0, size) }
            }
            try #require(bound == 0)
        }

        deinit {
            close(number)
            directory.remove()
        }

        /// The next datagram that is here; nil when there is none.
        func hear() -> String? {
            var buffer = [UInt8](repeating: 0, count: 1_000)
            let count = unsafe recv(number, &buffer, buffer.count, 0)
            return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
        }
    }

    @Test func eachNoticeIsOneDatagram() throws {
        let ear = try Ear()
        let notices = ServiceNotices(environment: ["NOTIFY_SOCKET": ear.path])
        notices.ready("it is safe")
        notices.lives()
        notices.stopping("it ends")
        #expect(ear.hear() == "READY=1\nSTATUS=it is safe")
        #expect(ear.hear() == "WATCHDOG=1")
        #expect(ear.hear() == "STOPPING=1\nSTATUS=it ends")
        #expect(ear.hear() == nil)
    }

    @Test func itBeatsTwiceAsOftenAsIsWantedAndOnlyWhereItIs() {
        let watched = ["NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "\(getpid())"]
        #expect(ServiceNotices(environment: watched).beat == .seconds(5))
        for (key, value) in [
            ("WATCHDOG_PID", "1"), ("NOTIFY_SOCKET", ""), ("WATCHDOG_USEC", "often"), ("WATCHDOG_USEC", "0"),
            ("WATCHDOG_USEC", "9223372036854775807"), ("WATCHDOG_USEC", "-9223372036854775808"),
        ] {
            #expect(ServiceNotices(environment: watched.merging([key: value]) { $1 }).beat == nil)
        }
        #expect(ServiceNotices(environment: [:]).beat == nil)
    }

    @Test func withNobodyThereNothingHappens() {
        ServiceNotices(environment: ["NOTIFY_SOCKET": "/nonexistent/notify"]).ready("it is safe")
        ServiceNotices(environment: ["NOTIFY_SOCKET": String(repeating: "x", count: 200)]).lives()
        ServiceNotices(environment: [:]).ready("it is safe")
    }

    @Test func theGroupsOfWhoIsAtTheOtherEndAreTheirs() throws {
        let (near, far) = try Socket.pair()
        let count = getgroups(0, nil)
        var own = [gid_t](repeating: 0, count: Int(count))
        _ = unsafe getgroups(count, &own)
        #expect(Set(try Socket.peerGroups(near)) == Set(own))
        withExtendedLifetime(far) {}
    }
}
