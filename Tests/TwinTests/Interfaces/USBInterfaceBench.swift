import Events
import KNX
import Testing

@testable import Twin

/// A KNX USB interface in virtual time without a line: what its host says to it, and all that it says and wants.
struct USBInterfaceBench {
    static let own = IndividualAddress(raw: 0x1101)

    /// An interface 1.1.1 without delays of its own unless they are set.
    static var parameters: USBInterfaceParameters {
        var parameters = USBInterfaceParameters(address: own)
        parameters.indicationDelay = .zero
        parameters.confirmationDelay = .zero
        parameters.answerDelay = .zero
        return parameters
    }

    var engine: USBInterface
    private(set) var now = Instant(nanoseconds: 0)
    /// Telegrams that it has put on the line.
    var sent: [Transmission] = []
    private(set) var attitude: LineTap.Attitude?
    private var host = USBTransferStream()
    /// What its host could not join to transfers.
    private(set) var broken = 0

    /// Plugged in, and nothing said yet.
    init(_ parameters: USBInterfaceParameters = USBInterfaceBench.parameters, hasBus: Bool = true) {
        engine = USBInterface(parameters, hasBus: hasBus, at: Instant(nanoseconds: 0))
        feed(.pluggedIn)
    }

    mutating func feed(_ input: USBInterface.Input) {
        for effect in engine.next(input, at: now) {
            switch effect {
            case .send(let transmission): sent.append(transmission)
            case .attitude(let attitude): self.attitude = attitude
            }
        }
    }

    mutating func disturb(_ change: (inout USBInterfaceFaults) -> Void) {
        var faults = engine.faults
        change(&faults)
        feed(.faults(faults))
    }

    /// Says a transfer to it and gives what it says to that at once.
    @discardableResult
    mutating func say(_ content: USBTransfer.Content) throws -> [USBTransfer.Content] {
        for report in try USBTransfer(content).reports { feed(.report(report)) }
        return heard()
    }

    @discardableResult
    mutating func say(cemi octets: [UInt8]) throws -> [[UInt8]] {
        try say(.tunnel(.cemi, octets)).compactMap(\.cemi)
    }

    @discardableResult
    mutating func write(_ value: UInt8) throws -> [[UInt8]] { try say(cemi: groupWrite(value).octets) }

    /// The line has a result for its oldest telegram.
    mutating func settle(_ isConfirmed: Bool = true) throws {
        let transmission = try #require(sent.first)
        sent.removeFirst()
        feed(.line(.sent(number: transmission.number, isConfirmed: isConfirmed, at: now)))
    }

    mutating func line(_ octets: [UInt8], isOwn: Bool = false) { feed(.line(.frame(octets, isOwn: isOwn, at: now))) }

    mutating func power(_ state: BusPower.State) { feed(.line(.power(state, at: now))) }

    mutating func wait(milliseconds: Int64) { now = now + .milliseconds(milliseconds) }

    /// What it has for its host by now.
    mutating func heard() -> [USBTransfer.Content] {
        var contents: [USBTransfer.Content] = []
        while let report = engine.takeReport(at: now) {
            for output in host.feed(report) {
                switch output {
                case .transfer(let transfer, let faults):
                    // A feature that nobody knows is answered by its number, which the decoder remarks on.
                    if case .tunnel = transfer.content { #expect(faults.isEmpty, "the interface wrote \(transfer)") }
                    contents.append(transfer.content)
                case .rejected, .abandoned: broken += 1
                }
            }
        }
        return contents
    }

    /// The cEMI messages among that.
    mutating func messages() -> [[UInt8]] { heard().compactMap(\.cemi) }
}

extension USBTransfer.Content {
    var cemi: [UInt8]? { if case .tunnel(.cemi, let octets) = self { octets } else { nil } }
}
