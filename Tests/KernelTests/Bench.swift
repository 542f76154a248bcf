import Platform
import Synchronization
import Testing
import Twin

/// A virtual machine and the devices that can be plugged into its USB ports, in their order from port 1 on.
final class Bench: Sendable {
    /// Where the kernel sees the ports.
    static let firstPath = "1-1"
    static let secondPath = "1-2"

    let machine: VirtualMachine
    let devices: USBRedirServer
    /// The board at the machine's serial line.
    let serialBoard: SerialBoardServer?
    private let directory: TemporaryDirectory
    private let ending: @Sendable () -> Void

    /// - Parameters:
    ///   - behindHub: the device, of those, that hangs on a hub at the last port instead.
    ///   - serial: what is at the machine's serial line.
    ///   - hasSystemd: whether systemd is the machine's first process.
    ///   - ending: what else ends with it.
    init(
        devices models: [(id: String, model: any USBDeviceModel)], behindHub: String? = nil,
        serial: (any SerialBoardModel)? = nil, hasSystemd: Bool = false,
        ending: @escaping @Sendable () -> Void = {}
    ) throws {
        self.ending = ending
        directory = try TemporaryDirectory(prefix: "knxrig-vm-")
        serialBoard = try serial.map { [directory] in try SerialBoardServer($0, at: directory.path + "/board") }
        devices = try USBRedirServer(
            directory: directory.path, devices: models, unplugged: Set(models.map(\.id)))
        do {
            machine = try VirtualMachine(
                directory: directory.path,
                sockets: models.filter { $0.id != behindHub }.compactMap { [devices] in devices.socket(of: $0.id) },
                hubSocket: behindHub.flatMap { [devices] in devices.socket(of: $0) }, terminal: serialBoard?.path,
                hasSystemd: hasSystemd)
        } catch {
            devices.stop()
            serialBoard?.stop()
            throw error
        }
    }

    func end() {
        machine.stop()
        devices.stop()
        serialBoard?.stop()
        ending()
        directory.remove()
    }

    /// Plugs a device in and waits until the kernel has made it a device.
    func plug(_ device: String, at path: String) throws {
        devices.plug(device)
        let answer = try machine.poll("test -e /sys/bus/usb/devices/\(path):1.0") { $0.status == 0 }
        try #require(answer.status == 0, "the kernel did not enumerate \(device): \(kernelLog)")
    }

    /// Unplugs it and waits until the kernel has noticed.
    func unplug(_ device: String, from path: String) throws {
        devices.unplug(device)
        let answer = try machine.poll("test ! -e /sys/bus/usb/devices/\(path)") { $0.status == 0 }
        try #require(answer.status == 0, "the kernel did not see \(device) leave: \(kernelLog)")
    }

    /// The last that the kernel had to say.
    private var kernelLog: String { (try? machine.run("dmesg | tail -n 20").output) ?? machine.console }

    func run(_ command: String) throws -> VirtualMachine.Answer {
        try machine.run(command)
    }
}

/// Suites with a virtual machine each, in two rows: one emulated processor each for the two that a host has at the least.
@Suite(.machineCanBoot, .timeLimit(.minutes(10))) enum OnARealKernel {
    @Suite(.serialized) enum FirstRow {}
    @Suite(.serialized) enum SecondRow {}
}

/// The machine of a suite. It boots when the first test asks for it: other suites may keep all threads busy for minutes before that.
final class SharedBench: Sendable {
    @TaskLocal static var current: SharedBench?

    private let make: @Sendable () throws -> Bench
    private let booted = Mutex<Result<Bench, any Error>?>(nil)

    init(_ make: @escaping @Sendable () throws -> Bench) {
        self.make = make
    }

    func bench() throws -> Bench {
        try booted.withLock { booted in
            let result = booted ?? Result { try make() }
            booted = result
            return try result.get()
        }
    }

    func end() {
        booted.withLock { try? $0?.get().end() }
    }
}

/// One machine for all tests of a suite.
struct BootedBench: SuiteTrait, TestScoping {
    var make: @Sendable () throws -> Bench

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let shared = SharedBench(make)
        defer { shared.end() }
        try await SharedBench.$current.withValue(shared) { try await function() }
    }
}

extension Trait where Self == BootedBench {
    static func bench(_ devices: @escaping @Sendable () -> [(id: String, model: any USBDeviceModel)]) -> Self {
        BootedBench { try Bench(devices: devices()) }
    }

    static func bench(of make: @escaping @Sendable () throws -> Bench) -> Self { BootedBench(make: make) }
}

extension Trait where Self == ConditionTrait {
    /// Skips where there can be no machine, and says why; not under CI, where everything is installed.
    static var machineCanBoot: Self {
        .enabled(
            if: VirtualMachine.absence == nil || VirtualMachine.isRequired,
            "no virtual machine here: \(VirtualMachine.absence ?? "")")
    }
}
