import Testing

@testable import Wire

struct HeaderInjectionTests {
    /// A generator of its own, so that a failure comes again.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    private static let pieces = [
        "\r\n", "\r", "\n", "\0", "\u{B}", "\u{C}", "\u{7F}", "\u{85}", "\u{2028}", "\u{560A}", "\u{560D}", "%0d%0a",
        "\t",
        " ", ":", "Set-Cookie: evil=1", "X-Evil: 1", "\r\n\r\n<html>", "HTTP/1.1 200 OK", "a", "ä", "/path", "?q=",
    ]

    @Test func `whatever a value holds, no line appears that was not planned`() throws {
        var dice = Dice()
        var accepted = 0
        for _ in 0..<5_000 {
            let value = (0..<Int.random(in: 1...6, using: &dice))
                .compactMap { _ in Self.pieces.randomElement(using: &dice) }.joined()
            let response = Response(
                .found, [(.location, value), (.cacheControl, "no-store")], body: .bytes(Array("body".utf8)))
            var bytes: [UInt8] = []
            _ = ResponseSerializer().append(response, date: Array("now".utf8), to: &bytes)

            var parser = ResponseParser()
            parser.begin(.get)
            parser.feed(bytes)
            guard case .response(let received) = try parser.next() else {
                Issue.record("the response is not complete")
                return
            }
            let names = received.fields.map(\.name)
            if received.status == .found {
                accepted += 1
                #expect(names == ["Date", "Location", "Cache-Control", "Content-Length", "Connection"])
                #expect(received.body == Array("body".utf8))
            } else {
                #expect(received.status == .internalError)
                #expect(names == ["Date", "Content-Length", "Connection"])
                #expect(received.body.isEmpty)
            }
            #expect(parser.buffered == 0)
        }
        #expect(accepted > 100, "the test must meet good values too")
    }
}
