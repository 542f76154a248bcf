import Checkers
import Events
import Foundation
import Platform
import Rigs
import Testing

@testable import Scenarios

/// A witness that sees less runs what needs no more, and nothing else.
@Suite struct WitnessVisibilityTests {
    private static let chip = "witness: {driver: tpuart}"

    private static func plan(_ scenario: String, _ variant: String, witness: String, rig: String = "twin") throws
        -> TestPlan
    {
        let directory = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { directory.remove() }
        let text = String(
            decoding: try Files.read(TestPlanTests.root + "/rigs/\(rig).yaml"), as: UTF8.self)
        let interface = "    interfaces:\n      - {id: ip, driver: knxnetip, address: 1.1.214, slots: 1.1.215}\n"
        let device =
            "      witness:\n        driver: tpuart\n"
            + "        device: /dev/serial/by-id/usb-busware.de_TPUART_WITNESS-if00\n"
        let changed =
            rig == "twin"
            ? text.replacingOccurrences(of: chip, with: witness)
                .replacingOccurrences(of: "    devices:\n", with: interface + "    devices:\n")
            : text.replacingOccurrences(of: device, with: "      \(witness)\n")
        try #require(changed.contains(witness))
        let file = directory.path + "/rig.yaml"
        try Files.write(Array(changed.utf8), to: file)
        return try TestPlan(job: TestPlanTests.job(scenario, variant, rig: file))
    }

    private static func lacks(_ plan: TestPlan) -> [String] { plan.obstacles.filter { $0.contains("witness") } }

    @Test(arguments: [
        ("PB-2", "killed", nil), ("IF-1", "killed-5s", nil), ("AW-1", "fifty-reset", nil), ("PB-3", "client", nil),
        ("PB-4", "broker-stalled", nil), ("HW-1", "cut-20s", "loses the line's voltage with the line"),
        ("HW-2", "quick", "loses the line's voltage with the line"),
    ])
    func throughATunnel(scenario: String, variant: String, missing: String?) throws {
        let lacks = Self.lacks(
            try Self.plan(scenario, variant, witness: "witness: {driver: knxnetip, device: ip}"))
        #expect(lacks.count == (missing == nil ? 0 : 1), "\(lacks)")
        if let missing { #expect(lacks.first?.contains(missing) == true && lacks.first?.hasPrefix("needs ") == true) }
    }

    @Test(arguments: [
        ("PB-2", "killed", "busmonitor", nil), ("PB-3", "client", "busmonitor", nil),
        ("PB-4", "broker-stalled", "busmonitor", "shows acknowledges"),
        ("PB-4", "starved", "busmonitor", "shows acknowledges"),
        ("PB-2", "killed", "vbusmonitor", "tells a frame when it is on the line"),
        ("PB-3", "client", "vbusmonitor", "shows bad frames"),
    ])
    func throughAKnxd(scenario: String, variant: String, mode: String, missing: String?) throws {
        let witness = "witness: {driver: knxd, url: \"local:/run/knx\", mode: \(mode)}"
        let lacks = Self.lacks(try Self.plan(scenario, variant, witness: witness, rig: "bench-example"))
        #expect(lacks.count == (missing == nil ? 0 : 1), "\(lacks)")
        if let missing { #expect(lacks.first?.contains(missing) == true && lacks.first?.contains("'knxd'") == true) }
    }

    /// Event 0 says what the witness can see, in words for people and in fields for programs.
    @Test(arguments: [(chip, "tpuart", false), ("witness: {driver: knxnetip, device: ip}", "knxnetip", true)])
    func thePlanDeclaresIt(witness: String, driver: String, isNumbered: Bool) throws {
        let plan = try Self.plan("PB-2", "killed", witness: witness)
        let record = plan.record(version: "1", program: "/nonexistent", boards: [])
        let source = try #require((record["sources"]?.list ?? []).first { $0["id"]?.text == "witness" })
        #expect(source["driver"]?.text == driver && source["visibility"]?["numbered"]?.bool == isNumbered)
        #expect(source["visibility"]?["acknowledges"] == true && source["visibility"]?["own_frames"]?.text == "none")
        #expect(source["sees"]?.text?.hasPrefix("every frame on the line with its acknowledge, bad frames too") == true)
        #expect(throws: Never.self) { try Judge(plan: record) }
    }
}
