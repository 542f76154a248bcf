import Events
import Platform
import Testing
import Twin

/// Our release program, libusb and a real kernel against the emulated board.
@Suite(
    "Relay boards on a real kernel", .serialized, .machineCanBoot, .timeLimit(.minutes(5)),
    .bench {
        [
            ("first", DcttechBoard(channelCount: 2, serial: "PSUIS")),
            ("second", DcttechBoard(channelCount: 8, serial: "PSUIS")),
        ]
    })
struct RelayBoardKernelTests {
    let bench: Bench

    init() throws {
        bench = try #require(Bench.current)
        // Each test begins with the first board alone, just plugged in and sound.
        for board in ["first", "second"] {
            bench.devices.withModel(of: board, as: DcttechBoard.self) { $0.faults = DcttechBoard.Faults() }
        }
        try bench.unplug("second", from: Bench.secondPath)
        try bench.unplug("first", from: Bench.firstPath)
        try bench.plug("first", at: Bench.firstPath)
    }

    @Test func `A coil is set and read back, by the device model and by Debian's own tool`() throws {
        let list = try bench.run("knxrig relay list")
        #expect(list.status == 0)
        #expect(list.output.contains("PSUIS") && list.output.contains("1-1"), "\(list)")
        let set = try bench.run("knxrig relay set 2 on")
        #expect(set == .init(status: 0, output: "dcttech board PSUIS at 1-1: 2 on (confirmed)\n"))
        #expect(bench.devices.contacts(of: "first") == [false, true])
        // usbrelay goes through the kernel's hidraw, which is there again after each of our claims.
        #expect(try bench.run("usbrelay 2>/dev/null").output == "PSUIS_1=0\nPSUIS_2=1\n")
        #expect(try bench.run("usbrelay PSUIS_1=1 2>/dev/null").status == 0)
        let get = try bench.run("knxrig relay get")
        #expect(get == .init(status: 0, output: "dcttech board PSUIS at 1-1: 1 on, 2 on\n"))
    }
}
