public import Events
import Platform
public import Rigs

/// The twin of one run: a process of its own, reached only through what a bench has, and through its lifeline.
public final class TwinProcess: Sendable {
    /// Paths of the attachments by `<line>/<attachment>`: `main/sut`, `main/witness`, `main/stimulus-1`.
    public let attachments: [String: String]
    /// Where its KNXnet/IP interfaces are, by `<line>/<interface>`.
    public let interfaces: [String: InterfaceLocation]
    /// Port of its USB/IP server on 127.0.0.1.
    let usbPort: UInt16
    private let child: ChildProcess
    private let channel: RecordChannel

    /// Starts the twin and waits until it is ready.
    ///
    /// - Parameter directory: where it publishes its devices and sockets.
    /// - Parameter journal: where it writes what its boards were told, also after our death.
    /// - Parameter building: the seed of a building whose devices talk on its lines; nil: nobody talks by himself.
    public init(
        program: String, rigFile: String, directory: String, journal: String, building: UInt64? = nil
    ) throws(Interruption) {
        do {
            let (near, far) = try Socket.pair()
            var arguments = ["twin", "--rig", rigFile, "--directory", directory, "--journal", journal]
            if let building { arguments += ["--building", "200", "--seed", "\(building)"] }
            var request = ChildProcess.Request(path: program, arguments: arguments)
            request.descriptors = [(Lifeline.childDescriptorNumber, far)]
            request.newSession = true
            child = try ChildProcess.spawn(request)
            channel = RecordChannel(near)
        } catch {
            throw .error("the twin could not be started: \(error)")
        }
        guard case .record(let ready) = try? channel.receive(until: MonotonicClock.now() + .seconds(20)),
            let port = ready["usbip"]?.integer, let paths = ready["attachments"]?.fields
        else { throw .error("the twin did not get ready within 20 s") }
        usbPort = UInt16(truncatingIfNeeded: port)
        attachments = Dictionary(
            uniqueKeysWithValues: paths.compactMap { field in field.value.text.map { (field.key, $0) } })
        interfaces = Dictionary(
            uniqueKeysWithValues: (ready["knxnetip"]?.fields ?? []).compactMap { field in
                InterfaceLocation("knxnetip://\(field.value.text ?? "")").map { (field.key, $0) }
            })
    }

    /// Has a contact with a timing of its own put into the feed of a line: what the programmable switch of a bench would be told.
    func wire(_ motion: SupplyMotion) throws(Interruption) {
        do {
            try channel.send(["contact": motion.wish])
            guard case .record(let answer) = try channel.receive(until: MonotonicClock.now() + .seconds(2)) else {
                throw Interruption.error("the twin does not answer")
            }
            guard answer["wired"]?.bool == true else {
                throw Interruption.error(
                    "the twin has no such contact: \(answer["refused"]?.text ?? "no reason given")")
            }
        } catch let interruption as Interruption {
            throw interruption
        } catch {
            throw .error("the twin cannot be told how its contact moves: \(error)")
        }
    }

    /// Has octets put on a line as they are: what a bench's injector of single octets would be told.
    ///
    /// - Parameter isAbandoned: its sender falls silent behind the last octet; else that is a check octet, right or wrong.
    func inject(_ octets: [UInt8], isAbandoned: Bool, line: String) throws(Interruption) {
        do {
            try channel.send([
                "inject": ["line": .text(line), "octets": .octets(octets), "abandoned": .bool(isAbandoned)]
            ])
            guard case .record(let answer) = try channel.receive(until: MonotonicClock.now() + .seconds(2)) else {
                throw Interruption.error("the twin does not answer")
            }
            guard answer["injected"]?.bool == true else {
                throw Interruption.error(
                    "the twin puts no such octets on its line: \(answer["refused"]?.text ?? "no reason given")")
            }
        } catch let interruption as Interruption {
            throw interruption
        } catch {
            throw .error("the twin cannot be told what to put on its line: \(error)")
        }
    }

    /// Ends the twin in order and returns what it says about its own punctuality; nil when it does not answer.
    public func finish() -> Value? {
        var statistics: Value?
        try? channel.send(["finish": true])
        if case .record(let value) = try? channel.receive(until: MonotonicClock.now() + .seconds(3)) {
            statistics = value
        }
        channel.descriptor.close()
        if child.wait(until: MonotonicClock.now() + .seconds(5)) == nil {
            child.send(signal: 9)
            _ = child.wait()
        }
        return statistics
    }
}
