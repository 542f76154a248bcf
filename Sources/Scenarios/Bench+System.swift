import Bus
import Events
import KNX
import Platform
import Systems

/// What a run does to the system as a whole, and to the line by hand.
extension Bench {
    func killSystem(purpose: String, due: Instant) throws(Interruption) -> Event.Actuation {
        try own(withSystem { system throws(SystemFault) in system.killSystem(purpose: purpose, due: due) })
    }

    func terminateSystem(purpose: String, due: Instant) throws(Interruption) -> Event.Actuation {
        try own(withSystem { system throws(SystemFault) in system.terminateSystem(purpose: purpose, due: due) })
    }

    func killService(_ id: String, purpose: String, due: Instant) throws(Interruption) -> Event.Actuation {
        let kill = try withSystem { system throws(SystemFault) in
            system.watchClosely(true)
            return try system.killService(id, purpose: purpose, due: due)
        }
        record(kill)
        guard kill.readback != .failed else {
            throw .invalid("\(id) could not be killed: \(kill.reason ?? "it did not end")")
        }
        return kill
    }

    func startService(_ id: String, purpose: String) throws(Interruption) {
        let start = try withSystem { system throws(SystemFault) in try system.startService(id, purpose: purpose) }
        record(start)
    }

    /// Waits for the end of a system that was asked to; one that does not end is killed, which the evidence shows.
    func waitSystemEnded(until deadline: Instant) throws(Interruption) {
        while try !withSystem({ system throws(SystemFault) in
            system.waitEnded(until: MonotonicClock.now() + .milliseconds(50))
        }) {
            try sleep(until: MonotonicClock.now())
            if MonotonicClock.now() > deadline {
                _ = try killSystem(purpose: "cleanup", due: MonotonicClock.now())
                return
            }
        }
    }

    /// Starts it again and waits until it is ready or has ended: what that is worth the judge says.
    func startSystem(purpose: String) throws(Interruption) {
        let start = try withSystem { system throws(SystemFault) in try system.startAgain(purpose: purpose) }
        record(start)
        let deadline = MonotonicClock.now() + readyWithin
        while MonotonicClock.now() < deadline {
            let isReady = try withSystem { system throws(SystemFault) -> Bool? in
                do {
                    try system.waitReady(until: MonotonicClock.now() + .milliseconds(100))
                    return true
                } catch {
                    return system.isRunning ? nil : false
                }
            }
            if isReady != nil { return }
            try sleep(until: MonotonicClock.now())
        }
    }

    /// Takes the power of the system's computer away and waits until nothing of it runs.
    func cutHostPower(purpose: String) throws(Interruption) -> Event.Actuation {
        try own(withSystem { system throws(SystemFault) in try system.cutPower(purpose: purpose) })
    }

    /// Gives it back: services are started, and the system where it is to start with its computer.
    func bootHost(purpose: String) throws(Interruption) {
        record(try withSystem { system throws(SystemFault) in try system.boot(purpose: purpose) })
    }

    /// Begins to look for attempts of the system to connect to a service that is down.
    func watchAttempts(toReach service: String) throws(Interruption) {
        try withSystem { system throws(SystemFault) in try system.watchAttempts(toReach: service) }
    }

    func stopWatchingAttempts() { system?.stopWatchingAttempts() }

    /// Begins to ask the name server of the system's network.
    func watchNames() throws(Interruption) {
        guard let system else { throw .error("there is no system under test") }
        watch("name-probe", every: .milliseconds(500)) { [("query", .text(system.askName()))] }
    }

    /// Begins to look at the history that the system keeps.
    func watchHistory() throws(Interruption) {
        guard let look = system?.history else { throw .error("the system profile has no 'history'") }
        watch("history", every: .milliseconds(500)) { look.look() }
    }

    func ageHistory() throws(Interruption) {
        guard let look = system?.history else { throw .error("the system profile has no 'history'") }
        do throws(SystemFault) {
            journalAged(try look.age())
        } catch {
            throw .error(error.description)
        }
    }

    private func journalAged(_ count: Int64) {
        record(.sample(.init(view: "history", point: "aged", reading: .integer(count))))
    }

    func startStorm(until deadline: Instant) throws(Interruption) {
        guard let flood = system?.flood else { throw .error("the system profile has no 'flood'") }
        flood.start(until: deadline)
    }

    func finishStorm() { system?.flood?.finish() }

    func mutate(_ goesOn: Bool) { system?.mutate(goesOn) }

    /// Reads back what was changed; a system that does not answer is asked again for a while.
    func readBackMutations() throws(Interruption) {
        let deadline = MonotonicClock.now() + .seconds(10)
        while MonotonicClock.now() < deadline {
            if system?.readBackMutations() == true { return }
            try sleep(until: MonotonicClock.now() + .milliseconds(100))
        }
    }

    /// Starts the system with a damaged configuration and puts down what became of it.
    func tryConfiguration(
        _ damage: ConfigurationDamage, number: Int, randomness: UInt64
    ) throws(Interruption) {
        guard let own = system?.configuration, let directory = system?.dataDirectory else {
            throw .error("the system profile has no configuration file")
        }
        let damaged = damage.apply(to: own.text, randomness: randomness)
        let before = DirectoryState(of: directory, besides: own.path)
        var trial = Event.Operation(id: Int64(number), name: "trial", action: .invoke, status: 0, key: damage.rawValue)
        let begun = MonotonicClock.now()
        let result = try withSystem { system throws(SystemFault) in
            try system.tryStart(configuration: damaged, within: .seconds(6))
        }
        if !result.isAsMeant { trial.status = 1 }
        recordTrial(trial, at: begun)
        trial.action = result.end == nil ? .unknown : .failed
        trial.status = nil
        if case .status(let status) = result.end?.exit { trial.status = Int64(status) }
        trial.text = result.lines.last
        let refusal = RefusedStart(
            lines: result.lines, file: own.path.split(separator: "/").last.map(String.init) ?? own.path,
            place: ConfigurationPlace(of: damage, in: own.text, damaged: damaged), listened: result.listened,
            written: DirectoryState(of: directory, besides: own.path).changes(since: before))
        trial.detail = refusal.complaint
        recordTrial(trial, at: result.end?.instant ?? MonotonicClock.now())
    }

    func makeRequests(_ lanes: [[RegistryRequests.Request]]) throws(Interruption) {
        guard let registry = system?.registry else { throw .error("the system profile has no 'registry'") }
        registry.make(lanes)
        try sleep(until: MonotonicClock.now())
    }

    /// Reads back what the registry has; a system that does not answer is asked again for a while.
    func readBackRegistry(parents: String? = nil) throws(Interruption) {
        let deadline = MonotonicClock.now() + .seconds(10)
        while MonotonicClock.now() < deadline {
            if system?.registry?.readBack(database: system?.databasePath, parents: parents) == true { return }
            try sleep(until: MonotonicClock.now() + .milliseconds(100))
        }
    }

    func recordRequests(purpose: String) {
        let now = MonotonicClock.now()
        record(
            Event.Actuation(
                target: "api:registry", meaning: purpose == "fault" ? "requests" : "quiet", purpose: purpose, due: now,
                commanded: now, observed: now, readback: .assumed))
    }

    /// Saturates the line from these addresses, or relaxes it, and puts that down as an actuation.
    func saturate(from sources: [IndividualAddress]?) {
        workload?.saturate(from: sources)
        recordLine(sources == nil ? "relaxed" : "saturated", purpose: "load")
    }

    /// Saturates the line from these addresses as the fault itself, or gives it back.
    func starve(from sources: [IndividualAddress]?, purpose: String) {
        workload?.saturate(from: sources)
        recordLine(sources == nil ? "given back" : "starved", purpose: purpose)
    }

    /// Stops a service, or lets it go on, for the sake of the load.
    func stall(_ service: String, goesOn: Bool) throws(Interruption) {
        _ = try act(goesOn ? .continue : .stop, onService: service, purpose: "load", due: MonotonicClock.now())
    }

    /// Puts a frame on the line through the first stimulus.
    func send(_ frame: TP1Frame) { workload?.send(frame) }

    func send(_ frame: TP1Frame, through sender: MalformedTelegrams.Sender) {
        switch sender {
        case .stimulus: send(frame)
        case .longFrames: longFrames?.send(frame, role: .other)
        }
    }

    /// Nothing goes over the line from here on that the rig sends of itself, or the system by the rig's commands; or it does again.
    func quieten(_ isQuiet: Bool) {
        workload?.pauseTracers(isQuiet)
        system?.pauseCommands(isQuiet)
    }

    /// What was done on the line by hand, as an actuation.
    func recordLine(_ meaning: String, purpose: String) {
        let now = MonotonicClock.now()
        record(
            Event.Actuation(
                target: lineTarget, meaning: meaning, purpose: purpose, due: now, commanded: now, observed: now,
                readback: .assumed))
    }

    private func own(_ actuation: Event.Actuation) throws(Interruption) -> Event.Actuation {
        record(actuation)
        guard actuation.readback != .failed else {
            throw .invalid(
                "\(actuation.target) did not follow '\(actuation.meaning)': \(actuation.reason ?? "no reason given")")
        }
        return actuation
    }
}
