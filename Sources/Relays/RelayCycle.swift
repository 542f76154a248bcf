extension RelayBoard {
    /// Turns a coil over, waits, and turns it back. Whatever fails on the way, the coil is commanded back first.
    ///
    /// - Parameter before: what the coil is in.
    /// - Returns: how the last command was followed.
    public func cycle(_ channel: Int, from before: Bool, waiting: () -> Void) throws(RelayFailure) -> Readback {
        do {
            _ = try set(channel, energised: !before)
        } catch {
            // The board may have switched before its answer was lost.
            _ = try? set(channel, energised: before)
            throw error
        }
        waiting()
        return try set(channel, energised: before)
    }
}
