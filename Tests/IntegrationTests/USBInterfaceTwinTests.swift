import Events
import Glibc
import Platform
import Testing

/// The release program's KNX USB interface as Debian's own USB/IP client sees it. What a kernel makes of it is for `KernelTests`.
@Suite struct USBInterfaceTwinTests {
    @Test(.enabled(if: Program.find("usbip") != nil)) func debiansClientListsItBesideTheRelayBoard() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-usb-")
        defer { directory.remove() }
        let twin = try RigProgram.start(
            ["twin", "--knx-usb", "--directory", directory.path + "/twin"], in: directory.path)
        defer {
            twin.process.send(signal: SIGTERM)
            _ = try? twin.finish(within: 20)
        }
        #expect(RigProgram.wait(20) { RigProgram.lines(twin.outputFile).first?["ready"]?.bool == true })
        let ready = try #require(RigProgram.lines(twin.outputFile).first)
        #expect(ready["knxusb"]?["main/usb"]?.text == "1-2")
        let port = try #require(ready["usbip"]?.integer)
        let list = try RigProgram.start(
            ["--tcp-port", String(port), "list", "-r", "127.0.0.1"], in: directory.path, program: "usbip"
        ).finish(within: 20)
        #expect(list.status == 0, "\(list)")
        #expect(list.output.contains("1-1:") && list.output.contains("16c0:05df"), "\(list)")
        #expect(list.output.contains("1-2:") && list.output.contains("0e77:0104"), "\(list)")
    }

    @Test func aRigFilesUSBInterfaceIsNotPutOnItsLineTwice() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-usb-")
        defer { directory.remove() }
        let text = String(decoding: try Files.read(RigProgram.root + "/rigs/twin.yaml"), as: UTF8.self)
        let file = directory.path + "/usb.yaml"
        let interface = "    interfaces: [{id: usb, driver: usb, address: 1.1.27}]\n    devices:\n"
        try Files.write(Array(text.replacing("    devices:\n", with: interface).utf8), to: file)
        let output = try RigProgram.run(
            ["twin", "--rig", file, "--knx-usb", "--directory", directory.path + "/twin"], within: 20)
        #expect(output.status == 2 && output.output.isEmpty)
        #expect(output.error.split(separator: "\n").count == 1 && output.error.contains("'usb' already"), "\(output)")
    }
}
