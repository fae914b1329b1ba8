import Foundation
import HTTP
import Reactor
import TestSupport
import Testing
import Wire

/// Answers that need no waiting take a shorter way, and are to be told from the others by nothing.
struct ServerImmediateTests {
    private static let host = "Host: a\r\n"

    /// `/now…` at once, everything else later.
    private static let now: @Sendable (Request) -> Response? = { request in
        request.path.hasPrefix("/now") ? .text(request.path) : nil
    }

    private static let later: @Sendable (Request) async -> Response = { request in
        try? await sleep(for: .milliseconds(20))
        return .text(request.path)
    }

    @Test func `answers keep the order of their requests, whichever of them had to wait`() async throws {
        try await withServer(answer: Self.later, immediate: Self.now) { server in
            let paths = ["/now1", "/later2", "/now3", "/now4", "/later5", "/now6"]
            let last = "GET /now7 HTTP/1.1\r\n\(Self.host)Connection: close\r\n\r\n"
            let answer = try server.exchange(
                paths.map { "GET \($0) HTTP/1.1\r\n\(Self.host)\r\n" }.joined() + last)
            let found = answer.split(separator: "\r\n\r\n").compactMap { part in
                part.range(of: "/").map { part[$0.lowerBound...].prefix { !$0.isWhitespace && $0 != "H" } }
            }
            #expect(
                found.filter { $0.hasPrefix("/now") || $0.hasPrefix("/later") }.map(String.init) == paths + ["/now7"])
            #expect(server.events.exchanges.map(\.request.path) == paths + ["/now7"])
        }
    }

    @Test func `an answer at once to HEAD has no body, and one to a last request ends the connection`() async throws {
        try await withServer(answer: Self.later, immediate: Self.now) { server in
            let answer = try server.exchange("HEAD /now HTTP/1.1\r\n\(Self.host)Connection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.contains("Content-Length: 4\r\n") && answer.contains("Connection: close\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func `who reads nothing yet is answered in full later, and nothing is lost on the way`() async throws {
        let body = String(repeating: "x", count: 10_000)
        // As a task it is answered once it is behind.
        let later: @Sendable (Request) async -> Response = { _ in .text(body) }
        let immediate: @Sendable (Request) -> Response? = { _ in .text(body) }
        try await withServer(answer: later, immediate: immediate) { server in
            let count = 400
            let client = try server.connect()
            let one = "GET /now HTTP/1.1\r\n\(Self.host)\r\n"
            try client.send(String(repeating: one, count: count - 1))
            try client.send("GET /now HTTP/1.1\r\n\(Self.host)Connection: close\r\n\r\n")
            let answer = try client.receiveToEnd()
            #expect(answer.components(separatedBy: body).count == count + 1)
            #expect(answer.hasSuffix(body))
        }
    }

    @Test func `the next request on an open connection is answered by who is in force then`() async throws {
        try await withServer(loops: 2, answer: Self.later, immediate: Self.now) { server in
            let (former, late) = (try server.connect(), try server.connect())
            for client in [former, late] {
                try client.send("GET /now HTTP/1.1\r\n\(Self.host)\r\n")
                #expect(try client.receiveResponse().body == "/now")
            }
            server.answering.change(
                to: Answering(Answers(answer: { _ in .text("later, new") }, immediate: { _ in .text("at once, new") })))
            for client in [former, late] {
                try client.send("GET /now HTTP/1.1\r\n\(Self.host)\r\n")
                #expect(try client.receiveResponse().body == "at once, new")
            }
            // The observer went with the former one.
            #expect(server.events.exchanges.count == 2)
        }
    }
}
