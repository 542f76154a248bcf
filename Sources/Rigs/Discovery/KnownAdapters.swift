import Relays

/// Ids of what KNX lines and serial relay boards hang on.
enum KnownAdapters {
    /// The kernel module that makes a serial line of a converter; nil for what is none.
    static func module(_ info: DeviceInfo) -> String? {
        switch (info.vendor, info.product) {
        case (0x1A86, 0x7523), (0x1A86, 0x5523): "ch341"
        case (0x10C4, 0xEA60), (0x10C4, 0xEA70): "cp210x"
        case (0x0403, 0x6001), (0x0403, 0x6010), (0x0403, 0x6011), (0x0403, 0x6014), (0x0403, 0x6015): "ftdi_sio"
        case (0x067B, 0x2303), (0x067B, 0x23A3): "pl2303"
        default: nil
        }
    }

    /// Whether it is a transceiver's own stick: busware's TPUART, or a text that says so.
    static func isTransceiver(_ info: DeviceInfo) -> Bool {
        if info.vendor == 0x03EB, info.product == 0x204B { return true }
        let text = "\(info.manufacturer ?? "") \(info.productName ?? "")".uppercased()
        return ["TPUART", "TP-UART", "NCN51", "KNX"].contains { text.contains($0) }
    }

    /// KNX interfaces with HID reports, by their makers' ids.
    static func isKNXInterface(_ info: DeviceInfo) -> Bool {
        switch (info.vendor, info.product) {
        case (0x0E77, 0x0102...0x0104), (0x0E77, 0x0111), (0x0E77, 0x0112), (0x0E77, 0x0121), (0x0E77, 0x0141),
            (0x135E, 0x0020...0x0026), (0x145C, 0x1330), (0x147B, 0x5120), (0x04CC, 0x0301), (0x16D0, 0x0490),
            (0x16D0, 0x0491), (0x24D5, 0x0106), (0x28C2, 0x0007), (0x28C2, 0x001A):
            true
        default: false
        }
    }
}
