/// The numbers of one line's supply. Defaults are those of a switch on the DC side.
public struct SupplyParameters: Hashable, Sendable {
    /// Nominal voltage. 29…31 V behind the choke of usual supplies (ABB SV/S data sheets: 30 V +1/−2 V).
    public var nominalMillivolts: Int64
    /// How long the voltage holds after the switch has opened: 0 for a switch on the DC side or in the bus wire; for one on the mains side
    /// 100 ms by the KNX training material, 200 ms by the ABB SV/S data sheets.
    public var holdUpNanoseconds: Int64
    /// What everybody on the line draws together while all have power: a full line of a 640 mA supply (ABB SV/S data sheets). What the simulated
    /// participants don't draw of it, others do that are not simulated; where they draw more, it is what they draw.
    public var loadMilliamperes: Int64
    /// What is charged between the wires, on which the line lives when its supply is cut: the voltage falls by ΣI/C. 64 µF let a full line fall by
    /// 10 V/ms, which makes a time constant of about 2 ms (engineering assumption: 1…5 ms).
    public var capacitanceMicrofarads: Int64
    /// From 0 to nominal on return: 0.2…0.5 s on a full line whose devices limit their inrush current (engineering assumption; NCN51xx: 0.5
    /// or 1.0 mA/ms of slope).
    public var riseNanoseconds: Int64

    public init(
        nominalMillivolts: Int64 = 29_000, holdUpNanoseconds: Int64 = 0, loadMilliamperes: Int64 = 640,
        capacitanceMicrofarads: Int64 = 64, riseNanoseconds: Int64 = 200_000_000
    ) {
        precondition(nominalMillivolts > 0 && holdUpNanoseconds >= 0)
        precondition(loadMilliamperes > 0 && capacitanceMicrofarads > 0 && riseNanoseconds > 0)
        self.nominalMillivolts = nominalMillivolts
        self.holdUpNanoseconds = holdUpNanoseconds
        self.loadMilliamperes = loadMilliamperes
        self.capacitanceMicrofarads = capacitanceMicrofarads
        self.riseNanoseconds = riseNanoseconds
    }

    /// What is drawn by those that are not simulated; something always draws, if only the supply's own bleeder.
    ///
    /// - Parameter simulated: what all simulated participants draw while they have power.
    func otherMilliamperes(beside simulated: Int64) -> Int64 { max(1, loadMilliamperes - simulated) }
}

/// How one participant lives on the line's voltage.
public struct BusPowerParameters: Hashable, Sendable {
    /// Below this the participant is no longer sure to send or receive (engineering assumption: 20…21 V).
    public var saveMillivolts: Int64
    /// For how long the voltage must stay below before the participant stops: TP-UART2 SAVE typ. 1.5 ms, 0.7…3 ms (Siemens TP-UART2 manual,
    /// table 24).
    public var saveDebounceNanoseconds: Int64
    /// Below this a participant that has stopped has nothing but its own capacitor to live on (engineering assumption: the same as
    /// `saveMillivolts`, since it no longer draws from the line then).
    public var offMillivolts: Int64
    /// How long its logic lives on that, until its memory is lost (capacitor on V20/VCC, 10…100 ms; engineering assumption).
    public var logicHoldUpNanoseconds: Int64
    /// Above this it starts again.
    public var wakeMillivolts: Int64
    /// From the wake voltage to being able to work: TP-UART2 50 ms of reset; a device's stack 200 ms to 2 s.
    public var startNanoseconds: Int64
    /// What it draws from the line while it runs or starts; none while it saves or is off (engineering assumption: 10 mA, 64 of which fill a supply
    /// of 640 mA).
    public var milliamperes: Int64

    public init(
        saveMillivolts: Int64 = 20_000, saveDebounceNanoseconds: Int64 = 1_500_000, offMillivolts: Int64? = nil,
        logicHoldUpNanoseconds: Int64 = 20_000_000, wakeMillivolts: Int64 = 21_000, startNanoseconds: Int64,
        milliamperes: Int64 = 10
    ) {
        let off = offMillivolts ?? saveMillivolts
        precondition(off > 0 && saveMillivolts >= off && wakeMillivolts >= saveMillivolts)
        precondition(saveDebounceNanoseconds >= 0 && logicHoldUpNanoseconds >= 0 && startNanoseconds >= 0)
        precondition(milliamperes >= 0)
        self.saveMillivolts = saveMillivolts
        self.saveDebounceNanoseconds = saveDebounceNanoseconds
        self.offMillivolts = off
        self.logicHoldUpNanoseconds = logicHoldUpNanoseconds
        self.wakeMillivolts = wakeMillivolts
        self.startNanoseconds = startNanoseconds
        self.milliamperes = milliamperes
    }

    /// A TP-UART2.
    public static let transceiver = BusPowerParameters(startNanoseconds: 50_000_000)
    /// A device with an application: dead until the line is nominal, then 200 ms.
    public static func device(nominalMillivolts: Int64) -> BusPowerParameters {
        BusPowerParameters(wakeMillivolts: nominalMillivolts, startNanoseconds: 200_000_000)
    }
}
