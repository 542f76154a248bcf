import Glibc
import Testing

@testable import Systems

@Suite struct ProcessHoldingTests {
    @Test func privateMemoryIsWhatIsWrittenAndWhatOfItIsSwappedOut() {
        let text = """
            55d0c0a00000-7ffe3a5f1000 ---p 00000000 00:00 0                          [rollup]
            Rss:               20480 kB
            Pss:               12000 kB
            Shared_Clean:       9000 kB
            Private_Clean:      1000 kB
            Private_Dirty:      8100 kB
            SwapPss:              96 kB
            """
        #expect(ProcessHolding.privateKilobytes(text) == 8_196)
        #expect(ProcessHolding.privateKilobytes("Rss: 20480 kB\n") == nil)
        #expect(ProcessHolding.privateKilobytes("") == nil)
    }

    /// Of a real process: what it writes is seen, and what it opens.
    @Test func whatThisProcessTakesIsSeen() throws {
        func look() throws -> ProcessHolding {
            let entry = try #require(ProcessTable.read().first { $0.pid == getpid() })
            return ProcessHolding(entry, id: "tests", isMain: true)
        }
        let before = try #require(try look().privateKilobytes)
        let taken = [UInt8](repeating: 0x55, count: 64 << 20)
        let after = try look()
        #expect(try #require(after.privateKilobytes) - before > 48 << 10)
        #expect(after.threads >= 1 && after.descriptors >= 3)
        #expect(taken.last == 0x55)
    }
}
