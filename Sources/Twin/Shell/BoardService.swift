import Events
import Platform

/// What serves the emulated boards of a twin, as far as the twin's process needs it.
protocol BoardService: Sendable {
    /// The TCP port on 127.0.0.1.
    var port: UInt16 { get }
    var connectedClients: Int { get }
    func stop()
}

/// Makes the service; the closure is told of every contact that moves: board, channel from 1, energised, instant.
typealias BoardServiceMaker = (
    [TwinConfiguration.Board], @escaping @Sendable (String, Int, Bool, Instant) -> Void
) throws(SystemFailure) -> any BoardService
