import Events
import Glibc
import Platform
import Testing

@testable import Systems

/// A server that says what it is told to, to one client after the other, then ends the connection or keeps silent.
final class ScriptedServer: Sendable {
    let port: UInt16
    private let thread: NamedThread
    private let listener: Descriptor

    init(answers: [[UInt8]], thenCloses: Bool = true) throws {
        Signals.ignorePipe()
        let (listener, port) = try Socket.listenTCP()
        self.port = port
        self.listener = listener
        thread = NamedThread.start("server") {
            var kept: [Descriptor] = []
            for answer in answers {
                guard let client = try? Socket.accept(listener, until: MonotonicClock.now() + .seconds(10)) else {
                    return
                }
                _ = Poll.wait([(client, .readable)], until: MonotonicClock.now() + .seconds(5))
                _ = try? client.read(maximum: 65_536)
                try? client.writeAll(answer, until: MonotonicClock.now() + .seconds(5))
                if thenCloses { shutdown(client.number, Int32(SHUT_WR)) }
                kept.append(client)
            }
            // Until the clients have gone.
            for client in kept { _ = Poll.wait([(client, .readable)], until: MonotonicClock.now() + .seconds(2)) }
        }
    }

    deinit { thread.join() }
}

@Suite struct HTTPTests {
    static let whole: [(name: String, text: String, body: String, endsItself: Bool)] = [
        ("length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", true),
        (
            "chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: x\r\n\r\n",
            "hello", true
        ),
        ("interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", "hi", true),
        ("no content", "HTTP/1.1 204 No Content\r\n\r\n", "", true),
        ("until the end", "HTTP/1.0 503 Down\r\n\r\nbye", "bye", false),
        ("bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", "x", true),
    ]

    @Test(arguments: whole.indices)
    func anAnswerIsReadHoweverItIsCut(index: Int) throws {
        let (_, text, body, endsItself) = Self.whole[index]
        let octets = Array(text.utf8)
        for step in [1, 2, 3, octets.count] {
            var parser = HTTPResponseParser()
            var response: HTTPResponse?
            for start in stride(from: 0, to: octets.count, by: step) {
                #expect(response == nil)
                response = try parser.feed(Array(octets[start..<min(start + step, octets.count)]))
            }
            if !endsItself { response = try parser.end() }
            #expect(response?.body == Array(body.utf8))
        }
    }

    @Test(arguments: whole.indices)
    func aTruncatedAnswerIsAnError(index: Int) throws {
        let (_, text, _, endsItself) = Self.whole[index]
        let octets = Array(text.utf8)
        for length in 0..<octets.count {
            var parser = HTTPResponseParser()
            #expect(try parser.feed(Array(octets[..<length])) == nil)
            if endsItself { #expect(throws: HTTPFailure.cutOff) { try parser.end() } }
        }
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "HTTP/1.1 9 x\r\n", "HTTP/1.1 200 OK\r\nnocolon\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n",
    ])
    func nonsenseIsRefused(text: String) {
        var parser = HTTPResponseParser()
        #expect(throws: HTTPFailure.self) { _ = try parser.feed(Array(text.utf8)) }
    }

    @Test(arguments: [1, 2, 3])
    func noOctetsTrapTheParser(seed: UInt64) {
        var state = seed
        for _ in 0..<3_000 {
            var octets = Array(Self.whole[Int(state >> 33) % Self.whole.count].text.utf8)
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                octets[Int(state >> 33) % octets.count] = UInt8(truncatingIfNeeded: state >> 25)
            }
            var parser = HTTPResponseParser()
            _ = try? parser.feed(octets)
            _ = try? parser.end()
        }
    }

    @Test func everyTruncationAtTheSocketEnds() throws {
        let octets = Array(Self.whole[1].text.utf8)
        let cuts = Array(0..<octets.count)
        let server = try ScriptedServer(answers: cuts.map { Array(octets[..<$0]) })
        for _ in cuts {
            var client = HTTPClient(port: server.port)
            #expect(throws: HTTPFailure.cutOff) {
                try client.request("GET", "/", until: MonotonicClock.now() + .seconds(5))
            }
        }
    }

    @Test func aSilentServerIsLeftAtTheDeadline() throws {
        let server = try ScriptedServer(answers: [Array("HTTP/1.1 200 OK\r\n".utf8)], thenCloses: false)
        var client = HTTPClient(port: server.port)
        let begun = MonotonicClock.now()
        #expect(throws: HTTPFailure.noAnswerInTime) {
            try client.request("GET", "/", until: begun + .milliseconds(200))
        }
        #expect(MonotonicClock.now() - begun < .seconds(2))
    }

    @Test func aRefusalIsNoAnswer() throws {
        var client = HTTPClient(port: try Socket.listenTCP().port)
        let failure = #expect(throws: HTTPFailure.self) {
            try client.request("GET", "/", until: MonotonicClock.now() + .seconds(1))
        }
        #expect(failure.map { if case .noConnection = $0 { true } else { false } } == true)
    }

    @Test func aStaleConnectionIsMadeAnewForARead() throws {
        let answer = Array(Self.whole[0].text.utf8)
        let server = try ScriptedServer(answers: [answer, answer])
        var client = HTTPClient(port: server.port, keepsAlive: true)
        for _ in 0..<2 {
            let response = try client.request("GET", "/", until: MonotonicClock.now() + .seconds(5))
            #expect(response.status == 200)
        }
    }

    @Test func aFarewellOnAnIdleConnectionAnswersNoLaterRequest() throws {
        // Many servers say 408 of their own accord before they close a connection that they kept.
        let answer = Array(Self.whole[0].text.utf8)
        let farewell = Array("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
        let server = try ScriptedServer(answers: [answer + farewell, answer])
        var client = HTTPClient(port: server.port, keepsAlive: true)
        for _ in 0..<2 {
            let response = try client.request("GET", "/", until: MonotonicClock.now() + .seconds(5))
            #expect(response.status == 200)
        }
    }

    @Test func aLateFarewellAnswersNoLaterRequest() throws {
        let answer = Array(Self.whole[0].text.utf8)
        let farewell = Array("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n".utf8)
        let (listener, port) = try Socket.listenTCP()
        let soon = MonotonicClock.now() + .seconds(5)
        let said = try Wakeup()
        let server = NamedThread.start("server") {
            for isFirst in [true, false] {
                guard let client = try? Socket.accept(listener, until: soon) else { return }
                _ = Poll.wait([(client, .readable)], until: soon)
                _ = try? client.read(maximum: 65_536)
                try? client.writeAll(answer, until: soon)
                guard isFirst else { return }
                MonotonicClock.sleep(for: .milliseconds(20))
                try? client.writeAll(farewell, until: soon)
                said.signal()
                _ = Poll.wait([(client, .readable)], until: soon)
            }
        }
        var client = HTTPClient(port: port, keepsAlive: true)
        #expect(try client.request("GET", "/", until: soon).status == 200)
        _ = Poll.wait([(said.descriptor, .readable)], until: soon)
        #expect(try client.request("GET", "/", until: soon).status == 200)
        server.join()
    }

    @Test(arguments: [
        ("/raw", "\"0c\""), ("", "{\"raw\":\"0c\",\"a/b\":[1,2]}"), ("/a~1b/1", "2"), ("/none", nil), ("/a~1b/2", nil),
        ("/raw/x", nil),
    ])
    func pointers(pointer: String, text: String?) throws {
        let value = try JSON.parse(#"{"raw":"0c","a/b":[1,2]}"#)
        #expect(value.at(pointer: pointer).map { JSON.text($0) } == text)
    }
}
