import Events
import Platform

/// What the rig finds of a registry by itself, when everything has been asked and answered: through the interface, and in the database.
///
/// Samples of the views `registry` (point `id/key`: a value through the interface), `registry-ids` (point id, with the text that the entry has), `registry-rows`
/// (point id: how many rows have it), `registry-values` (point `id/key`: a value in the database), `registry-references` (point `table.column`: what refers to
/// something that is gone), `registry-parents` (point id: whether it is there, and how much refers to it), and `registry-looks` (which looks there were: `interface`,
/// `database`, `values`, with how much was found).
struct RegistryLook {
    let registry: SystemProfile.Registry

    typealias Found = (view: String, point: String, reading: Value)

    /// What the interface's list says; nil for an answer that is none.
    func interface(_ answer: Value?) -> [Found]? {
        guard let entries = registry.entries(of: answer?.at(pointer: registry.entries)) else { return nil }
        var found: [Found] = []
        for entry in entries {
            found.append(
                ("registry-ids", entry.id, registry.text.flatMap { entry.value.at(pointer: $0) } ?? .text("")))
            for change in values(entry.value) {
                found.append(("registry", "\(entry.id)/\(change.key)", change.value))
            }
        }
        return found + [("registry-looks", "interface", .integer(Int64(entries.count)))]
    }

    /// What an answer to a request for one thing shows of it.
    func found(_ answer: Value) -> Value {
        .record(present: [
            ("text", registry.text.flatMap { answer.at(pointer: $0) }),
            ("values", .record(values(answer))),
        ])
    }

    private func values(_ entry: Value) -> [Value.Field] {
        registry.changes.flatMap { entry.at(pointer: $0)?.fields } ?? []
    }

    /// What the database has; nil when it cannot be asked.
    ///
    /// - Parameter parents: of which relation's parents the rig wants to know.
    func database(_ path: String, parents: String?) -> [Found]? {
        DatabaseQuery.look(path) { database in
            guard let rows = database.rows(registry.rows) else { return nil }
            var found: [Found] = rows.compactMap { row in
                guard row.count >= 2, let id = row[0] else { return nil }
                return ("registry-rows", id, .integer(Int64(row[1] ?? "") ?? 0))
            }
            found.append(("registry-looks", "database", .integer(Int64(rows.count))))
            if let query = registry.values {
                guard let values = database.rows(query) else { return nil }
                for row in values where row.count >= 3 {
                    if let id = row[0], let key = row[1] {
                        found.append(("registry-values", "\(id)/\(key)", row[2].map(Value.text) ?? .null))
                    }
                }
                found.append(("registry-looks", "values", .integer(Int64(values.count))))
            }
            for relation in registry.relations {
                guard let reference = reference(relation.reference, database) else { return nil }
                found.append(reference)
                guard relation.parents == parents else { continue }
                guard let inhabitants = self.parents(relation.reference, database) else { return nil }
                found += inhabitants
            }
            return found
        }
    }

    /// Dependants whose parent is gone, and whether the schema declares what they are.
    private func reference(_ reference: SystemProfile.Registry.Reference, _ database: DatabaseQuery) -> Found? {
        // In brackets a name that is no column is an error; in quotes SQLite would take it for a text.
        let (from, column) = ("[\(reference.from.table)]", "[\(reference.from.column)]")
        let (to, key) = ("[\(reference.to.table)]", "[\(reference.to.column)]")
        guard
            let gone = database.rows(
                "SELECT \(column), count(*) FROM \(from) WHERE \(column) IS NOT NULL AND \(column) NOT IN "
                    + "(SELECT \(key) FROM \(to) WHERE \(key) IS NOT NULL) GROUP BY 1 ORDER BY 1"),
            let declared = database.rows(
                "SELECT [from], [table] FROM pragma_foreign_key_list('\(reference.from.table)')")
        else { return nil }
        let isDeclared = declared.contains { row in
            row.map { $0?.lowercased() } == [reference.from.column.lowercased(), reference.to.table.lowercased()]
        }
        return (
            "registry-references", reference.from.description,
            [
                "to": .text(reference.to.description), "declared": .bool(isDeclared),
                "rows": .integer(gone.reduce(0) { $0 + (Int64($1[1] ?? "") ?? 0) }),
                "gone": .list(gone.prefix(20).map { .text($0[0] ?? "") }),
            ]
        )
    }

    /// Every parent that is there or is referred to.
    private func parents(_ reference: SystemProfile.Registry.Reference, _ database: DatabaseQuery) -> [Found]? {
        guard let there = database.rows("SELECT [\(reference.to.column)] FROM [\(reference.to.table)]"),
            let dependants = database.rows(
                "SELECT [\(reference.from.column)], count(*) FROM [\(reference.from.table)] GROUP BY 1")
        else { return nil }
        var parents: [String: (isThere: Bool, dependants: Int64)] = [:]
        for id in there.compactMap({ $0[0] }) { parents[id] = (true, 0) }
        for row in dependants {
            guard let id = row[0] else { continue }
            parents[id, default: (false, 0)].dependants = Int64(row[1] ?? "") ?? 0
        }
        let found: [Found] = parents.sorted { $0.key < $1.key }.map { id, parent in
            (
                "registry-parents", id,
                ["there": .bool(parent.isThere), "dependants": .integer(parent.dependants)]
            )
        }
        return found + [("registry-looks", "parents", .integer(Int64(there.count)))]
    }
}
