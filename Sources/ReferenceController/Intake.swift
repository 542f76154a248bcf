import Glibc
import Synchronization

/// What happens to each group telegram, on the thread of the KNX connection: nothing in it waits.
final class Intake: Sendable {
    private let points: PointTable
    private let mqtt: MqttLink
    private let hub: WebSocketHub
    private let commands: CommandService
    private let status: Status
    private let livePath: LivePath
    private let skipsMalformed: Bool
    private let worksAfterLoss: Bool
    private let wasLost = Atomic(false)
    /// Without the protection of the silence.
    private let impatience: Impatience?

    init(
        points: PointTable, mqtt: MqttLink, hub: WebSocketHub, commands: CommandService, status: Status,
        livePath: LivePath, protections: Set<Protection>
    ) {
        self.points = points
        self.mqtt = mqtt
        self.hub = hub
        self.commands = commands
        self.status = status
        self.livePath = livePath
        skipsMalformed = protections.contains(.parserSkipMalformed)
        worksAfterLoss = protections.contains(.intakeAfterLoss)
        impatience = protections.contains(.intakeAfterSilence) ? nil : Impatience()
    }

    /// The line was there and is not any more.
    func lineLost() { wasLost.store(true, ordering: .relaxed) }

    enum Outcome: Equatable {
        /// A point has a value from it.
        case taken
        /// It is good, and no point has a value from it.
        case passed
        case malformed
    }

    /// Takes the octets of one telegram from TPCI on.
    func receive(_ apdu: [UInt8], from source: IndividualAddress, to group: GroupAddress) -> Outcome {
        let stamp = wallNanoseconds()
        status.telegrams.add(1, ordering: .relaxed)
        if !worksAfterLoss, wasLost.load(ordering: .relaxed) { return .passed }
        if let impatience, impatience.isOver(at: monotonicNanoseconds()) { return .passed }
        let value: GroupValue
        do throws(GroupTelegram.Malformed) {
            switch try GroupTelegram(apdu: apdu) {
            case .read: return .passed
            case .response(let carried), .write(let carried): value = carried
            }
        } catch {
            skip(apdu, from: source, to: group, error.reason)
            return .malformed
        }
        switch points.take(group, value, from: source) {
        case .unknownGroup:
            status.ignored.add(1, ordering: .relaxed)
            return .passed
        case .malformed(let reason):
            skip(apdu, from: source, to: group, reason)
            return .malformed
        case .taken(let state, let changed):
            livePath.pointChanged(group, state.value, stamp: stamp)
            if changed {
                mqtt.pointChanged(group, state)
                hub.pointChanged(group)
            }
            commands.observe(group, value.octets)
            return .taken
        }
    }

    /// What a controller does whose parser takes every telegram for a good one: it falls over the first that is not.
    private func fall(_ reason: String) -> Never {
        writeAll("reference-controller: fatal: \(reason)\n", to: STDERR_FILENO)
        abort()
    }

    private func skip(_ apdu: [UInt8], from source: IndividualAddress, to group: GroupAddress, _ reason: String) {
        if !skipsMalformed { fall("group telegram: \(reason)") }
        status.malformed.add(1, ordering: .relaxed)
        Log.warning(
            "malformed telegram",
            [
                "group": .string("\(group)"), "source": .string("\(source)"), "apdu": .string(apdu.hexadecimal),
                "reason": .string(reason),
            ])
    }
}
