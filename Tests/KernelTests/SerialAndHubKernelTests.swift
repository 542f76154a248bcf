import Events
import Platform
import Testing
import Twin

extension OnARealKernel.FirstRow {
    /// Boards on the kernel's own serial driver, and a board whose USB port is without power.
    @Suite(
        "Serial boards and switched ports on a real kernel",
        .bench(of: {
            try Bench(
                devices: [("behind", DcttechBoard(channelCount: 2, serial: "HUBBY"))], behindHub: "behind",
                serial: NumatoBoard(channelCount: 2))
        }))
    struct SerialAndHubKernelTests {
        let bench: Bench
        let board: SerialBoardServer

        init() throws {
            bench = try #require(SharedBench.current).bench()
            board = try #require(bench.serialBoard)
        }

        /// `/dev/ttyS2` or whichever the kernel gave it.
        private func node() throws -> String {
            let answer = try bench.run("ls -d /sys/bus/pci/drivers/serial/*/tty/ttyS*")
            let name = try #require(answer.output.split(whereSeparator: { $0 == "/" || $0 == "\n" }).last, "\(answer)")
            return "/dev/\(name)"
        }

        struct Specimen: CustomTestStringConvertible, Sendable {
            var driver: String
            var model: any SerialBoardModel
            var isRead = true

            var testDescription: String { driver }
        }

        @Test(arguments: [
            Specimen(driver: "numato", model: NumatoBoard(channelCount: 2)),
            Specimen(driver: "devantech", model: DevantechBoard(.rly02)),
            Specimen(driver: "kmtronic", model: KMtronicBoard()),
            Specimen(driver: "lcus-serial", model: LCUSBoard(channelCount: 2), isRead: false),
        ]) func `A serial board is set and read back through the kernel's UART driver`(_ specimen: Specimen) throws {
            board.exchange(for: specimen.model)
            let node = try node()
            let subject = "\(specimen.driver) board without serial at \(node)"
            let arguments = "--driver \(specimen.driver) --board \(node)"
            let proof = specimen.isRead ? "confirmed" : "assumed"
            #expect(
                try bench.run("knxrig relay set 1 on \(arguments)")
                    == .init(status: 0, output: "\(subject): 1 on (\(proof))\n"))
            let deadline = MonotonicClock.now() + .seconds(10)
            while !board.contacts[0], MonotonicClock.now() < deadline { MonotonicClock.sleep(for: .milliseconds(5)) }
            #expect(board.contacts[0] && !board.contacts.dropFirst().contains(true))
            guard specimen.isRead else { return }
            #expect(
                try bench.run("knxrig relay get 1 \(arguments)") == .init(status: 0, output: "\(subject): 1 on\n"))
            let sets = try bench.run("for i in 1 2 3 4 5; do knxrig relay set 1 on --json \(arguments); done")
            let took = try sets.output.split(separator: "\n").compactMap {
                try JSON.parse(Array($0.utf8))["microseconds"]?.integer
            }.sorted()
            try #require(took.count == 5, "\(sets)")
            print(
                "\(specimen.driver): set and read-back over a UART: \(took[2]) µs in the middle, \(took[4]) µs at the longest"
            )
            board.setFaults { $0.answer = .silent(times: nil) }
            let silent = try bench.run("knxrig relay set 1 off \(arguments)")
            #expect(silent.status == 5 && silent.output.contains("it did not answer within 200 ms"), "\(silent)")
            board.setFaults { $0.answer = .sound }
            #expect(board.contacts[0])
        }

        @Test func `A serial line is held alone, against root too`() throws {
            board.exchange(for: NumatoBoard(channelCount: 2))
            let arguments = "--driver numato --board \(try node())"
            _ = try bench.run("(knxrig relay cycle 2 --milliseconds 60000 \(arguments)) >/tmp/cycle 2>&1 &")
            let deadline = MonotonicClock.now() + .seconds(30)
            while !board.contacts[1], MonotonicClock.now() < deadline { MonotonicClock.sleep(for: .milliseconds(20)) }
            #expect(board.contacts == [false, true])
            let refused = try bench.run("knxrig relay get \(arguments)")
            #expect(refused.status == 5 && refused.output.contains("another program has it"), "\(refused)")
            _ = try bench.run("killall -INT knxrig")
            _ = try bench.machine.poll("cat /tmp/cycle") { $0.output.contains("2 off (confirmed)") }
            #expect(board.contacts == [false, false])
            #expect(try bench.run("knxrig relay get \(arguments)").status == 0)
        }

        @Test func `A port's power is cut and given, by our account and by uhubctl's`() throws {
            let hub = "1-4"
            try bench.plug("behind", at: "1-4.1")
            let arguments = "--driver hub-port-power --board \(hub)"
            func expect(_ text: String, contains part: String) { #expect(text.contains(part), "\(text)") }
            func status() throws -> String { try bench.run("uhubctl -l \(hub) -p 1").output }
            try expect(status(), contains: "power")
            let cut = try bench.run("knxrig relay set 1 on \(arguments)")
            #expect(cut.status == 0 && cut.output.hasSuffix(": 1 on (confirmed)\n"), "\(cut)")
            // It leaves the speed's bit standing; the power bit is gone.
            let off = try status()
            #expect(off.contains("Port 1:") && !off.contains("power"), "\(off)")
            let gone = try bench.machine.poll("test ! -e /sys/bus/usb/devices/1-4.1") { $0.status == 0 }
            #expect(gone.status == 0, "no ghost stays behind")
            let list = try bench.run("knxrig relay list")
            #expect(!list.output.contains("HUBBY"), "\(list)")
            #expect(try bench.run("cat /sys/bus/usb/devices/1-4/1-4:1.0/1-4-port1/disable").output == "1\n")

            let given = try bench.run("knxrig relay set 1 off \(arguments)")
            #expect(given.status == 0, "\(given)")
            let back = try bench.machine.poll("test -e /sys/bus/usb/devices/1-4.1:1.0") { $0.status == 0 }
            #expect(back.status == 0)
            try expect(status(), contains: "power")
            #expect(try bench.run("knxrig relay set 2 on --board HUBBY").status == 0)
            #expect(bench.devices.contacts(of: "behind") == [false, true])

            // What another program cuts is seen, too.
            _ = try bench.run("uhubctl -l \(hub) -p 1 -a off")
            let seen = try bench.run("knxrig relay get 1 \(arguments)")
            #expect(seen.output.hasSuffix(": 1 on\n"), "\(seen)")
            #expect(try bench.run("knxrig relay set 1 off \(arguments)").status == 0)
        }

        @Test func `A hub without a switch for each port is refused`() throws {
            let answer = try bench.run("knxrig relay set 1 on --driver hub-port-power --board usb1")
            #expect(answer.status == 5 && answer.output.contains("the hub at usb1 can't be a channel"), "\(answer)")
            #expect(try bench.run("test -e /sys/bus/usb/devices/1-4").status == 0)
        }
    }
}
