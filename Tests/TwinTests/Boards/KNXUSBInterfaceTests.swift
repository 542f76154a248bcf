import Events
import KNX
import Synchronization
import Testing
import USB

@testable import Twin

/// The interface as a USB device, against what knxd 0.14.54 was recorded to say to one.
@Suite struct KNXUSBInterfaceTests {
    private let wanted = Wanted()

    private final class Wanted: Sendable {
        let effects = Mutex<[USBInterface.Effect]>([])
    }

    private func plugged() -> KNXUSBInterface {
        let parameters = USBInterfaceParameters(address: IndividualAddress(raw: 0x11C8))
        var model = KNXUSBInterface(parameters, at: at(0)) { [wanted] effect in
            wanted.effects.withLock { $0.append(effect) }
        }
        model.powerUp(at: at(0))
        return model
    }

    private var sent: [Transmission] {
        wanted.effects.withLock { $0 }.compactMap { if case .send(let transmission) = $0 { transmission } else { nil } }
    }

    private func report(_ octets: [UInt8]) -> [UInt8] { octets + [UInt8](repeating: 0, count: 64 - octets.count) }

    private var question: [UInt8] { report([0x01, 0x13, 0x09, 0, 0x08, 0, 0x01, 0x0F, 0x01, 0, 0, 0x01]) }
    private var answer: [UInt8] { report([0x01, 0x13, 0x0B, 0, 0x08, 0, 0x03, 0x0F, 0x02, 0, 0, 0x01, 0, 0x04]) }

    // MARK: Enumeration

    @Test func itIsTheHIDInterfaceThatHostsLookFor() throws {
        var model = plugged()
        func descriptor(_ type: DescriptorType, index: UInt16 = 0, length: UInt16 = 255) -> [UInt8]? {
            let setup = SetupPacket(
                requestType: 0x80, request: 6, value: UInt16(type.rawValue) << 8 | index, index: 0, length: length)
            guard case .data(let octets) = model.control(setup, data: [], at: at(0)) else { return nil }
            return octets
        }
        let device = try DeviceDescriptor(octets: descriptor(.device) ?? [])
        #expect(device.vendor == 0x0E77 && device.product == 0x0104 && device.deviceClass == 0)
        let interface = try #require(model.configurationDescriptor.interfaces.first)
        #expect(model.configurationDescriptor.interfaces.count == 1 && interface.interfaceClass == 3)
        // knxd wants one interrupt endpoint each way, with packets of 64 octets exactly.
        #expect(interface.endpoints.map(\.address) == [0x81, 0x02])
        #expect(interface.endpoints.allSatisfy { $0.attributes & 3 == 3 && $0.maximumPacketSize == 64 })
        #expect(descriptor(.configuration) == model.configurationDescriptor.octets)
        #expect(descriptor(.configuration, length: 9)?.count == 9)
        // The HID descriptor tells the length of the report descriptor, which defines report 1 of 63 octets each way.
        let hid = try #require(descriptor(.hid))
        let reports = try #require(descriptor(.hidReport))
        #expect(Int(hid[7]) | Int(hid[8]) << 8 == reports.count)
        #expect(reports.contains([0x85, 0x01]) && reports.contains([0x75, 0x08, 0x95, 0x3F]))
        #expect(try StringDescriptor.text(descriptor(.string, index: 2) ?? []) == "KNX USB interface")
        #expect(descriptor(.string, index: 3) == nil)
        #expect(model.speed == .full)
    }

    // MARK: Endpoints

    @Test func knxdsFirstQuestionIsAnsweredInTime() {
        var model = plugged()
        #expect(model.interruptOut(endpoint: 2, data: question, at: at(0)) == .acknowledged)
        #expect(model.nextReport == at(20))
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(19)) == .silence)
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(20)) == .data(answer))
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(20)) == .silence)
        #expect(model.nextReport == nil)
    }

    @Test func knxdsFirstTelegramIsSentAndConfirmedAfterTheLineHas() {
        var model = plugged()
        let request: [UInt8] = [0x11, 0, 0xBC, 0xE0, 0, 0, 0x09, 0x01, 1, 0x00, 0x81]
        let head: [UInt8] = [0x01, 0x13, 0x13, 0x00, 0x08, 0x00, 0x0B, 0x01, 0x03, 0x00, 0x00]
        _ = model.interruptOut(endpoint: 2, data: report(head + request), at: at(0))
        #expect(sent.map(\.octets) == [frame(source: 0x11C8)])
        #expect(model.nextReport == nil)
        model.happened(.sent(number: sent.first?.number ?? 0, isConfirmed: true, at: at(20)), at: at(20))
        #expect(model.nextReport == at(40))
        let confirmation: [UInt8] = [0x2E, 0, 0xBC, 0xE0, 0x11, 0xC8, 0x09, 0x01, 1, 0x00, 0x81]
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(40)) == .data(report(head + confirmation)))
    }

    @Test func anOutputReportMayComeThroughTheControlEndpoint() {
        var model = plugged()
        let setReport = SetupPacket(requestType: 0x21, request: 9, value: 0x0201, index: 0, length: 64)
        #expect(model.control(setReport, data: question, at: at(0)) == .acknowledged)
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(20)) == .data(answer))
        let getReport = SetupPacket(requestType: 0xA1, request: 1, value: 0x0101, index: 0, length: 64)
        #expect(model.control(getReport, data: [], at: at(20)) == .stall)
    }

    @Test func aBusResetAndAPulledPlugForgetWhatWaits() {
        var model = plugged()
        _ = model.interruptOut(endpoint: 2, data: question, at: at(0))
        model.busReset(at: at(1))
        #expect(model.nextReport == nil && model.isPresent)
        _ = model.interruptOut(endpoint: 2, data: question, at: at(2))
        model.powerDown(at: at(3))
        #expect(!model.isPresent && model.nextReport == nil)
        #expect(wanted.effects.withLock { $0 }.last == .attitude(.mute))
    }

    // MARK: Faults

    @Test func oneThatHangsTakesNothingUntilItIsPluggedInAnew() {
        var model = plugged()
        var faults = USBInterfaceFaults()
        faults.isHung = true
        model.disturb(faults, at: at(0))
        #expect(!model.takesOutput(endpoint: 2))
        #expect(model.interruptOut(endpoint: 2, data: question, at: at(0)) == .silence)
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(999)) == .silence)
        model.powerDown(at: at(1_000))
        model.powerUp(at: at(1_001))
        #expect(model.takesOutput(endpoint: 2))
        #expect(model.interruptOut(endpoint: 2, data: question, at: at(1_001)) == .acknowledged)
    }

    @Test func aStalledEndpointStaysSoUntilItIsCleared() {
        var model = plugged()
        var faults = USBInterfaceFaults()
        faults.isStalling = true
        model.disturb(faults, at: at(0))
        #expect(model.takesOutput(endpoint: 2), "a refusal is an answer")
        #expect(model.interruptOut(endpoint: 2, data: question, at: at(0)) == .stall)
        #expect(model.nextReport != nil)
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(0)) == .stall)
        model.disturb(USBInterfaceFaults(), at: at(1))
        #expect(model.interruptOut(endpoint: 2, data: question, at: at(1)) == .stall)
        func clear(_ endpoint: UInt16) -> USBReply {
            let setup = SetupPacket(requestType: 0x02, request: 1, value: 0, index: endpoint, length: 0)
            return model.control(setup, data: [], at: at(2))
        }
        #expect(clear(0x02) == .acknowledged)
        #expect(model.interruptOut(endpoint: 2, data: question, at: at(2)) == .acknowledged)
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(30)) == .stall)
        #expect(clear(0x81) == .acknowledged)
        #expect(model.interruptIn(endpoint: 1, length: 64, at: at(30)) == .data(answer))
    }

    @Test func oneThatVanishesDoesSoWithTheReportThatWasNamed() {
        var model = plugged()
        var faults = USBInterfaceFaults()
        faults.vanishesAfterReports = 2
        model.disturb(faults, at: at(0))
        #expect(model.interruptOut(endpoint: 2, data: question, at: at(0)) == .acknowledged)
        #expect(model.isPresent)
        _ = model.interruptOut(endpoint: 2, data: question, at: at(1))
        #expect(!model.isPresent && model.nextReport == nil)
        model.powerUp(at: at(2))
        #expect(model.interruptOut(endpoint: 2, data: question, at: at(2)) == .acknowledged)
        #expect(model.isPresent)
    }
}
