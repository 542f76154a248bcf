import Events
import Glibc
import KNX
import Platform
import Testing

@testable import Twin

private let repository = String(#filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 })
private let python = repository + "/rigs/systems/xknx/environment/bin/python"

/// A second opinion on management: the procedures of xknx, through a tunnel of the simulated interface. `rigs/systems/xknx/install` brings it.
@Suite(
    .serialized, .enabled(if: Files.exists(python), "needs rigs/systems/xknx/install"), .timeLimit(.minutes(4)))
struct XknxManagementTests {
    private static let program = """
        import asyncio, sys
        from xknx import XKNX
        from xknx.io import ConnectionConfig, ConnectionType
        from xknx.management import procedures
        from xknx.telegram import IndividualAddress

        async def main():
            xknx = XKNX(connection_config=ConnectionConfig(
                connection_type=ConnectionType.TUNNELING, gateway_ip="127.0.0.1", gateway_port=int(sys.argv[1]),
                local_ip="127.0.0.1"))
            await xknx.start()
            lamp = IndividualAddress("1.1.10")
            print("there", await procedures.nm_individual_address_check(xknx, lamp))
            async with xknx.management.connection(lamp) as connection:
                print("mask %04X" % await procedures.dmp_connect_r_co(connection))
                for item in await procedures.dmp_interface_object_scan_r(connection):
                    print("object", item)
                print("order", await procedures.dmp_interface_object_read_r(connection, 0, 15))
                await procedures.dmp_mem_write_r_co(connection, 0x4008, bytes(range(20)), verify=True)
                print("memory", (await procedures.dmp_mem_read_r_co(connection, 0x4000, 32)).hex())
                await procedures.dmp_interface_object_write_r(connection, 0, 54, b"\\x01", verify=True)
            print("programming", [str(a) for a in await procedures.nm_individual_address_read(xknx, timeout=1)])
            print("serial", await procedures.nm_individual_address_serial_number_read(
                xknx, bytes.fromhex("00FA0000110A"), timeout=1))
            await procedures.nm_individual_address_serial_number_write(xknx, bytes.fromhex("00FA0000110A"), "1.1.77")
            moved = IndividualAddress("1.1.77")
            connection = await xknx.management.connect(moved)
            answer = await procedures.dm_restart_r_co(connection, master_reset=True)
            print("restart", answer.error_code, answer.process_time, flush=True)
            await xknx.management.disconnect(moved)
            await asyncio.sleep(answer.process_time)
            print("back", await procedures.nm_individual_address_check(xknx, moved))
            await xknx.stop()

        asyncio.run(main())
        """

    @Test func itsProceduresRunToTheirEnd() throws {
        let twin = try TwinFixture { _ in }
        defer { twin.end() }
        let directory = try TemporaryDirectory(prefix: "twin-")
        defer { directory.remove() }
        let output = directory.path + "/out"
        var request = ChildProcess.Request(path: python, arguments: ["-c", Self.program, "\(twin.port)"])
        let file = Descriptor(owning: unsafe open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644))
        request.standardOutput = file
        request.standardError = file
        let child = try ChildProcess.spawn(request)
        let exit = child.wait(until: MonotonicClock.now() + .seconds(120))
        if exit == nil {
            child.send(signal: SIGKILL)
            _ = child.wait()
        }
        let said = String(decoding: try Files.read(output), as: UTF8.self)
        #expect(exit == .status(0), "\(said)")
        for line in [
            "there True", "mask 07B0", "order b'TWIN\\x00\\x00\\x00\\x00\\x00\\x00'",
            "memory 0000000000000000" + "000102030405060708090a0b0c0d0e0f10111213" + "00000000",
            "programming ['1.1.10']", "serial 1.1.10", "back True",
        ] {
            #expect(said.split(separator: "\n").contains { $0 == line }, "\(line): \(said)")
        }
        #expect(said.split(separator: "\n").count { $0.hasPrefix("object") } == 2, "\(said)")
        #expect(said.contains("restart") && !said.contains("Traceback"))
    }
}
