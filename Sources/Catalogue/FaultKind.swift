/// What a fault is called where limits and notices are set for it, and where it is judged.
public enum FaultKind: String, CaseIterable, Sendable {
    /// The line lost its supply.
    case busCut = "bus-cut"
    /// A service that the system needs is down.
    case brokerDown = "broker-down"
    /// The system's interface to the line is gone.
    case interfaceUnplugged = "interface-unplugged"
    /// The interface daemon was killed.
    case daemonKilled = "daemon-killed"
    /// The interface daemon stood still for a while and was let go on.
    case daemonStalled = "daemon-stalled"
    /// The interface daemon stands still for good.
    case daemonHung = "daemon-hung"
    /// A service that the system needs stands still for a while.
    case brokerStalled = "broker-stalled"
    /// Somebody else holds the database's lock.
    case databaseLocked = "database-locked"
    /// Nothing more can be written where the system keeps its data.
    case diskFull = "disk-full"
    /// The system was started while a service that it needs is down.
    case startWithoutBroker = "start-without-broker"
    /// The system was killed, once or several times, and started again.
    case systemKilled = "system-killed"
    /// The system was asked to end, and started again.
    case systemStopped = "system-stopped"
    /// The system was started while somebody else held its database.
    case startLocked = "start-locked"
    /// The system was started with configurations that are none.
    case configurationCorrupt = "configuration-corrupt"
    /// Requests that contradict each other: one id twice, references to what is deleted, changes at once.
    case duplicateIDs = "duplicate-ids"
    case orphanedReferences = "orphaned-references"
    case concurrentChanges = "concurrent-changes"
    /// The system's computer lost its power, and everything on it ended.
    case hostPowerCut = "host-power-cut"
    /// Whoever answers for names on the network says nothing, and the system was started again meanwhile.
    case resolverSilent = "resolver-silent"
    /// More reports of devices than there are changes, and old rows in the history at a start.
    case historyFlooded = "history-flooded"
    /// More requests than the system can serve.
    case requestsFlooded = "requests-flooded"
    /// WebSocket clients were reset, all at once.
    case clientsReset = "clients-reset"
    /// WebSocket clients read and answered nothing any more, and stayed connected.
    case clientsSilent = "clients-silent"
    /// One WebSocket client stopped reading while events flowed.
    case clientSlow = "client-slow"
    /// A service that the system can do without is down, or stands still for a while.
    case serviceDown = "service-down"
    case serviceStalled = "service-stalled"
    /// Writes to a database are damaged on their way.
    case writesDamaged = "writes-damaged"
    /// The link to a service is in trouble: half open, late, slow, or damaging what passes.
    case linkTroubled = "link-troubled"
    /// The line is full of telegrams that win every arbitration against the system's.
    case lineStarved = "line-starved"
    /// Telegrams that are not as they should be were on the line.
    case malformedTelegrams = "malformed-telegrams"
    /// The line lost its supply again and again, for lengths of which each is tried several times.
    case supplyDips = "supply-dips"

    /// True for a fault that is over as soon as it has been made: nothing heals it but the system itself.
    public var isInstantaneous: Bool { self == .daemonKilled || self == .daemonHung }
}
