import Synchronization
import Testing
import Wire

@testable import Sandbox

struct FaultTests {
    @Test func `a fault strikes the nth call and as many as it says`() {
        var script = FaultScript()
        _ = script.add(path: "/a", nth: 2, count: 2, kind: .garbage)
        let struck = (0..<5).map { _ in script.strike("/a") != nil }
        #expect(struck == [false, true, true, false, false])
        #expect(script.faults.isEmpty)
    }

    @Test func `a star stands for every path with that beginning`() {
        var script = FaultScript()
        _ = script.add(path: "/sns/*", nth: 1, count: 9, kind: .reset)
        #expect(script.strike("/sns/auth") == .reset)
        #expect(script.strike("/cgi-bin/token") == nil)
    }

    @Test func `of two faults both count and the older one decides`() {
        var script = FaultScript()
        _ = script.add(path: "/a", nth: 1, count: 1, kind: .garbage)
        _ = script.add(path: "/a", nth: 2, count: 1, kind: .reset)
        #expect(script.strike("/a") == .garbage)
        #expect(script.strike("/a") == .reset)
    }

    private func script(_ bench: SandboxBench, _ kind: [String: JSONValue], path: String = "/cgi-bin/token")
        async throws
    {
        let body = JSONValue.object(kind.merging(["path": .text(path)]) { first, _ in first })
        #expect(try await bench.control("faults", body).status == 200)
    }

    @Test func `a scripted errcode is a refusal like the platform's own`() async throws {
        let bench = SandboxBench()
        try await script(bench, ["errcode": -1, "nth": 2])
        #expect(try await bench.token().errcode == nil)
        let busy = try await bench.token()
        #expect(busy.status == 200)
        #expect(busy.errcode == -1)
        #expect(busy.errmsg.hasPrefix("system error rid: "))
        #expect(try await bench.token().errcode == nil)
        try await script(bench, ["errcode": 48004, "errmsg": "closed today"])
        #expect(try await bench.token().errmsg.hasPrefix("closed today"))
        try await script(bench, ["errcode": 10009], path: "/connect/oauth2/authorize")
        #expect(try await bench.send(.get, "/connect/oauth2/authorize").text.contains("data-error=\"10009\""))
    }

    @Test func `a scripted status is an intermediary's page`() async throws {
        let bench = SandboxBench()
        try await script(bench, ["status": 502])
        let answer = try await bench.token()
        #expect(answer.status == 502)
        #expect(answer.text.contains("<h1>502 Bad Gateway</h1>"))
    }

    @Test func `a delay waits and then answers, a hang waits and then resets`() async throws {
        let bench = SandboxBench()
        try await script(bench, ["delay": 1_500])
        #expect(try await bench.token()["expires_in"] == 7_200)
        try await script(bench, ["hang": true])
        #expect(try await bench.token().isReset)
        #expect(bench.pauses.all == [1_500, 60_000])
    }

    @Test func `garbage is no JSON and a reset is no answer`() async throws {
        let bench = SandboxBench()
        try await script(bench, ["garbage": true])
        let garbage = try await bench.token()
        #expect(garbage.status == 200)
        #expect(garbage.json == nil)
        #expect(!garbage.bytes.isEmpty)
        try await script(bench, ["reset": true])
        #expect(try await bench.token().isReset)
    }

    private final class Sink: BodySink {
        let pieces = Mutex<[[UInt8]]>([])
        func write(_ bytes: [UInt8]) async throws { pieces.withLock { $0.append(bytes) } }
    }

    @Test func `a drip is the right answer byte by byte`() async throws {
        let bench = SandboxBench()
        try await script(bench, ["drip": 7])
        guard case .stream(let length?, let write) = try await bench.token().response.body else {
            Issue.record("not a stream with a length")
            return
        }
        let sink = Sink()
        try await write(sink)
        let pieces = sink.pieces.withLock { $0 }
        #expect(pieces.count == length)
        #expect(JSONValue(parsing: pieces.flatMap { $0 }) != nil)
        #expect(bench.pauses.all == Array(repeating: 7, count: length))
    }

    @Test func `a truncated answer ends in the middle with an error`() async throws {
        let bench = SandboxBench()
        try await script(bench, ["truncate": true])
        guard case .stream(let length?, let write) = try await bench.token().response.body else {
            Issue.record("not a stream with a length")
            return
        }
        let sink = Sink()
        await #expect(throws: FaultInjector.Severed.self) { try await write(sink) }
        #expect(sink.pieces.withLock { $0.joined().count } == length / 2)
    }

    @Test func `latency slows every call of the platform and none of the control API`() async throws {
        let bench = SandboxBench()
        _ = try await bench.control("settings", ["latency": 40])
        _ = try await bench.token()
        _ = try await bench.send(.get, "/_sandbox/counters")
        #expect(bench.pauses.all == [40])
    }

    @Test func `a call that goes wrong is counted too`() async throws {
        let bench = SandboxBench()
        try await script(bench, ["reset": true, "count": 2])
        for _ in 0..<3 { _ = try await bench.token() }
        let counters = try await bench.send(.get, "/_sandbox/counters")
        #expect(counters["counters"] == ["/cgi-bin/token": 3])
    }
}
