import Testing

@testable import Systems

/// The kernel's table of sockets, as Linux 6.1 writes it.
@Suite struct SocketTableTests {
    static let table = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3141 1 0000000000000000 100 0 0 10 0
           1: 0100007F:1F90 0100007F:C9A2 01 00000584:00000000 04:00000142 00000000     0        0 3142 4 0000000000000000 21 4 25 10 -1
           2: 0100007F:C9A2 0100007F:1F90 08 00000000:00000276 00:00000000 00000000     0        0 3143 1 0000000000000000 20 0 0 10 -1
           3: 0100007F:1F90 0100007F:C9A4 05 00000001:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 20 0 0 10 -1
        """

    @Test func bothEndsAreRead() {
        let entries = SocketTable.parse(Self.table)
        #expect(
            entries == [
                .init(localPort: 8080, remotePort: 0, state: .listening, sendQueue: 0, receiveQueue: 0),
                .init(localPort: 8080, remotePort: 51_618, state: .established, sendQueue: 1412, receiveQueue: 0),
                .init(localPort: 51_618, remotePort: 8080, state: .closeWait, sendQueue: 0, receiveQueue: 630),
                .init(localPort: 8080, remotePort: 51_620, state: .other, sendQueue: 1, receiveQueue: 0),
            ])
        #expect(entries.map(\.state.isHeld) == [false, true, true, false])
        #expect(SocketTable(entries: entries).listening == [8080])
    }

    /// The addresses of tcp6 are longer, and nothing else differs.
    @Test func versionSixIsReadToo() {
        let line =
            "head\n  0: 00000000000000000000000001000000:1F90 0000000000000000FFFF00000100007F:C9A2 01 0000000A:0000000B 0"
        #expect(
            SocketTable.parse(line) == [
                .init(localPort: 8080, remotePort: 51_618, state: .established, sendQueue: 10, receiveQueue: 11)
            ])
    }

    @Test(arguments: [
        "", "head", "head\n", "head\n 0: x y", "head\n 0: 1:1F90 1:1 ZZ 0:0", "head\n 0: 1:1F90 1:1 01 0",
    ])
    func whatIsNoneIsPassedOver(text: String) { #expect(SocketTable.parse(text).isEmpty) }

    /// Client 5001 is reset, the system keeps its end of client 5002, and then others connect from both ports.
    @Test func aPortThatIsUsedAgainIsNoClient() {
        typealias Entry = SocketTable.Entry
        func pair(_ port: UInt16, ours: SocketTable.State, theirs: SocketTable.State) -> [Entry] {
            [
                Entry(localPort: port, remotePort: 80, state: ours, sendQueue: 0, receiveQueue: 0),
                Entry(localPort: 80, remotePort: port, state: theirs, sendQueue: 0, receiveQueue: 0),
            ]
        }
        var sockets = ClientSockets(to: 80, from: [5001, 5002])
        func counts(_ table: [Entry], alive: [UInt16] = []) -> [Int] {
            let held = sockets.held(in: table, alive: alive)
            return [held.ours.count, held.theirs.count]
        }
        let stranger = pair(5003, ours: .established, theirs: .established)
        let first = pair(5001, ours: .established, theirs: .established)
        let second = pair(5002, ours: .established, theirs: .established)
        #expect(counts(stranger + first, alive: [5001, 5002]) == [1, 1], "the table has left one out")
        #expect(counts(stranger + first + second, alive: [5001, 5002]) == [2, 2])
        #expect(counts(stranger + pair(5002, ours: .other, theirs: .closeWait)) == [0, 1])
        #expect(counts(stranger + first + pair(5002, ours: .other, theirs: .closeWait)) == [0, 1])
        #expect(counts(stranger) == [0, 0])
        #expect(counts(stranger + first + second) == [0, 0])
    }
}
