import Events
import Platform
import Testing

/// What a client may ask the keeper for that nobody would: it is refused, and the keeper lives.
extension RigRuns {
    @Suite struct KeeperRequestTests {
        @Test(arguments: [Int64.min, -1]) func aDueInstantBeforeTheClocksZeroIsRefused(due: Int64) throws {
            let bench = try KeeperBench()
            _ = try bench.startKeeper()
            let (client, _) = try bench.hello()
            try client.send([
                "set": [
                    "id": 7, "channel": "bus-power", "meaning": "cut", "purpose": "fault", "due": .integer(due),
                ]
            ])
            let failed = try KeeperBench.next(client, "failed", within: 5)
            #expect(failed["id"]?.integer == 7)
            #expect(failed["reason"]?.text?.contains("due instant") == true, "\(failed)")
            try bench.cut(client)
            try client.send(["bye": true])
            _ = try KeeperBench.next(client, "bye", within: 5)
        }
    }
}
