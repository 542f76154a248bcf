import Events
import Platform
import Synchronization

/// A KNX USB interface in real time: its model lies with whoever carries USB devices to hosts, and what the line does is brought there by a thread of
/// its own, so that no host can make the line late.
final class USBInterfaceShell: Sendable, TappedInterface {
    /// What other threads tell it.
    private enum Message: Sendable {
        case line(LineTap.Event)
        case faults(USBInterfaceFaults)
        case cable(isConnected: Bool)
    }

    private struct State {
        var messages: [Message] = []
        var carrier: (any DeviceServer)?
        var isStopping = false
    }

    let name: String
    let line: Int
    let index: Int
    /// What its carrier knows it by: `<line>-<interface>`.
    let device: String
    /// As it is before it is carried.
    let model: KNXUSBInterface
    /// Whether its relay contacts let it be plugged in at first.
    let isConnectedAtFirst: Bool
    private let state = Mutex(State())
    private let wakeup: Wakeup
    private let thread = Mutex<NamedThread?>(nil)

    /// The interfaces of all lines.
    static func all(
        _ configuration: TwinConfiguration, _ wiring: Wiring, inbox: LineInbox
    ) throws(SystemFailure) -> [USBInterfaceShell] {
        var shells: [USBInterfaceShell] = []
        do throws(SystemFailure) {
            for (lineIndex, line) in configuration.lines.enumerated() {
                for (index, interface) in line.usbInterfaces.enumerated() {
                    shells.append(
                        try USBInterfaceShell(
                            interface, on: line, place: (lineIndex, line.interfaces.count + index), inbox: inbox,
                            isSupplied: wiring.isConnected(.supply(line: line.id)),
                            isConnected: wiring.isConnected(.interface(line: line.id, chip: interface.id))))
                }
            }
        } catch {
            for shell in shells { shell.stop() }
            throw error
        }
        return shells
    }

    private init(
        _ interface: TwinConfiguration.PluggedInterface, on line: TwinConfiguration.Line,
        place: (line: Int, index: Int), inbox: LineInbox, isSupplied: Bool, isConnected: Bool
    ) throws(SystemFailure) {
        name = "\(line.id)/\(interface.id)"
        device = "\(line.id)-\(interface.id)"
        (self.line, index) = place
        isConnectedAtFirst = isConnected
        wakeup = try Wakeup()
        model = KNXUSBInterface(interface.parameters, hasBus: isSupplied, at: MonotonicClock.now()) {
            [inbox, place] effect in
            switch effect {
            case .send(let transmission):
                inbox.post(.transmit(line: place.line, interface: place.index, transmission))
            case .attitude(let attitude):
                inbox.post(.attitude(line: place.line, interface: place.index, attitude))
            }
        }
        let started = NamedThread.start("twin \(interface.id)") { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// From now on its model is with `carrier`.
    func carry(by carrier: any DeviceServer) {
        state.withLock { $0.carrier = carrier }
        if !isConnectedAtFirst { carrier.unplug(device) }
        wakeup.signal()
    }

    func happened(_ event: LineTap.Event) { post(.line(event)) }
    func connect(_ isConnected: Bool) { post(.cable(isConnected: isConnected)) }
    func disturb(_ faults: USBInterfaceFaults) { post(.faults(faults)) }

    private func post(_ message: Message) {
        state.withLock { state in
            // Nobody hears the telegrams of a time when nobody carries it; what stays is kept.
            if state.carrier == nil, case .line(let event) = message {
                guard case .power = event else { return }
            }
            state.messages.append(message)
        }
        wakeup.signal()
    }

    /// Waits for the end of its thread. Its host is told nothing; its carrier is not stopped.
    func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
        state.withLock { $0.carrier = nil }
    }

    private func run() {
        while true {
            _ = Poll.wait([(wakeup.descriptor, .readable)], until: nil)
            wakeup.drain()
            let taken = state.withLock {
                state -> (messages: [Message], carrier: (any DeviceServer)?, isStopping: Bool) in
                guard let carrier = state.carrier else { return ([], nil, state.isStopping) }
                defer { state.messages.removeAll(keepingCapacity: true) }
                return (state.messages, carrier, state.isStopping)
            }
            guard !taken.isStopping else { return }
            guard let carrier = taken.carrier else { continue }
            for message in taken.messages { tell(message, to: carrier) }
        }
    }

    private func tell(_ message: Message, to carrier: any DeviceServer) {
        switch message {
        case .line(let event):
            carrier.withModel(of: device, as: KNXUSBInterface.self) { $0.happened(event, at: MonotonicClock.now()) }
        case .faults(let faults):
            carrier.withModel(of: device, as: KNXUSBInterface.self) { $0.disturb(faults, at: MonotonicClock.now()) }
        case .cable(let isConnected):
            if isConnected { carrier.plug(device) } else { carrier.unplug(device) }
        }
    }
}
