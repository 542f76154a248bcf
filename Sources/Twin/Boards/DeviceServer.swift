/// What carries device models to a host: plugs to pull and faults to set, whatever the carrier.
public protocol DeviceServer: Sendable {
    /// The contacts of a board, true for energised; empty for an id that is none of its boards.
    func contacts(of device: String) -> [Bool]
    /// Pulls the device's plug: its power goes, and its host notices.
    func unplug(_ device: String)
    /// Puts the plug in again.
    func plug(_ device: String)
    /// Changes a model, such as its faults.
    ///
    /// - Returns: what `body` returns; nil when the device is not there or of another kind.
    @discardableResult
    func withModel<Model: USBDeviceModel, Result>(
        of device: String, as kind: Model.Type, _ body: (inout Model) -> Result
    ) -> Result?
    /// How many hosts are connected now.
    var connectedClients: Int { get }
    /// Ends all connections and waits for the thread's end. Calling it again does nothing.
    func stop()
}

extension USBIPServer: DeviceServer {}
