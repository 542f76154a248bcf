/// Something that lets the controller survive a failure, and that can be switched off to prove that a test would
/// notice its absence. Each is on by default and is asked about at exactly one place.
enum Protection: String, CaseIterable, Sendable {
    case knxdRestart = "knxd.restart"
    case knxdRestartUnlimited = "knxd.restart-unlimited"
    case knxdReread = "knxd.reread"
    case knxdRereadInterrupted = "knxd.reread-interrupted"
    case knxdWatchdog = "knxd.watchdog"
    case bridgeSupervise = "bridge.supervise"
    case interfaceReopen = "interface.reopen"
    case mqttReconnect = "mqtt.reconnect"
    case mqttBackoff = "mqtt.backoff"
    case mqttPatience = "mqtt.patience"
    case mqttResubscribe = "mqtt.resubscribe"
    case stateResync = "state.resync"
    case databaseBusyRetry = "db.busy-retry"
    case databaseOffLivePath = "db.off-live-path"
    case databaseWriteErrorsHandled = "db.write-errors-handled"
    case startMqttOptional = "start.mqtt-optional"
    case startLockHint = "start.lock-hint"
    case configurationValidate = "config.validate"
    case configurationPlace = "config.place"
    case configurationBeforeListening = "config.before-listening"
    case configurationBeforeWriting = "config.before-writing"
    case databaseCommitBeforeAnswer = "db.commit-before-answer"
    case databaseUnique = "db.unique"
    case databaseForeignKeys = "db.foreign-keys"
    case databaseReferencesDeclared = "db.references-declared"
    case apiSerialise = "api.serialise"
    case apiLimits = "api.limits"
    case apiBusyWait = "api.busy-wait"
    case apiBusyBound = "api.busy-bound"
    case apiErrorsTold = "api.errors-told"
    case historyDedup = "history.dedup"
    case historyPrune = "history.prune"
    case offlineFirst = "offline-first"
    case startOnBoot = "start.on-boot"
    case shutdownFlush = "shutdown.flush"
    case shutdownOrder = "shutdown.order"
    case shutdownClose = "shutdown.close"
    case parserSkipMalformed = "parser.skip-malformed"
    case parserKeepConnection = "parser.keep-connection"
    case parserFreshMessage = "parser.fresh-message"
    case commandsConfirmed = "commands.confirmed"
    case intakeAfterLoss = "intake.after-loss"
    case intakeAfterSilence = "intake.after-silence"
    case webSocketCleanup = "ws.cleanup"
    case webSocketTrySend = "ws.try-send"
    case timeSeriesBufferBound = "tsdb.buffer-bound"
    case timeSeriesAsync = "tsdb.async"
    case timeSeriesRetry = "tsdb.retry"
    case timeSeriesSameStamp = "tsdb.same-stamp"
    case queueBound = "queue.bound"
    case queueNewestWins = "queue.newest-wins"
    case orderPerAddress = "order.per-address"
    case reconnectReleases = "reconnect.releases"

    /// One line for `--help`: what the protection does.
    var summary: String {
        switch self {
        case .knxdRestart: "starts knxd again after it exited"
        case .knxdRestartUnlimited: "goes on starting knxd however often it has exited"
        case .knxdReread: "reads the points again after the connection to knxd was interrupted"
        case .knxdRereadInterrupted: "reads the points from the beginning after a read-out was interrupted"
        case .knxdWatchdog: "ends a knxd that no longer answers, so that it is started again"
        case .bridgeSupervise: "starts the bridge to knxd again after it ended"
        case .interfaceReopen: "goes on trying to start knxd while its interface cannot be opened"
        case .mqttReconnect: "connects again after the connection to the MQTT broker was lost"
        case .mqttPatience: "keeps a connection on which the MQTT broker takes its time to acknowledge"
        case .mqttBackoff: "waits longer and longer between attempts to reach the MQTT broker"
        case .mqttResubscribe: "subscribes to commands again after a reconnection to the broker"
        case .stateResync: "publishes the state of all points again after a reconnection to the broker"
        case .databaseBusyRetry: "writes again what could not be written while the database was locked"
        case .databaseOffLivePath: "writes the database on a thread of its own, so that telegrams do not wait for it"
        case .databaseWriteErrorsHandled: "goes on after a write that failed, and writes again when it can"
        case .startLockHint: "says who may hold the database when it is locked at the start"
        case .configurationValidate: "refuses a configuration that is none, and says where"
        case .configurationPlace: "says where in the file a configuration is wrong"
        case .configurationBeforeListening: "listens on nothing before its configuration is good"
        case .configurationBeforeWriting: "writes nothing before its configuration is good"
        case .databaseUnique: "takes an id once"
        case .databaseForeignKeys: "refuses to delete what something else refers to"
        case .databaseReferencesDeclared: "has a schema that declares what refers to what"
        case .apiSerialise: "lets nothing come between the reading and the writing of a change"
        case .apiLimits: "refuses bodies that are too large and requests that are too many"
        case .apiBusyWait: "lets a change wait a while for a database that is locked"
        case .apiBusyBound: "refuses a change in time when the database stays locked"
        case .apiErrorsTold: "answers a change that could not be stored with an error"
        case .historyDedup: "keeps no row of history for a value that equals the one before"
        case .historyPrune: "deletes rows of history beyond their number and their age"
        case .offlineFirst: "connects to addresses that it was given, and asks nobody on the network for a name"
        case .startOnBoot: "has itself started when its computer starts"
        case .databaseCommitBeforeAnswer:
            "answers a change when it is committed, so that what was answered outlives the process"
        case .shutdownFlush: "writes what is not written yet and says goodbye to the broker before it ends"
        case .shutdownOrder: "closes the database last, after it has written the time series and told the broker"
        case .shutdownClose: "closes the database before it ends"
        case .parserSkipMalformed: "skips a telegram that is not as it should be, and goes on"
        case .parserKeepConnection:
            "goes on with the same connection to knxd after a telegram that is not as it should be"
        case .commandsConfirmed: "answers a command with success when its actuator has reported, and not before"
        case .intakeAfterLoss: "works on what comes from the line also after it was lost once"
        case .intakeAfterSilence: "works on what comes from the line also after it was silent for a while"
        case .webSocketCleanup: "forgets WebSocket clients that are gone, and ends those that no longer answer"
        case .webSocketTrySend: "cuts a WebSocket client that does not read, instead of waiting for it"
        case .timeSeriesBufferBound: "gives the oldest row up, and counts it, when too many wait to be written"
        case .timeSeriesAsync: "writes rows on a thread of its own, so that telegrams do not wait for them"
        case .timeSeriesRetry: "writes again the rows of a batch that could not be written"
        case .timeSeriesSameStamp: "writes a row again with the stamp that it had"
        case .queueBound: "lets only so many messages wait for a broker that does not take them"
        case .queueNewestWins: "keeps the newest value of a point when there is no room for all"
        case .orderPerAddress: "publishes in the order in which telegrams came, instead of by workers in parallel"
        case .parserFreshMessage:
            "begins each connection to knxd with a new message, whatever was left of one in the connection before"
        case .reconnectReleases: "lets go of all that a connection had when it is over"
        case .startMqttOptional: "starts without the broker and goes on trying to reach it"
        }
    }

    /// The protection whose name is closest to a misspelt one.
    static func nearest(to name: String) -> Protection {
        allCases.min { editDistance($0.rawValue, name) < editDistance($1.rawValue, name) }!
    }
}

/// Levenshtein distance in characters: insertions, deletions and substitutions cost one each.
func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (i, character) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for j in right.indices {
            let substituted = diagonal + (character == right[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[right.count]
}
