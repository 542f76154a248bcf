/// The numbers of one line's supply. Defaults are those of a switch on the DC side.
public struct SupplyParameters: Hashable, Sendable {
    /// Nominal voltage. 29…31 V behind the choke of usual supplies (ABB SV/S data sheets: 30 V +1/−2 V).
    public var nominalMillivolts: Int64
    /// How long the voltage holds after the switch has opened: 0 for a switch on the DC side or in the bus wire; for one on the mains side
    /// 100 ms by the KNX training material, 200 ms by the ABB SV/S data sheets.
    public var holdUpNanoseconds: Int64
    /// How fast the voltage falls then, −ΣI/C of what is on the line: 10 V/ms makes a time constant of about 2 ms (engineering assumption:
    /// 1…5 ms).
    public var fallMillivoltsPerMillisecond: Int64
    /// From 0 to nominal on return: 0.2…0.5 s on a full line whose devices limit their inrush current (engineering assumption; NCN51xx: 0.5
    /// or 1.0 mA/ms of slope).
    public var riseNanoseconds: Int64

    public init(
        nominalMillivolts: Int64 = 29_000, holdUpNanoseconds: Int64 = 0, fallMillivoltsPerMillisecond: Int64 = 10_000,
        riseNanoseconds: Int64 = 200_000_000
    ) {
        precondition(nominalMillivolts > 0 && holdUpNanoseconds >= 0)
        precondition(fallMillivoltsPerMillisecond > 0 && riseNanoseconds > 0)
        self.nominalMillivolts = nominalMillivolts
        self.holdUpNanoseconds = holdUpNanoseconds
        self.fallMillivoltsPerMillisecond = fallMillivoltsPerMillisecond
        self.riseNanoseconds = riseNanoseconds
    }
}

/// How one participant lives on the line's voltage.
public struct BusPowerParameters: Hashable, Sendable {
    /// Below this the participant is no longer sure to send or receive (engineering assumption: 20…21 V).
    public var saveMillivolts: Int64
    /// For how long the voltage must stay below before the participant stops: TP-UART2 SAVE typ. 1.5 ms, 0.7…3 ms (Siemens TP-UART2 manual,
    /// table 24).
    public var saveDebounceNanoseconds: Int64
    /// How long its logic lives on after that, until its memory is lost (capacitor on V20/VCC, 10…100 ms; engineering assumption).
    public var logicHoldUpNanoseconds: Int64
    /// Above this it starts again.
    public var wakeMillivolts: Int64
    /// From the wake voltage to being able to work: TP-UART2 50 ms of reset; a device's stack 200 ms to 2 s.
    public var startNanoseconds: Int64

    public init(
        saveMillivolts: Int64 = 20_000, saveDebounceNanoseconds: Int64 = 1_500_000,
        logicHoldUpNanoseconds: Int64 = 20_000_000, wakeMillivolts: Int64 = 21_000, startNanoseconds: Int64
    ) {
        precondition(saveMillivolts > 0 && wakeMillivolts >= saveMillivolts)
        precondition(saveDebounceNanoseconds >= 0 && logicHoldUpNanoseconds >= 0 && startNanoseconds >= 0)
        self.saveMillivolts = saveMillivolts
        self.saveDebounceNanoseconds = saveDebounceNanoseconds
        self.logicHoldUpNanoseconds = logicHoldUpNanoseconds
        self.wakeMillivolts = wakeMillivolts
        self.startNanoseconds = startNanoseconds
    }

    /// A TP-UART2.
    public static let transceiver = BusPowerParameters(startNanoseconds: 50_000_000)
    /// A device with an application: dead until the line is nominal, then 200 ms.
    public static func device(nominalMillivolts: Int64) -> BusPowerParameters {
        BusPowerParameters(wakeMillivolts: nominalMillivolts, startNanoseconds: 200_000_000)
    }
}
