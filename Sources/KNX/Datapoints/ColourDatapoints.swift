/// Light: colours, colour temperature and their relative control, types 232, 242, 243 and 249 to 254 (KNX standard 3/7/2).
extension DatapointRow {
    static let colours: [DatapointRow] = [
        (232, layout(24, [channel("red", 16), channel("green", 8), channel("blue", 0)])),
        (242, layout(48, [colour, channel("brightness", 8, .valid(0))])),
        (
            243,
            layout(64, [.init("fade_time", at: 48, width: 16, .tenths), colour, channel("brightness", 8, .valid(0))])
        ),
        (
            249,
            layout(
                48,
                [
                    .init("fade_time", at: 32, width: 16, .tenths, .valid(2)),
                    .init("color_temperature", at: 16, width: 16, .unsigned(0...0xFFFF), .valid(1)),
                    channel("brightness", 8, .valid(0)),
                ])
        ),
        (250, layout(24, [step("color_temperature", 16, .valid(1)), step("brightness", 8, .valid(0))])),
        (
            251,
            layout(
                48,
                [
                    channel("red", 40, .valid(3)), channel("green", 32, .valid(2)), channel("blue", 24, .valid(1)),
                    channel("white", 16, .valid(0)),
                ])
        ),
        (
            252,
            layout(
                40,
                [
                    step("red", 32, .valid(3)), step("green", 24, .valid(2)), step("blue", 16, .valid(1)),
                    step("white", 8, .valid(0)),
                ])
        ),
        (
            253,
            layout(
                32,
                [step("saturation", 24, .valid(2)), step("colour", 16, .valid(1)), step("brightness", 8, .valid(0))])
        ),
        (254, layout(24, [step("red", 16), step("green", 8), step("blue", 0)])),
    ].flatMap { main, layout in
        [DatapointRow(main, nil, .layout(layout)), DatapointRow(main, 600, .layout(layout))]
    }

    private static let colour = DatapointLayout.Member("color", at: 16, width: 32, .colour, .valid(1))

    private static func layout(_ bits: Int, _ members: [DatapointLayout.Member]) -> DatapointLayout {
        DatapointLayout(bits: bits, members)
    }

    private static func channel(
        _ name: String, _ shift: Int, _ validity: DatapointLayout.Validity? = nil
    ) -> DatapointLayout.Member {
        .init(name, at: shift, width: 8, .unsigned(0...0xFF), validity)
    }

    private static func step(
        _ name: String, _ shift: Int, _ validity: DatapointLayout.Validity? = nil
    ) -> DatapointLayout.Member {
        .init(name, at: shift, width: 4, .step, validity)
    }
}
