import Events
import Glibc
import KNX
import Platform
import Testing

@testable import Twin

/// xknx on a simulated interface: tunnels by UDP and TCP, and its management.
@Suite(
    .serialized, .enabled(if: XknxProcess.isInstalled, "needs rigs/systems/xknx/install"),
    .timeLimit(.minutes(4)))
struct XknxOnTheIPInterfaceTests {
    @Test func itConnectsWritesAndHears() throws {
        let twin = try TwinFixture { _ in }
        defer { twin.end() }
        let xknx = try XknxProcess(port: twin.port)
        defer { xknx.end() }
        // The first tunnel; on a busy computer xknx may have given an answer up that came after its second.
        let connected = try #require(try xknx.says("connected"))
        #expect((1...4).map { "connected 1.1.24\($0)" }.contains(connected), "\(connected)")
        #expect(twin.wait { twin.ofInterface.contains { $0.group == 0x3002 && $0.value == 0x2A } })
        #expect(twin.frames.first { $0.senders == ["ip"] }?.acknowledge == 0xCC)
        twin.shell.send(frame(source: 0x110A, data: [0x80, 77], group: 0x3001), line: "main", device: "lamp")
        #expect(try xknx.says("heard") == "heard 6/0/1 (77,)")
    }

    @Test func itComesBackToAnInterfaceThatWasSilent() throws {
        let twin = try TwinFixture { _ in }
        defer { twin.end() }
        let xknx = try XknxProcess(port: twin.port)
        defer { xknx.end() }
        #expect(try xknx.says("connected") != nil)
        #expect(twin.wait { twin.ofInterface.count == 1 })
        twin.disturb { $0.isSilent = true }
        // The interface ends the tunnel by itself two seconds after something that nobody could acknowledge.
        twin.shell.send(frame(source: 0x110A, data: [0x80, 1], group: 0x3001), line: "main", device: "lamp")
        MonotonicClock.sleep(for: .milliseconds(4_000))
        twin.disturb { _ in }
        // Until it says something itself it does not know that it is deaf.
        twin.shell.send(frame(source: 0x110A, data: [0x80, 2], group: 0x3001), line: "main", device: "lamp")
        #expect(try xknx.says("heard", seconds: 1) == nil)
        // Two acknowledges missing, 1 s each, and it connects again.
        xknx.child.send(signal: SIGUSR1)
        #expect(twin.wait(seconds: 20) { twin.ofInterface.count == 2 })
        twin.shell.send(frame(source: 0x110A, data: [0x80, 3], group: 0x3001), line: "main", device: "lamp")
        #expect(try xknx.says("heard 6/0/1 (3,)") != nil)
    }

    /// By TCP a telegram waits in the network while the cable is out, and comes late, where by UDP it would be given up. An interface that lives on the line
    /// closes the connection with it; xknx makes a new one when it is back.
    @Test func byTCPTelegramsOutliveTheCableAndTheConnectionEndsWithTheLine() throws {
        let twin = try TwinFixture { $0.withoutBus = .isDead }
        defer { twin.end() }
        let xknx = try XknxProcess(.tcp, port: twin.port)
        defer { xknx.end() }
        #expect(try xknx.says("connected") == "connected 1.1.241")
        #expect(twin.wait { twin.ofInterface.contains { $0.group == 0x3002 && $0.value == 0x2A } })
        twin.shell.send(frame(source: 0x110A, data: [0x80, 77], group: 0x3001), line: "main", device: "lamp")
        #expect(try xknx.says("heard") == "heard 6/0/1 (77,)")
        // The plug is pulled, and put in again.
        twin.shell.connect(.interface(line: "main", chip: "ip"), false)
        MonotonicClock.sleep(for: .milliseconds(50))
        xknx.child.send(signal: SIGUSR1)
        twin.shell.send(frame(source: 0x110A, data: [0x80, 78], group: 0x3001), line: "main", device: "lamp")
        #expect(try xknx.says("heard 6/0/1 (78,)", seconds: 1) == nil)
        #expect(twin.ofInterface.count == 1)
        twin.shell.connect(.interface(line: "main", chip: "ip"), true)
        #expect(try xknx.says("heard 6/0/1 (78,)") != nil)
        #expect(twin.wait { twin.ofInterface.count == 2 })
        // The line is cut.
        twin.shell.connect(.supply(line: "main"), false)
        #expect(try xknx.says("lost") != nil)
        twin.shell.connect(.supply(line: "main"), true)
        #expect(try xknx.says("again") != nil)
        xknx.child.send(signal: SIGUSR1)
        #expect(twin.wait { twin.ofInterface.count == 3 })
        #expect(twin.ofInterface.allSatisfy { $0.value == 0x2A })
    }

    /// Reads and writes properties by UDP and by TCP, and says their values.
    private static let manager = """
        import asyncio, sys
        from xknx.exceptions import CommunicationError
        from xknx.io.device_management_connection import TCPDeviceManagementConnection, UDPDeviceManagementConnection
        from xknx.profile.const import ResourceDevicePropertyId, ResourceKNXNETIPPropertyId, ResourceObjectType

        DEVICE, PARAMETERS = ResourceObjectType.OBJECT_DEVICE, ResourceObjectType.OBJECT_KNXNETIP_PARAMETER

        async def ask(kind, connection):
            await connection.connect()
            async def read(of, number, **more):
                return (await connection.read_property(of, number, **more)).hex()
            print(kind, "address", await read(PARAMETERS, ResourceKNXNETIPPropertyId.PID_KNX_INDIVIDUAL_ADDRESS), flush=True)
            print(kind, "tunnels", await read(PARAMETERS, ResourceKNXNETIPPropertyId.PID_ADDITIONAL_INDIVIDUAL_ADDRESSES,
                                              number_of_elements=4), flush=True)
            print(kind, "mask", await read(DEVICE, ResourceDevicePropertyId.PID_DEVICE_DESCRIPTOR), flush=True)
            await connection.write_property(DEVICE, ResourceDevicePropertyId.PID_PROGMODE, bytes([1]))
            print(kind, "programming", await read(DEVICE, ResourceDevicePropertyId.PID_PROGMODE), flush=True)
            await connection.write_property(DEVICE, ResourceDevicePropertyId.PID_PROGMODE, bytes([0]))
            try:
                await read(PARAMETERS, ResourceKNXNETIPPropertyId.PID_MSG_TRANSMIT_TO_IP)
            except CommunicationError as error:
                print(kind, "refused", error, flush=True)
            await connection.disconnect()

        async def main():
            port = int(sys.argv[1])
            await ask("udp", UDPDeviceManagementConnection("127.0.0.1", port, local_ip="127.0.0.1"))
            await ask("tcp", TCPDeviceManagementConnection("127.0.0.1", port))

        asyncio.run(main())
        """

    @Test func itsPropertiesAreReadAndWritten() throws {
        let twin = try TwinFixture { _ in }
        defer { twin.end() }
        let xknx = try XknxProcess(program: Self.manager, ["\(twin.port)"])
        defer { xknx.end() }
        for kind in ["udp", "tcp"] {
            #expect(try xknx.says("\(kind) address") == "\(kind) address 11f0")
            #expect(try xknx.says("\(kind) tunnels") == "\(kind) tunnels 11f111f211f311f4")
            #expect(try xknx.says("\(kind) mask") == "\(kind) mask 07b0")
            #expect(try xknx.says("\(kind) programming") == "\(kind) programming 01")
            #expect(try xknx.says("\(kind) refused")?.contains("failed") == true)
        }
        #expect(xknx.child.wait(until: MonotonicClock.now() + .seconds(20)) == .status(0))
    }
}
