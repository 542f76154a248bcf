import Events
import Platform
import Testing
import Twin
import USB

private let oneOfEach: [RelayBoardSpecimen] = RelayBoardModels.all.filter { $0.driver != "cleware" }
    .reduce(into: []) { specimens, next in
        if !specimens.contains(where: { $0.driver == next.driver }) { specimens.append(next) }
    }

extension OnARealKernel.FirstRow {
    @Suite("A board of each driver on a real kernel", .bench { oneOfEach.map { ($0.driver, $0.model()) } })
    struct EveryBoardKernelTests {
        @Test(arguments: oneOfEach.map(\.driver)) func `A board is set, read back, and missed when it is pulled`(
            _ driver: String
        ) throws {
            try EveryBoard(boards: oneOfEach).isSetReadBackAndMissed(driver)
        }
    }
}

/// One board of each driver on plain USB: our release program, libusb, usbfs and a real kernel against the device model. Cleware's are not here: QEMU
/// keeps up to two thousand reports of an endpoint that nobody reads, which no wire does, and theirs come all the time.
private struct EveryBoard {
    /// In the order of the machine's ports.
    let boards: [RelayBoardSpecimen]
    let bench: Bench

    init(boards: [RelayBoardSpecimen]) throws {
        self.boards = boards
        bench = try #require(SharedBench.current).bench()
    }

    func isSetReadBackAndMissed(_ driver: String) throws {
        let index = try #require(boards.firstIndex { $0.driver == driver })
        let model = boards[index].model()
        let path = "1-\(index + 1)"
        let arguments = "--driver \(driver) --board \(path)"
        func set(_ channel: Int, _ state: String) throws -> VirtualMachine.Answer {
            try bench.run("knxrig relay set \(channel) \(state) \(arguments) --json")
        }
        try bench.plug(driver, at: path)
        defer { try? bench.unplug(driver, from: path) }
        var wanted = model.contactsAtPowerUp
        #expect(bench.devices.contacts(of: driver) == wanted)
        let list = try bench.run("knxrig relay list")
        #expect(list.output.contains(driver) && list.output.contains(path), "\(list)")

        var took: [Int64] = []
        func microseconds(_ answer: VirtualMachine.Answer) throws -> Int64 {
            try #require(JSON.parse(Array(answer.output.utf8))["microseconds"]?.integer, "\(answer)")
        }
        for channel in Set([1, model.channelCount]).sorted() {
            let answer = try set(channel, "on")
            took.append(try microseconds(answer))
            wanted[channel - 1] = true
            #expect(answer.status == 0, "\(answer)")
            let fields = try JSON.parse(Array(answer.output.utf8))
            #expect(fields["driver"] == .text(driver) && fields["path"] == .text(path))
            #expect(fields["serial"] == .text(model.serialNumber))
            #expect(fields["readback"] == .text(model.isReadable ? "confirmed" : "assumed"))
            // A board that sets all its outputs at once and can't be asked begins anew with each program.
            if driver == "k8055" { wanted = wanted.indices.map { $0 == channel - 1 } }
            waitForUnseen(model) { bench.devices.contacts(of: driver) == wanted }
            #expect(bench.devices.contacts(of: driver) == wanted)
        }
        if model.isReadable {
            let get = try bench.run("knxrig relay get \(arguments) --json")
            #expect(try JSON.parse(Array(get.output.utf8))["states"] == .list(wanted.map { .bool($0) }), "\(get)")
        }
        // The two ends of what was told so far, and the first channel again.
        took.append(try microseconds(set(1, "on")))
        took.sort()
        print(
            "\(driver): set and read-back over usbfs: \(took[took.count / 2]) µs in the middle, \(took.last ?? 0) µs at the longest"
        )

        // QEMU takes what is sent to an interrupt endpoint in the device's name: a refusal there, or a loss, reaches no guest.
        let isSentUnseen = model.configurationDescriptor.interfaces.contains { interface in
            interface.endpoints.contains { $0.address & 0x80 == 0 && $0.attributes & 3 == 3 }
        }
        let isUnseen = isSentUnseen && !model.isReadable
        if !isUnseen {
            let fault = isSentUnseen ? BoardFaults.Answer.silent(requests: nil) : .stalling(requests: nil)
            let told = isSentUnseen ? "it did not answer within 100 ms" : "it refused the request (STALL)"
            try trouble(driver, model) { $0.answer = fault }
            let refused = try bench.run("knxrig relay set 1 off \(arguments)")
            #expect(refused.status == 5 && refused.output.contains(told), "\(refused)")
            #expect(refused.output.split(separator: "\n").count == 1)
            try trouble(driver, model) { $0 = BoardFaults() }
        }
        let off = try set(1, "off")
        #expect(off.status == 0, "\(off)")
        waitForUnseen(model) { !bench.devices.contacts(of: driver)[0] }
        #expect(!bench.devices.contacts(of: driver)[0])

        try trouble(driver, model) { $0.vanishesAfterCommands = 1 }
        let vanished = try bench.run("knxrig relay set 1 on \(arguments)")
        if !isUnseen {
            #expect(vanished.status == 5 && vanished.output.contains("it is no longer on the bus"), "\(vanished)")
        }
        _ = try bench.machine.poll("test ! -e /sys/bus/usb/devices/\(path)") { $0.status == 0 }
        let missed = try bench.run("knxrig relay set 1 on \(arguments)")
        #expect(missed.status != 0 && missed.output.contains("there is none at all"), "\(missed)")
        try trouble(driver, model) { $0 = BoardFaults() }
    }

    /// What QEMU has taken in the name of a board that can't be read may still be on its way to it. Of one that can, the program has waited already.
    private func waitForUnseen(_ model: any RelayBoardModel, _ isThere: () -> Bool) {
        let deadline = MonotonicClock.now() + .seconds(model.isReadable ? 0 : 10)
        while !isThere(), MonotonicClock.now() < deadline { MonotonicClock.sleep(for: .milliseconds(1)) }
    }

    private func trouble<Model: RelayBoardModel>(
        _ device: String, _ model: Model, _ make: (inout BoardFaults) -> Void
    ) throws {
        let changed: Void? = bench.devices.withModel(of: device, as: Model.self) { make(&$0.faults) }
        try #require(changed != nil, "there is no model of \(device)")
    }
}
