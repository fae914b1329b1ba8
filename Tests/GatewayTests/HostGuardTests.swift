import HTTP
import Reactor
import Testing
import Wire

@testable import Gateway

struct HostGuardTests {
    let bench = Bench()

    private struct Yes: Responder {
        func respond(to request: Request) async -> Response { .text("yes") }
        func answer(to request: Request) async -> Answer {
            request.path == "/after" ? .after(Done()) { _ in .text("yes") } : .response(.text("yes"))
        }
        func respondNow(to request: borrowing RequestView, into sink: inout AnswerSink) -> Bool {
            guard request.path.isEqual(to: Array("/now".utf8)) else { return false }
            sink.put(.text("yes"))
            return true
        }
    }

    private final class Done: Awaited {
        func begin(for caller: Waiting) { Loop.current?.getUp(caller) }
        func cancel() {}
    }

    private func guardian(admitsLoopback: Bool = false, admitsAddresses: Bool = false) -> HostGuard {
        HostGuard(
            next: Yes(), door: Door(log: bench.log, metrics: bench.metrics), metrics: bench.metrics,
            hosts: ["h5.example.com"], admitsLoopback: admitsLoopback, admitsAddresses: admitsAddresses,
            tellsStrictTransport: true)
    }

    private func status(
        _ host: String, admitsLoopback: Bool = false, admitsAddresses: Bool = false
    ) async throws -> Int {
        let guardian = guardian(admitsLoopback: admitsLoopback, admitsAddresses: admitsAddresses)
        return await guardian.respond(to: try Request(target: "/", fields: [(.host, host)])).status.code
    }

    @Test func `an answer at once is for the configured hosts only, and as protected as any other`() throws {
        func answer(_ host: String, _ path: String = "/now") throws -> Response? {
            guardian().respondAtOnce(to: try Request(target: path, fields: [(.host, host)]))
        }
        let response = try #require(try answer("h5.example.com"))
        #expect(response.fields[.strictTransportSecurity] == "max-age=31536000")
        #expect(try answer("evil.example") == nil)
        #expect(try answer("h5.example.com", "/later") == nil)
    }

    @Test func `an answer that waits for others' work is under way until it is there, and as protected as any other`()
        async throws
    {
        let waiting = bench.metrics.inFlight
        let request = try Request(target: "/after", fields: [(.host, "h5.example.com")])
        await LoopGroup.running { _ in
            let answer = await guardian().answer(to: request)
            #expect(waiting.value == 1)
            #expect(await answer.response(to: request).fields[.strictTransportSecurity] == "max-age=31536000")
            #expect(waiting.value == 0)
        }
        for host in ["h5.example.com", "evil.example"] {
            _ = await guardian().answer(to: try Request(target: "/", fields: [(.host, host)]))
            #expect(waiting.value == 0)
        }
    }

    @Test func `only the configured hosts are answered for, on any port`() async throws {
        #expect(try await status("h5.example.com") == 200)
        #expect(try await status("H5.EXAMPLE.COM:8443") == 200)
        for host in ["evil.example", "sub.h5.example.com", "h5.example.com.evil.example", "127.0.0.1", "localhost"] {
            #expect(try await status(host) == 421)
        }
    }

    @Test func `a listener on loopback is asked for by all its names, and by no other`() async throws {
        for host in ["localhost:8080", "127.0.0.1", "[::1]:8080", "app.localhost"] {
            #expect(try await status(host, admitsLoopback: true) == 200)
        }
        for host in ["localhost.evil.example", "10.0.0.5"] {
            #expect(try await status(host, admitsLoopback: true) == 421)
        }
    }

    /// The admin listener on 0.0.0.0 used to turn away every probe and scraper: they ask by the machine's address.
    @Test func `an address is no rebound name, a name that looks like one is refused`() async throws {
        for host in ["10.0.0.5:8081", "192.0.2.7", "[2001:db8::7]:8081"] {
            #expect(try await status(host, admitsAddresses: true) == 200)
        }
        for host in ["10.0.0.5.evil.example", "evil.example"] {
            #expect(try await status(host, admitsAddresses: true) == 421)
        }
    }
}
