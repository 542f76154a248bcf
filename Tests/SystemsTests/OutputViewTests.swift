import Events
import Testing

@testable import Systems

@Suite struct OutputViewTests {
    /// What a view makes of one line of the main process.
    func sample(_ line: String, process: String = "controller") -> Event? {
        let collector = Collector()
        let view = OutputView(
            view: "callbacks", process: "controller", source: .init(group: "/telegram/group", raw: "/telegram/raw"),
            sink: collector.sink)
        view.observe(
            Event(
                at: Instant(nanoseconds: 17), uncertaintyNanoseconds: 5, source: "log",
                .log(.init(process: process, line: line))))
        return collector.all.first
    }

    @Test func aTelegramIsASampleAtItsInstant() {
        let event = sample(#"{"telegram":{"group":"1/1/5","raw":"0c33","source":"1.1.10"}}"#)
        #expect(event?.instant == Instant(nanoseconds: 17))
        #expect(event?.uncertaintyNanoseconds == 5)
        #expect(event?.source == "callbacks")
        #expect(event?.payload == .sample(.init(view: "callbacks", point: "1/1/5", raw: [0x0C, 0x33])))
    }

    @Test(arguments: [#"{"telegram":{"group":"1/1/5"}}"#, #"{"telegram":{"group":"1/1/5","raw":"0c3"}}"#])
    func aValueThatCannotBeReadIsSaid(line: String) {
        #expect(
            sample(line)?.payload
                == .sample(.init(view: "callbacks", point: "1/1/5", reading: .text("unreadable: " + line))))
    }

    @Test(arguments: [
        #"{"message":"ready"}"#, "plain words", "", #"{"telegram":{"group":"1/1/5""#,
        #"{"telegram":{"group":7,"raw":"00"}}"#,
    ])
    func otherLinesAreAboutSomethingElse(line: String) { #expect(sample(line) == nil) }

    @Test func anotherProcessIsAnotherMatter() {
        #expect(sample(#"{"telegram":{"group":"1/1/5","raw":"0c33"}}"#, process: "interface-daemon") == nil)
    }
}
