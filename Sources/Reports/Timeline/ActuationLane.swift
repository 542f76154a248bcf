import Events

/// What the rig did, one lane per target: how it stood between its commands, and each command as a sign.
enum ActuationLane {
    static func lanes(_ run: RunReport, _ scale: Scale) -> [Lane] {
        var order: [String] = []
        var commands: [String: [Event.Actuation]] = [:]
        for event in run.events.sorted(by: { $0.instant < $1.instant }) {
            guard case .actuation(let actuation) = event.payload else { continue }
            // What only sets the stage or clears it away stands in the table.
            guard ["fault", "heal"].contains(actuation.purpose) || scale.contains(actuation.commanded.shown) else {
                continue
            }
            if commands[actuation.target] == nil { order.append(actuation.target) }
            commands[actuation.target, default: []].append(actuation)
        }
        return order.map { lane($0, commands[$0] ?? [], scale) }
    }

    private static func lane(_ target: String, _ commands: [Event.Actuation], _ scale: Scale) -> Lane {
        var drawing: [Markup] = []
        var from = 0.0
        var words = "as it was"
        // Before the first fault a thing worked; afterwards it is what the last command made of it.
        var isUp = true
        for command in commands {
            let at = scale.fraction(command.commanded.shown)
            drawing += StateLane.bar(from: from, to: at, isUp: isUp, words: words, title: "\(target): \(words)")
            from = at
            isUp = !Self.takesAway.contains(command.meaning)
            words = command.meaning
        }
        drawing += StateLane.bar(from: from, to: 1, isUp: isUp, words: words, title: "\(target): \(words)")
        for command in commands {
            drawing.append(
                Drawing.sign(
                    command.readback == .failed ? "cross" : "click", at: scale.fraction(command.commanded.shown), y: 10,
                    kind: command.readback == .failed ? "failed" : "click", title: title(command, scale)))
        }
        let isRelay = !target.contains(":")
        let clicks = commands.count
        return Lane(
            name: name(target),
            note: isRelay ? "\(clicks) click\(clicks == 1 ? "" : "s")" : nil,
            height: 20, isScaled: false,
            says: "\(target): "
                + commands.map { "\($0.meaning) at \(Figures.offset($0.commanded.shown, from: scale.origin))" }
                .joined(separator: ", "),
            drawing: drawing)
    }

    /// `process:broker` as `rig: broker process`.
    private static func name(_ target: String) -> String {
        let parts = target.split(separator: ":", maxSplits: 1)
        return parts.count == 2 ? "rig: \(parts[1]) \(parts[0])" : "relay \(target)"
    }

    private static let takesAway: Set<String> = [
        "cut", "kill", "stop", "closed", "off", "hang", "stall", "lock", "full", "unplug", "unplugged",
    ]

    private static func title(_ command: Event.Actuation, _ scale: Scale) -> String {
        let observed =
            command.observed.map {
                "read back \(Figures.offset($0.shown, from: scale.origin)), \(command.readback.rawValue)"
            }
            ?? "never read back"
        return
            "\(command.purpose): \(command.target) \(command.meaning), commanded \(Figures.offset(command.commanded.shown, from: scale.origin)), \(observed)"
    }
}

extension Instant {
    /// Within thirty years of the clock's zero, so that differences cannot overflow.
    var shown: Instant {
        Instant(nanoseconds: max(-1_000_000_000_000_000_000, min(nanoseconds, 1_000_000_000_000_000_000)))
    }
}
