import Events
import Evidence

/// One run to be made, as the command hands it to the process that makes it.
public struct Job: Sendable, Hashable {
    public var scenario: String
    public var variant: String
    /// From 1.
    public var repetition: Int
    /// Settles every random choice of the run.
    public var seed: Int64
    /// Paths of the files, as found.
    public var scenarioFile: String
    public var rigFile: String
    public var systemFile: String
    /// Directories whose firmware-notes/ are read.
    public var dataDirectories: [String] = []
    /// Protections that the system is started without.
    public var sabotage: [String]
    /// Fault and heal are replaced by nothing, the timing is kept: whatever anybody sees or finds is a false alarm.
    public var isNull: Bool
    /// The fault stands until somebody wants it healed, within what the rig allows. Such a run is looked at and never scored.
    public var isHeld = false
    /// Nothing is done to the system: set up, baseline, safe state.
    public var isCheck = false
    /// Jobs of one number share a system; nil for a job with one of its own.
    public var chain: Int?
    /// What it takes the place of; nil for a run that was asked for.
    var remake: Remake?
    /// Where it stands in its chain; given by the campaign when the chain begins.
    var place: ChainPlace?
    /// The run's own directory; made by the run.
    public var directory: String
    /// Where devices, sockets and the system's data live while the run lasts; given by the command, gone with the run.
    var temporary = ""

    public init(
        scenario: String, variant: String, repetition: Int, seed: Int64, scenarioFile: String, rigFile: String,
        systemFile: String, sabotage: [String], isNull: Bool = false, directory: String
    ) {
        self.scenario = scenario
        self.variant = variant
        self.repetition = repetition
        self.seed = seed
        self.scenarioFile = scenarioFile
        self.rigFile = rigFile
        self.systemFile = systemFile
        self.sabotage = sabotage
        self.isNull = isNull
        self.directory = directory
    }

    /// `HW-1/cut-20s`.
    public var name: String { "\(scenario)/\(variant)" }

    /// Its name, and what is special about it: `HW-1/cut-20s without knxd.restart`, `HW-1/cut-20s, null run`.
    public var title: String {
        name + (sabotage.isEmpty ? "" : " without " + sabotage.joined(separator: ", ")) + (isNull ? ", null run" : "")
            + (isHeld ? ", held by hand" : "") + (chain == nil ? "" : ", chained")
    }

    /// Where the run lies below the directory of all runs; where it would, as long as it has no directory.
    public var directoryName: String {
        directory.isEmpty
            ? RunDirectory.name(scenario, variant, repetition) : RunDirectory(path: directory).nameBelowRuns
    }

    var value: Value {
        [
            "scenario": .text(scenario), "variant": .text(variant), "repetition": .integer(Int64(repetition)),
            "seed": .integer(seed), "scenario_file": .text(scenarioFile), "rig_file": .text(rigFile),
            "system_file": .text(systemFile), "sabotage": .list(sabotage.map(Value.text)),
            "data": .list(dataDirectories.map(Value.text)), "null": .bool(isNull), "check": .bool(isCheck),
            "held": .bool(isHeld), "place": place?.value ?? .null, "remake": remake?.value ?? .null,
            "directory": .text(directory),
            "temporary": .text(temporary),
        ]
    }

    init(_ value: Value) throws(RecordFailure) {
        let record = Record(value)
        scenario = try record.text("scenario")
        variant = try record.text("variant")
        repetition = Int(try record.integer("repetition"))
        seed = try record.integer("seed")
        scenarioFile = try record.text("scenario_file")
        rigFile = try record.text("rig_file")
        systemFile = try record.text("system_file")
        sabotage = (value["sabotage"]?.list ?? []).compactMap(\.text)
        dataDirectories = (value["data"]?.list ?? []).compactMap(\.text)
        isNull = value["null"]?.bool ?? false
        isCheck = value["check"]?.bool ?? false
        isHeld = value["held"]?.bool ?? false
        place = ChainPlace(value["place"])
        remake = Remake(value["remake"])
        directory = try record.text("directory")
        temporary = try record.text("temporary")
    }
}
