import Documents
import Events
import Rigs
import Systems

/// The firmware that takes part in a run, as far as there are notes of it.
struct FirmwareInRun: Sendable {
    /// A note with the version that is installed, where there is one to know.
    struct Part: Sendable {
        var note: FirmwareNote
        var version: String?
    }

    let parts: [Part]

    /// - Parameters:
    ///   - usesInjector: something goes through the line's injector, which is silent else.
    ///   - installed: the version of a package.
    init(
        _ notes: [FirmwareNote], rig: Rig, system: SystemProfile, usesInjector: Bool = false,
        version installed: (String) -> String?
    ) {
        let attachments = rig.lines.flatMap(\.attachments).filter { usesInjector || $0.role != .injector }
        let drivers = Set(rig.boards.map(\.driver) + attachments.map(\.driver))
        let packages = Set(system.programs.compactMap(\.package))
        parts = notes.compactMap { note in
            let package = note.package.flatMap { packages.contains($0) ? $0 : nil }
            guard package != nil || note.driver.map(drivers.contains) ?? false else { return nil }
            return Part(note: note, version: package.flatMap(installed))
        }
    }

    /// As event 0 holds them: `[{"note","kind","name","version","tried"}]`.
    var value: Value {
        .list(
            parts.map { part in
                .record(present: [
                    ("note", .text(part.note.id)), ("kind", .text(part.note.kind.rawValue)),
                    ("name", .text(part.note.name)), ("version", part.version.map(Value.text)),
                    ("tried", part.note.covers(version: part.version).map(Value.bool)),
                ])
            })
    }

    /// What nobody would expect of them: `[{"id","device","what","evidence"}]`.
    var quirks: Value {
        .list(
            parts.flatMap { part in
                part.note.quirks.map {
                    [
                        "id": .text($0.id), "device": .text(part.note.name), "what": .text($0.summary),
                        "evidence": .text($0.evidence.rawValue),
                    ]
                }
            })
    }
}
