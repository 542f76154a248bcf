import Events
import Platform
import Testing
import Twin

extension OnARealKernel.SecondRow {
    /// Our release program, libusb and a real kernel against the emulated board.
    @Suite(
        "Relay boards on a real kernel",
        .bench {
            [
                ("first", DcttechBoard(channelCount: 2, serial: "PSUIS")),
                ("second", DcttechBoard(channelCount: 8, serial: "PSUIS")),
            ]
        })
    struct RelayBoardKernelTests {
        let bench: Bench

        init() throws {
            bench = try #require(SharedBench.current).bench()
            // Each test begins with the first board alone, sound and with all relays off.
            try bench.unplug("second", from: Bench.secondPath)
            for board in ["first", "second"] {
                bench.devices.withModel(of: board, as: DcttechBoard.self) { model in
                    model.faults = BoardFaults()
                    guard model.isPresent else { return }
                    model.powerDown(at: MonotonicClock.now())
                    model.powerUp(at: MonotonicClock.now())
                }
            }
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

        @Test func `What scripts read is JSON, and what they get wrong is told with status 2`() throws {
            let sets = try bench.run("for i in $(seq 15); do knxrig relay set 1 on --json; done")
            let answers = try sets.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
            #expect(answers.count == 15)
            #expect(
                answers.allSatisfy {
                    $0["driver"] == "dcttech" && $0["serial"] == "PSUIS" && $0["path"] == "1-1"
                        && $0["states"] == [true, false] && $0["readback"] == "confirmed"
                })
            let took = answers.compactMap { $0["microseconds"]?.integer }.sorted()
            try #require(took.count == 15)
            print(
                "set and read-back over usbfs: \(took[0]) µs at the least, \(took[7]) µs in the middle, \(took[14]) µs at the longest"
            )
            let list = try bench.run("knxrig relay list --json")
            #expect(
                list.output
                    == "{\"boards\":[{\"driver\":\"dcttech\",\"ids\":\"16c0:05df\",\"serial\":\"PSUIS\",\"path\":\"1-1\","
                    + "\"transport\":\"libusb\",\"channels\":2,\"states\":[true,false],\"note\":null}],\"notes\":[]}\n")
            let cycle = try bench.run("knxrig relay cycle 1 --milliseconds 200")
            #expect(cycle == .init(status: 0, output: "dcttech board PSUIS at 1-1: 1 on (confirmed)\n"))
            _ = try bench.run("(knxrig relay cycle 2 --milliseconds 60000; echo $?) >/tmp/cycle 2>&1 &")
            let deadline = MonotonicClock.now() + .seconds(10)
            while bench.devices.contacts(of: "first") != [true, true], MonotonicClock.now() < deadline {
                MonotonicClock.sleep(for: .milliseconds(20))
            }
            #expect(bench.devices.contacts(of: "first") == [true, true])
            _ = try bench.run("killall -INT knxrig")
            let interrupted = try bench.machine.poll("cat /tmp/cycle") { $0.output.hasSuffix("130\n") }
            #expect(interrupted.output == "dcttech board PSUIS at 1-1: 2 off (confirmed)\n130\n")
            #expect(bench.devices.contacts(of: "first") == [true, false], "what was interrupted is turned back")
            for wrong in [
                "set 3 on", "set 1 open", "set one on", "set 1", "cycle", "get 1 2", "cycle 1 --milliseconds 1",
            ] {
                let answer = try bench.run("knxrig relay \(wrong)")
                #expect(answer.status == 2 && answer.output.split(separator: "\n").count == 1, "\(wrong): \(answer)")
            }
            let absent = try bench.run("knxrig relay set 1 on --board XXXXX")
            #expect(absent.status == 5 && absent.output.contains("there is one at 1-1"), "\(absent)")
            #expect(bench.devices.contacts(of: "first") == [true, false])
        }

        struct Trouble: CustomTestStringConvertible, Sendable {
            var name: String
            var make: @Sendable (inout BoardFaults) -> Void
            /// What a person at the bench reads.
            var told: String
            var exit = 5
            var contacts = [false, false]

            var testDescription: String { name }
        }

        static let troubles: [Trouble] = [
            Trouble(
                name: "STALL", make: { $0.answer = .stalling(requests: nil) }, told: "it refused the request (STALL)"),
            Trouble(
                name: "silence", make: { $0.answer = .silent(requests: nil) }, told: "it did not answer within 100 ms"),
            Trouble(
                name: "short answer", make: { $0.answer = .short(octets: 5) },
                told: "it moved 5 octets where 8 were due"),
            Trouble(
                name: "dropping off the bus", make: { $0.vanishesAfterCommands = 1 }, told: "it is no longer on the bus"
            ),
            Trouble(name: "a deaf channel", make: { $0.deafChannels = [1] }, told: "and reads back 00"),
            Trouble(
                name: "two STALLs, got over", make: { $0.answer = .stalling(requests: 2) }, told: "1 on (confirmed)",
                exit: 0,
                contacts: [true, false]),
            Trouble(
                name: "one silence, got over", make: { $0.answer = .silent(requests: 1) }, told: "1 on (confirmed)",
                exit: 0,
                contacts: [true, false]),
        ]

        @Test(arguments: troubles) func `A board that does not do as told is told apart from the others`(
            _ trouble: Trouble
        ) throws {
            bench.devices.withModel(of: "first", as: DcttechBoard.self) { board in
                // The opening goes well where the trouble is with the command.
                if case .sound = board.faults.answer { trouble.make(&board.faults) }
            }
            let answer = try bench.run("knxrig relay set 1 on")
            #expect(answer.status == trouble.exit && answer.output.contains(trouble.told), "\(answer)")
            #expect(answer.output.split(separator: "\n").count == 1, "\(answer)")
            #expect(bench.devices.contacts(of: "first") == trouble.contacts || trouble.exit != 0)
            let others = Set(Self.troubles.map(\.told)).subtracting([trouble.told])
            #expect(!others.contains { answer.output.contains($0) }, "\(answer)")
        }

        @Test func `Two boards with one serial are refused by serial and used by port path`() throws {
            try bench.plug("second", at: Bench.secondPath)
            let serial = try bench.run("knxrig relay set 1 on --board PSUIS")
            #expect(
                serial.status == 5 && serial.output.contains("2 boards carry the serial PSUIS (1-1, 1-2)"), "\(serial)")
            let unsaid = try bench.run("knxrig relay set 1 on")
            #expect(unsaid.status == 2 && unsaid.output.contains("say which with --board"), "\(unsaid)")
            let path = try bench.run("knxrig relay set 8 on --board 1-2")
            #expect(path == .init(status: 0, output: "dcttech board PSUIS at 1-2: 8 on (confirmed)\n"))
            #expect(bench.devices.contacts(of: "first") == [false, false])
            #expect(bench.devices.contacts(of: "second") == [Bool](repeating: false, count: 7) + [true])
        }

        @Test func `A program that holds the board is waited for, a second long`() throws {
            let node = "/dev/bus/usb/001/$(printf %03d $(cat /sys/bus/usb/devices/1-1/devnum))"
            func hold(milliseconds: Int) throws {
                _ = try bench.run("rm -f /tmp/held; hold \(node) \(milliseconds) >/tmp/held 2>&1 &")
                _ = try bench.machine.poll("grep -q held /tmp/held") { $0.status == 0 }
            }
            try hold(milliseconds: 60_000)
            let began = MonotonicClock.now()
            let refused = try bench.run("knxrig relay set 1 on")
            #expect(MonotonicClock.now() - began >= .seconds(1))
            #expect(refused.status == 5 && refused.output.contains("another program has it"), "\(refused)")
            #expect(bench.devices.contacts(of: "first") == [false, false])
            let look = try bench.run("knxrig relay get")
            #expect(
                look == .init(status: 0, output: "dcttech board PSUIS at 1-1: 1 off, 2 off\n"), "looking needs no claim"
            )
            _ = try bench.run("killall hold")

            try hold(milliseconds: 500)
            let patient = try bench.run("knxrig relay set 1 on")
            #expect(patient == .init(status: 0, output: "dcttech board PSUIS at 1-1: 1 on (confirmed)\n"))
        }

        @Test(arguments: ["dcttech_board_PSUIS", "dcttech_board_1_1"]) func `A board that a keeper has is left to it`(
            _ lock: String
        ) throws {
            let file = "/var/lib/knxrig/\(lock).lock"
            _ = try bench.run("mkdir -p /var/lib/knxrig; rm -f /tmp/locked")
            _ = try bench.run(
                "flock \(file) -c 'echo -n knxrig keeper, process 7 >\(file); touch /tmp/locked; sleep 60' >/dev/null 2>&1 &"
            )
            _ = try bench.machine.poll("test -e /tmp/locked") { $0.status == 0 }
            for command in ["relay set 1 on", "relay cycle 1"] {
                let refused = try bench.run("knxrig \(command)")
                #expect(
                    refused.status == 3 && refused.output.contains("is held by knxrig keeper, process 7"), "\(refused)")
                #expect(refused.output.split(separator: "\n").count == 1)
            }
            #expect(try bench.run("knxrig relay get").status == 0, "reading disturbs nobody")
            #expect(bench.devices.contacts(of: "first") == [false, false])
            _ = try bench.run("killall flock sleep")
        }

        @Test func `A keeper sees its board leave and return, and keeps it from others while it lives`() throws {
            try startUdev()
            defer { stopUdev() }
            let rig = Array(try Files.read(VirtualMachine.root + "/rigs/bench-example.yaml")).base64
            _ = try bench.run("echo \(rig) | base64 -d >/tmp/rig.yaml; rm -rf /var/lib/knxrig /tmp/keeper*")
            _ = try bench.run(
                "knxrig keeper --rig /tmp/rig.yaml --socket /tmp/keeper --directory /var/lib/knxrig --journal /tmp/keeper.jsonl "
                    + ">/tmp/keeper.log 2>&1 & echo $! >/tmp/keeper.pid")
            // A keeper begins and ends with the safe state.
            let safe = try bench.machine.poll("grep -c confirmed /tmp/keeper.jsonl") { $0.output == "1\n" }
            #expect(safe.output == "1\n", "\(text(of: "/tmp/keeper.log /tmp/keeper.jsonl"))")
            let refused = try bench.run("knxrig relay set 1 on")
            #expect(refused.status == 3 && refused.output.contains("is held by knxrig keeper, process"), "\(refused)")

            try bench.unplug("first", from: Bench.firstPath)
            _ = try bench.machine.poll("grep -c lost /tmp/keeper.jsonl") { $0.output == "1\n" }
            try bench.plug("first", at: Bench.firstPath)
            _ = try bench.machine.poll("grep -c '\"back\"' /tmp/keeper.jsonl") { $0.output == "1\n" }
            _ = try bench.run("kill $(cat /tmp/keeper.pid)")
            let ended = try bench.machine.poll("grep -c confirmed /tmp/keeper.jsonl") { $0.output == "2\n" }
            #expect(ended.output == "2\n", "\(text(of: "/tmp/keeper.jsonl"))")
            _ = try bench.machine.poll(
                "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -E 'knxrig (keeper|guardian)'"
            ) { $0.status != 0 }
        }

        @Test func `Boards that come and go are told, by news with udevd and by looking without`() throws {
            func watch() throws -> [Substring] {
                _ = try bench.run("knxrig relay watch --json --seconds 120 >/tmp/watch 2>&1 & echo $! >/tmp/watcher")
                _ = try bench.machine.poll("grep -c arrived /tmp/watch") { $0.output == "1\n" }
                try bench.unplug("first", from: Bench.firstPath)
                _ = try bench.machine.poll("grep -c left /tmp/watch") { $0.output == "1\n" }
                try bench.plug("first", at: Bench.firstPath)
                let seen = try bench.machine.poll("cat /tmp/watch") { $0.output.split(separator: "\n").count == 3 }
                _ = try bench.run("kill $(cat /tmp/watcher)")
                return seen.output.split(separator: "\n")
            }
            func lines(by cause: String) -> [Substring] {
                ["left", "arrived"].map { "{\"event\":\"\($0)\",\"path\":\"1-1\",\"by\":\"\(cause)\"}" }
            }
            #expect(try watch().dropFirst() == lines(by: "poll")[...])
            try startUdev()
            defer { stopUdev() }
            // On a busy host the poll may come before udevd has passed its news on: then it is asked again.
            var seen = try watch()
            for _ in 1...3 where seen.dropFirst() != lines(by: "event")[...] { seen = try watch() }
            #expect(seen.dropFirst() == lines(by: "event")[...])
        }

        @Test
        func
            `Without our rule a user is refused and told of it, with it the board is theirs, also after plugging in again`()
            throws
        {
            let user = "/usr/bin/setpriv --reuid=bench --regid=bench --init-groups"
            try startUdev()
            defer { stopUdev() }
            let refused = try bench.run("\(user) knxrig relay set 1 on")
            #expect(refused.status == 5 && refused.output.contains("scripts/99-knxrig.rules"), "\(refused)")
            let list = try bench.run("\(user) knxrig relay list")
            #expect(list.output.contains("1-1") && list.output.contains("scripts/99-knxrig.rules"), "\(list)")

            _ = try bench.run("cp /etc/knxrig.rules /etc/udev/rules.d/99-knxrig.rules; udevadm control --reload")
            defer { _ = try? bench.run("rm /etc/udev/rules.d/99-knxrig.rules") }
            for channel in [1, 2] {
                try bench.unplug("first", from: Bench.firstPath)
                try bench.plug("first", at: Bench.firstPath)
                _ = try bench.run("udevadm settle")
                let mode = try bench.run(
                    "stat -c '%a %U %G' /dev/bus/usb/001/$(printf %03d $(cat /sys/bus/usb/devices/1-1/devnum)) /dev/hidraw0"
                )
                #expect(mode.output == "660 root knxrig\n660 root knxrig\n")
                let set = try bench.run("\(user) knxrig relay set \(channel) on")
                #expect(set == .init(status: 0, output: "dcttech board PSUIS at 1-1: \(channel) on (confirmed)\n"))
                // The plug was out in between, so what was on is off.
                #expect(bench.devices.contacts(of: "first") == [channel == 1, channel == 2])
            }
            #expect(try bench.run("\(user) usbrelay PSUIS_2=0 2>/dev/null").status == 0)
            #expect(bench.devices.contacts(of: "first") == [false, false])
        }

        private func text(of files: String) -> String {
            (try? bench.run("cat \(files)").output) ?? "nothing"
        }

        private func startUdev() throws {
            _ = try bench.run("/lib/systemd/systemd-udevd --daemon --resolve-names=early; udevadm control --ping")
        }

        private func stopUdev() {
            _ = try? bench.run("udevadm control --exit; rm -rf /run/udev")
        }
    }
}
