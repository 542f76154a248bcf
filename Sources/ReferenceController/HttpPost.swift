import Glibc

/// One POST over a connection of its own, with a deadline for all of it.
enum HttpPost {
    struct Failure: Error {
        let message: String
        /// What was sent is refused for what it is: sending it again would be refused again.
        var isFinal = false
    }

    private static let largestAnswer = 65_536
    /// How often the deadline is asked for anew.
    private static let sliceMilliseconds: Int64 = 50

    /// Sends and waits for a status of 200 to 299.
    /// - Parameter deadline: In nanoseconds of CLOCK_MONOTONIC, asked again and again: it may come nearer meanwhile.
    static func send(
        _ body: [UInt8], to path: String, at endpoint: Configuration.Endpoint, deadline: () -> Int64
    ) throws(Failure) {
        let descriptor = streamSocket(AF_INET)
        guard descriptor >= 0 else { throw Failure(message: systemError()) }
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        try connect(descriptor, endpoint, deadline)
        let head =
            "POST \(path) HTTP/1.1\r\nHost: \(endpoint.host):\(endpoint.port)\r\nConnection: close\r\n"
            + "Content-Type: text/plain\r\nContent-Length: \(body.count)\r\n\r\n"
        try write(Array(head.utf8) + body, descriptor, deadline)
        let status = try readStatus(descriptor, deadline)
        guard (200...299).contains(status) else {
            throw Failure(message: "status \(status)", isFinal: (400...499).contains(status))
        }
    }

    private static func connect(
        _ descriptor: Int32, _ endpoint: Configuration.Endpoint, _ deadline: () -> Int64
    ) throws(Failure) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(endpoint.port).bigEndian)
        guard unsafe inet_pton(AF_INET, endpoint.host, &address.sin_addr) == 1 else {
            throw Failure(message: "\(endpoint.host) is no IPv4 address")
        }
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(descriptor, $0, size) }
        }
        guard result != 0 else { return }
        guard errno == EINPROGRESS else { throw Failure(message: systemError()) }
        try wait(descriptor, POLLOUT, deadline)
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        guard code == 0 else { throw Failure(message: systemError(code)) }
    }

    private static func write(_ octets: [UInt8], _ descriptor: Int32, _ deadline: () -> Int64) throws(Failure) {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                try wait(descriptor, POLLOUT, deadline)
            } else if errno != EINTR {
                throw Failure(message: systemError())
            }
        }
    }

    /// Reads the head of the answer, and its end if it comes with it.
    private static func readStatus(_ descriptor: Int32, _ deadline: () -> Int64) throws(Failure) -> Int {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let text = String(decoding: answer, as: UTF8.self)
            if text.contains("\r\n\r\n") {
                let words = text.prefix { !$0.isNewline }.split(separator: " ")
                guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
                    throw Failure(message: "the answer is not HTTP")
                }
                return status
            }
            guard answer.count < largestAnswer else { throw Failure(message: "the answer is too long") }
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count > 0 {
                answer += buffer[..<count]
            } else if count == 0 {
                throw Failure(message: "the connection ended before the answer")
            } else if errno == EAGAIN {
                try wait(descriptor, POLLIN, deadline)
            } else if errno != EINTR {
                throw Failure(message: systemError())
            }
        }
    }

    private static func wait(_ descriptor: Int32, _ events: Int32, _ deadline: () -> Int64) throws(Failure) {
        while true {
            let left = deadline() - monotonicNanoseconds()
            guard left > 0 else { throw Failure(message: "no answer in time") }
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let milliseconds = min(left / 1_000_000 + 1, sliceMilliseconds)
            if unsafe poll(&entry, 1, Int32(clamping: milliseconds)) > 0 { return }
        }
    }
}
