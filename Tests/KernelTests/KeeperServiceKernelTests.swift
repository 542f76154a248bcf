import Events
import Platform
import Testing
import Twin

extension OnARealKernel.SecondRow {
    /// What `scripts/install` brings, on a real kernel and under a real systemd: the unit as it is, its user, its group, the rules by udevd.
    @Suite(
        "The keeper as a service on a real kernel",
        .bench(of: {
            try Bench(devices: [("first", DcttechBoard(channelCount: 2, serial: "PSUIS"))], hasSystemd: true)
        }))
    struct KeeperServiceKernelTests {
        private static let unit = "knxrig-keeper@bench-example"
        private static let member = "/usr/bin/setpriv --reuid=bench --regid=bench --init-groups"
        private static let stranger = "/usr/bin/setpriv --reuid=stranger --regid=stranger --init-groups"
        private static let rig = "--rig bench-example"

        private let bench: Bench

        init() throws {
            bench = try #require(SharedBench.current).bench()
            guard try bench.run("test -e /run/installed").status != 0 else { return }
            // As a person installs a bench: the rules, the rig file, the board, the unit. A hung keeper is found out sooner here than on a bench.
            for step in [
                "cp /etc/knxrig.rules /etc/udev/rules.d/99-knxrig.rules",
                "/lib/systemd/systemd-udevd --daemon --resolve-names=early; udevadm control --ping",
                "mkdir -p /etc/knxrig; cp /usr/local/share/knxrig/rigs/bench-example.yaml /etc/knxrig/",
                "mkdir -p /run/systemd/system/knxrig-keeper@.service.d; printf '[Service]\\nWatchdogSec=6\\n' "
                    + ">/run/systemd/system/knxrig-keeper@.service.d/test.conf; systemctl daemon-reload",
                "touch /run/installed",
            ] {
                let answer = try bench.run(step)
                try #require(answer.status == 0, "\(step): \(answer)")
            }
            try bench.plug("first", at: Bench.firstPath)
            _ = try bench.run("udevadm settle")
        }

        private func start() throws -> Int {
            let started = try bench.run("systemctl start \(Self.unit)")
            try #require(started.status == 0, "\(started)\n\(state)")
            return try process()
        }

        private func process() throws -> Int {
            let answer = try bench.run("systemctl show -p MainPID --value \(Self.unit)")
            return try #require(Int(answer.output.prefix { $0 != "\n" }), "\(answer)")
        }

        private var state: String {
            let text = try? bench.run(
                "systemctl status --no-pager --full \(Self.unit); tail -n 5 /var/lib/knxrig/bench-example.jsonl; dmesg | tail -n 5"
            )
            return text?.output ?? "unknown"
        }

        /// Waits until the first contact of the board is in a position.
        private func requireContact(_ energised: Bool, _ when: String, within seconds: Int64 = 60) throws {
            let deadline = MonotonicClock.now() + .seconds(seconds)
            while bench.devices.contacts(of: "first")[0] != energised, MonotonicClock.now() < deadline {
                MonotonicClock.sleep(for: .milliseconds(10))
            }
            try #require(bench.devices.contacts(of: "first")[0] == energised, "\(when): \(state)")
        }

        private func cutForLong() throws {
            _ = try bench.run(
                "(exec \(Self.member) knxrig rig cycle bus-power \(Self.rig) --milliseconds 60000) >/tmp/cycle 2>&1 & echo $! >/tmp/client"
            )
            try requireContact(true, "cut by a member of the group")
        }

        /// What the journal has of the guardian since the last time.
        private func guardians() throws -> Int {
            let count = try bench.run(
                "grep -c '\"at\":\"guardian\",\"k\":\"safe\".*confirmed' /var/lib/knxrig/bench-example.jsonl")
            return Int(count.output.prefix { $0 != "\n" }) ?? 0
        }

        @Test func `Members of the group list and cycle its channels, and nobody else does`() throws {
            let process = try start()
            defer { _ = try? bench.run("systemctl stop \(Self.unit)") }
            let status = try bench.run("cat /proc/\(process)/status; stat -c %U:%G /proc/\(process)")
            for line in ["Uid:\t900\t900\t900\t900", "NoNewPrivs:\t1", "CapEff:\t0000000000000000", "knxrig:knxrig"] {
                #expect(status.output.contains(line), "\(status)")
            }
            let list = try bench.run("\(Self.member) knxrig rig channels \(Self.rig)")
            #expect(
                list
                    == .init(
                        status: 0,
                        output: "relays: dcttech board PSUIS at 1-1\n    1 bus-power feeds main: powered\n"))
            for _ in 1...2 {
                let cycle = try bench.run("\(Self.member) knxrig rig cycle bus-power \(Self.rig) --milliseconds 600")
                #expect(
                    cycle == .init(status: 0, output: "bus-power cut (confirmed)\nbus-power powered (confirmed)\n"))
                #expect(bench.devices.contacts(of: "first") == [false, false])
            }
            #expect(try self.process() == process, "it stays for the next client")

            let refused = try bench.run("\(Self.stranger) knxrig rig channels \(Self.rig)")
            #expect(refused.status == 3 && refused.output.contains("Permission denied"), "\(refused)")
            // One who got as far as the socket is refused by the keeper.
            _ = try bench.run("chmod o+x /run/knxrig/bench-example; chmod o+w /run/knxrig/bench-example/keeper")
            let told = try bench.run("\(Self.stranger) knxrig rig cycle bus-power \(Self.rig)")
            #expect(told.status == 3 && told.output.contains("it is for members of the group knxrig"), "\(told)")
            let past = try bench.run("\(Self.stranger) knxrig relay set 1 on")
            #expect(past.status == 5 && past.output.contains("not open to this user"), "\(past)")
            // Nor does a member, or root, get past the keeper.
            for user in [Self.member, ""] {
                let held = try bench.run("\(user) knxrig relay set 1 on")
                #expect(
                    held.status == 3 && held.output.contains("is held by knxrig keeper, process \(process)"), "\(held)")
            }
            #expect(bench.devices.contacts(of: "first") == [false, false])
        }

        @Test func `Killed while it cuts, its guardian powers the channel, and systemd starts it again`() throws {
            let process = try start()
            defer { _ = try? bench.run("systemctl stop \(Self.unit)") }
            let before = try guardians()
            try cutForLong()
            _ = try bench.run("kill -9 \(process)")
            try requireContact(false, "after the keeper's death")
            let back = try bench.machine.poll("systemctl show -p MainPID -p SubState --value \(Self.unit)") {
                !$0.output.contains("\(process)\n") && $0.output.contains("running")
            }
            #expect(back.output.contains("running"), "\(state)")
            #expect(try guardians() == before + 1, "\(state)")
            let list = try bench.run("\(Self.member) knxrig rig channels \(Self.rig)")
            #expect(list.status == 0 && list.output.contains("bus-power feeds main: powered"), "\(list)")
        }

        @Test func `Hung while it cuts, it is killed by systemd's watchdog, and its guardian powers the channel`()
            throws
        {
            let process = try start()
            defer { _ = try? bench.run("systemctl stop \(Self.unit)") }
            let before = try guardians()
            try cutForLong()
            _ = try bench.run("kill -STOP \(process)")
            try requireContact(false, "after the keeper stood still")
            let back = try bench.machine.poll("systemctl show -p MainPID -p SubState --value \(Self.unit)") {
                !$0.output.contains("\(process)\n") && $0.output.contains("running")
            }
            #expect(back.output.contains("running"), "\(state)")
            #expect(try guardians() == before + 1, "\(state)")
        }

        /// Libusb's transfers are taken back for it, which only a kernel can say.
        @Test
        func
            `Left by its client on a silent board, it commands it at once, and powers the channel once it can`()
            throws
        {
            _ = try start()
            defer {
                _ = try? bench.run(
                    "systemctl stop \(Self.unit); rm -f /var/lib/knxrig/*.unsafe; systemctl reset-failed")
            }
            try cutForLong()
            func fall(_ answer: BoardFaults.Answer) {
                bench.devices.withModel(of: "first", as: DcttechBoard.self) {
                    $0.faults.answer = answer
                    $0.firstToldOff = nil
                }
            }
            fall(.silent(requests: nil))
            // The next look comes within a second, and lasts most of one on a board that says nothing.
            MonotonicClock.sleep(for: .milliseconds(1_300))
            let killed = MonotonicClock.now()
            let kill = try bench.run("kill -9 $(cat /tmp/client)")
            #expect(kill.status == 0, "\(kill)")
            func told() -> Instant? {
                bench.devices.withModel(of: "first", as: DcttechBoard.self) { $0.firstToldOff } ?? nil
            }
            while told() == nil, MonotonicClock.now() - killed < .seconds(20) {
                MonotonicClock.sleep(for: .milliseconds(1))
            }
            let first = try #require(told(), "\(state)")
            // By the keeper's own clock: to kill takes the guest its time, and so does QEMU to hand a transfer on.
            let journal = "/var/lib/knxrig/bench-example.jsonl"
            let lines = try bench.machine.poll("grep -A 9 client_died \(journal) | tail -n 9") {
                $0.output.contains("\"safe\"")
            }
            let records = lines.output.split(separator: "\n").compactMap { try? JSON.parse(Array($0.utf8)) }
            let died = try #require(records.first { $0["k"]?.text == "client_died" }?["t"]?.integer, "\(lines)")
            let commanded = try #require(records.first { $0["k"]?.text == "safe" }?["commanded"]?.integer, "\(lines)")
            let took = Instant(nanoseconds: commanded) - Instant(nanoseconds: died)
            print(
                "safe state to a silent board over usbfs: commanded \(took.nanoseconds / 1_000) µs after its client was missed, "
                    + "at the board \((first - killed).wholeMilliseconds) ms after the order to kill")
            // 50 ms, five times over: the guest's one processor is emulated. A look to its end takes longer.
            #expect(took <= .milliseconds(250), "\(lines)")
            fall(.sound)
            try requireContact(false, "once the board is there again")
        }

        @Test func `Stopped while it cuts, it powers the channel and leaves nobody behind`() throws {
            _ = try start()
            let before = try guardians()
            try cutForLong()
            let ours = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -E 'knxrig (keeper|guardian)'"
            #expect(try bench.run(ours).status == 0, "they are not found while they are there")
            let stopped = try bench.run("systemctl stop \(Self.unit)")
            #expect(stopped.status == 0)
            #expect(bench.devices.contacts(of: "first") == [false, false])
            let result = try bench.run("systemctl show -p Result -p ActiveState --value \(Self.unit)")
            #expect(Set(result.output.split(separator: "\n")) == ["success", "inactive"], "\(state)")
            #expect(try guardians() == before, "nobody had to take over")
            let left = try bench.machine.poll(ours) { $0.status != 0 }
            #expect(left.status != 0, "\(left)")
        }
    }
}
