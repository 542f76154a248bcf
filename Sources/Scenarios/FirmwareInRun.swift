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

    /// - Parameter isInstalled: the version of a package.
    init(_ notes: [FirmwareNote], rig: Rig, system: SystemProfile, version installed: (String) -> String?) {
        let drivers = Set(rig.boards.map(\.driver) + rig.lines.flatMap(\.attachments).map(\.driver))
        let packages = Set(system.programs.map(\.package))
        parts = notes.compactMap { note in
            guard !drivers.isDisjoint(with: note.drivers) || !packages.isDisjoint(with: note.packages) else {
                return nil
            }
            return Part(note: note, version: note.packages.first(where: packages.contains).flatMap(installed))
        }
    }

    /// As event 0 holds it: `[{"note","name","version","measured","quirks":[{"id","says"}]}]`.
    var value: Value {
        .list(
            parts.map { part in
                .record(present: [
                    ("note", .text(part.note.id)), ("kind", .text(part.note.kind.rawValue)),
                    ("name", .text(part.note.name)), ("version", part.version.map(Value.text)),
                    ("measured", part.note.covers(version: part.version).map(Value.bool)),
                    ("quirks", .list(part.note.quirks.map { ["id": .text($0.id), "says": .text($0.says)] })),
                ])
            })
    }
}
