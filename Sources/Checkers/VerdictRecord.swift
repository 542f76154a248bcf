public import Events

extension RunVerdict {
    /// The verdict as evidence, `verdict.json` and the processes of the rig hold it.
    public var value: Value {
        .record(present: [
            ("outcome", .text(outcome.rawValue)), ("sentence", .text(sentence)),
            (
                "instants",
                .record(present: [
                    ("fault", instants.fault.map { .integer($0.nanoseconds) }),
                    ("detected", instants.detected.map { .integer($0.nanoseconds) }),
                    ("healed", instants.healed.map { .integer($0.nanoseconds) }),
                    ("recovered", instants.recovered.map { .integer($0.nanoseconds) }),
                ])
            ),
            ("measured", .list(measured.map(\.value))), ("findings", .list(findings.map(\.value))),
            ("ledger", .list(ledger.map(\.value))), ("notes", .list(notes.map(Value.text))),
            ("witness", witness?.value), ("dips", dips?.value), ("checker_version", .text(checkerVersion)),
        ])
    }

    /// Reads what `value` wrote.
    public init(_ value: Value) throws(RecordFailure) {
        let record = Record(value)
        self.init(outcome: try record.choice("outcome"), sentence: try record.text("sentence"))
        let instants = Record(value["instants"] ?? .record([]))
        self.instants = Instants(
            fault: instants.optionalInstant("fault"), detected: instants.optionalInstant("detected"),
            healed: instants.optionalInstant("healed"), recovered: instants.optionalInstant("recovered"))
        for item in value["measured"]?.list ?? [] { measured.append(try Measured(Record(item))) }
        for item in value["findings"]?.list ?? [] { findings.append(try Finding(Record(item))) }
        for item in value["ledger"]?.list ?? [] { ledger.append(try LedgerRow(Record(item))) }
        notes = (value["notes"]?.list ?? []).compactMap(\.text)
        if let witness = value["witness"] { self.witness = try WitnessStatement(Record(witness)) }
        if let dips = value["dips"] { self.dips = try DipCurve(dips) }
        checkerVersion = record.optionalText("checker_version") ?? "0"
    }
}

extension Measured {
    fileprivate var value: Value {
        .record(present: [
            ("name", .text(name)), ("value", valueNanoseconds.map(Value.integer)),
            ("u", .integer(uncertaintyNanoseconds)),
            ("limit", limitNanoseconds.map(Value.integer)), ("outcome", .text(outcome.rawValue)),
            (
                "budget",
                .list(budget.map { ["what": .text($0.what), "nanoseconds": .integer($0.nanoseconds)] })
            ), ("note", note.map(Value.text)),
        ])
    }

    fileprivate init(_ record: Record) throws(RecordFailure) {
        var budget: [BudgetItem] = []
        for item in record.value["budget"]?.list ?? [] {
            let item = Record(item)
            budget.append(BudgetItem(what: try item.text("what"), nanoseconds: try item.integer("nanoseconds")))
        }
        self.init(
            name: try record.text("name"), valueNanoseconds: record.optionalInteger("value"),
            uncertaintyNanoseconds: try record.integer("u"), limitNanoseconds: record.optionalInteger("limit"),
            outcome: try record.choice("outcome"), budget: budget, note: record.optionalText("note"))
    }
}

extension Finding {
    fileprivate var value: Value {
        .record(present: [
            ("checker", .text(checker)), ("outcome", .text(outcome.rawValue)), ("sentence", .text(sentence)),
            ("at", at.map { .integer($0.nanoseconds) }), ("hop", hop.map(Value.text)),
        ])
    }

    fileprivate init(_ record: Record) throws(RecordFailure) {
        self.init(
            checker: try record.text("checker"), outcome: try record.choice("outcome"),
            sentence: try record.text("sentence"), at: record.optionalInstant("at"), hop: record.optionalText("hop"))
    }
}

extension LedgerRow {
    private static let counters: [(name: String, path: any WritableKeyPath<LedgerRow, Int> & Sendable)] = [
        ("on_bus", \.onBus), ("delivered", \.delivered), ("suppressed", \.suppressed), ("dropped", \.dropped),
        ("unreachable", \.unreachable), ("unobserved", \.unobserved), ("silent", \.silent),
        ("duplicated", \.duplicated),
        ("reordered", \.reordered),
    ]

    fileprivate var value: Value {
        .record(
            [Value.Field("hop", .text(hop))]
                + LedgerRow.counters.map { Value.Field($0.name, .integer(Int64(self[keyPath: $0.path]))) }
                + [Value.Field("missing", .list(missing.map(Value.text)))])
    }

    fileprivate init(_ record: Record) throws(RecordFailure) {
        self.init(hop: try record.text("hop"))
        for counter in LedgerRow.counters { self[keyPath: counter.path] = Int(try record.integer(counter.name)) }
        missing = (record.value["missing"]?.list ?? []).compactMap(\.text)
    }
}
