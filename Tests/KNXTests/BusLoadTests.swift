import KNX
import Testing

@Suite struct BusLoadTests {
    /// Data octets, cycle bits at 50 and at 53 idle bits, telegrams per 1000 s: computed from the standard's bit counts.
    @Test(arguments: [
        (9, 191, 194), (10, 204, 207), (11, 217, 220), (13, 243, 246), (23, 373, 376), (25, 399, 402),
        (263, 3493, 3496),
    ]) func cycles(_ octets: Int, _ urgent: Int, _ low: Int) {
        func frame(_ control: UInt8) -> [UInt8] { [control] + [UInt8](repeating: 0, count: octets - 1) }
        #expect(BusLoad.cycleBits(frame(0xBC), isAcknowledged: true) == low)
        #expect(BusLoad.cycleBits(frame(0xB4), isAcknowledged: true) == low)
        #expect(BusLoad.cycleBits(frame(0xB0), isAcknowledged: true) == urgent)
        #expect(BusLoad.cycleBits(frame(0xB8), isAcknowledged: true) == urgent)
        #expect(BusLoad.cycleBits(frame(0x9C), isAcknowledged: true) == urgent)
        #expect(BusLoad.cycleBits(frame(0xBC), isAcknowledged: false) == 13 * octets - 2 + 53)
        #expect(BusLoad.cycleBits([], isAcknowledged: false) > 0)
    }

    @Test func saturationReadsWhole() {
        var load = BusLoad(windowNanoseconds: 10_000_000_000)
        let frame = TP1Frame(
            source: IndividualAddress(raw: 0x1105), destination: .group(GroupAddress(raw: 0x0901)),
            transportUnit: [0, 0x80, 0, 0]
        ).octets
        let cycle = BusTiming.nanoseconds(bits: 220)
        for count in 1...1000 {
            load.observe(frame, isAcknowledged: true, endNanoseconds: Int64(count) * cycle)
        }
        let end = 1000 * cycle
        #expect((998...1002).contains(load.permille(atNanoseconds: end)))
        #expect((495...505).contains(load.permille(atNanoseconds: end + 5_000_000_000)))
        #expect(load.permille(atNanoseconds: end + 10_000_000_000) == 0)
    }

    @Test func ratesOfCapacity() {
        #expect(BusLoad.millihertz(percent: 100, octets: 11) == 43_636)
        #expect(BusLoad.millihertz(percent: 40, octets: 11) == 17_454)
    }
}
