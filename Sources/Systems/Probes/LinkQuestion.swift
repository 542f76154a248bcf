import Events
import Glibc
import Platform

/// Whether somebody would get through a link of the system's own: connects, sends what the profile says, waits for what an answer begins with.
enum LinkQuestion {
    static func answer(_ question: SystemProfile.Link.Question, at end: LinkEnd, until deadline: Instant) -> String {
        do throws(SystemFailure) {
            let socket = try end.connect(asRig: true, until: deadline)
            try socket.writeAll(question.send, until: deadline)
            var received: [UInt8] = []
            while received.count < question.answer.count {
                guard let octets = try socket.read(maximum: 64) else {
                    if Poll.wait([(socket, .readable)], until: deadline)[0].isEmpty { return "silent" }
                    continue
                }
                if octets.isEmpty { return "refused" }
                received += octets
            }
            return received.starts(with: question.answer) ? "accepted" : "refused"
        } catch {
            return error.code == ETIMEDOUT ? "silent" : "refused"
        }
    }
}
