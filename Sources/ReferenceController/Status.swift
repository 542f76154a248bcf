import Synchronization

/// What the controller knows about itself, written where it happens and read by `/health` and the health topic.
final class Status: Sendable {
    let knxConnected = Atomic(false)
    let mqttConnected = Atomic(false)
    /// 0 while no knxd runs.
    let knxdPID = Atomic<Int32>(0)
    let knxdRestarts = Atomic(0)
    /// Group telegrams that knxd handed over, malformed and unknown ones included.
    let telegrams = Atomic(0)
    let malformed = Atomic(0)
    /// Telegrams to addresses that are no points.
    let ignored = Atomic(0)
    /// Changes of points that were never handed to the broker, or not acknowledged by it when the connection broke.
    let mqttDropped = Atomic(0)
    /// Who is connected at `/ws` now.
    let webSocketClients = Atomic(0)
    /// Clients that were cut because they did not read or did not answer.
    let webSocketCut = Atomic(0)
    /// Messages that still waited for a client when its connection was over.
    let webSocketDropped = Atomic(0)

    /// Whether rows are written at all.
    let hasTimeSeries = Atomic(false)
    let rowsWritten = Atomic(0)
    let rowsWaiting = Atomic(0)
    /// Rows that were given up: never written, or written by an attempt that seemed to fail.
    let rowsDropped = Atomic(0)

    var isHealthy: Bool {
        knxConnected.load(ordering: .relaxed) && mqttConnected.load(ordering: .relaxed)
    }

    var summary: String { isHealthy ? "healthy" : "degraded" }

    private func connection(_ connected: borrowing Atomic<Bool>) -> JSON {
        connected.load(ordering: .relaxed) ? "connected" : "disconnected"
    }

    /// The retained message of the health topic.
    var topicMessage: JSON {
        ["status": .string(summary), "knx": connection(knxConnected), "mqtt": connection(mqttConnected)]
    }

    /// The last will, and the last message of an orderly stop.
    static let offlineMessage: JSON = ["status": "offline", "knx": "disconnected", "mqtt": "disconnected"]

    /// The body of `GET /health`.
    var report: JSON {
        let pid = knxdPID.load(ordering: .relaxed)
        let report: JSON = [
            "status": .string(summary), "knx": connection(knxConnected), "mqtt": connection(mqttConnected),
            "knxd_pid": pid == 0 ? nil : JSON(pid), "knxd_restarts": JSON(knxdRestarts.load(ordering: .relaxed)),
            "mqtt_dropped": JSON(mqttDropped.load(ordering: .relaxed)),
            "telegrams": JSON(telegrams.load(ordering: .relaxed)),
            "malformed": JSON(malformed.load(ordering: .relaxed)), "ignored": JSON(ignored.load(ordering: .relaxed)),
            "websocket_clients": JSON(webSocketClients.load(ordering: .relaxed)),
            "websocket_cut": JSON(webSocketCut.load(ordering: .relaxed)),
            "websocket_dropped": JSON(webSocketDropped.load(ordering: .relaxed)),
        ]
        guard hasTimeSeries.load(ordering: .relaxed), case .object(let members) = report else { return report }
        return .object(members + [.init(name: "time_series", value: rows)])
    }

    private var rows: JSON {
        [
            "written": JSON(rowsWritten.load(ordering: .relaxed)),
            "waiting": JSON(rowsWaiting.load(ordering: .relaxed)),
            "dropped": JSON(rowsDropped.load(ordering: .relaxed)),
        ]
    }
}
