import Events

/// The system was started while a service was down: the service's absence is proven as any, and the start lies within it.
struct StartProof: FaultProof {
    let down: ServiceDownProof
    let timeline: Timeline

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? { down.fault(injected) }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let to = min(healing?.commanded ?? instant, instant)
        let isStarted = timeline.processes.contains {
            $0.content.process == "controller" && $0.content.change == .started && $0.instant > fault
                && $0.instant <= to
        }
        guard isStarted else { return .pending("the system has not been started while the service was down") }
        return down.standing(since: fault, healing: healing, at: instant)
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? { down.healed(healing) }

    var awaited: String { down.awaited }
}
