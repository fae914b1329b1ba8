import Foundation
import Store
import TestSupport
import Testing
import Wire

@testable import Gateway
@testable import GatewayTests

extension TortureTests {
    /// A hundred thousand logins that nobody means to finish (session-security O11).
    @Suite struct FloodTests {
        private let starts = Torture.count(short: 1_000, long: 100_000)

        /// Rows in the store, whatever they are for.
        private func rows(_ bench: Bench) async throws -> Int {
            var count = 0
            for namespace in ["login", "code", "binding", "session"] {
                var last: String?
                while true {
                    let page = try await bench.store.scan(namespace: namespace, after: last, limit: 1_000_000)
                    count += page.count
                    guard page.count == 1_000_000 else { break }
                    last = page.last?.name
                }
            }
            return count
        }

        private func start(_ bench: Bench, from address: String, cookie: String? = nil) async throws -> Response {
            var request = try Request(
                target: "/redirect?to=/orders",
                fields: [(.host, "h5.example.com")] + (cookie.map { [(.cookie, $0)] } ?? []))
            request.peer = IPAddress(address)
            return await bench.respond(request)
        }

        @Test func `one address begins as many logins as it may, and everybody else logs in`() async throws {
            var limits = Configuration.Limits()
            limits.loginsPerAddress = Torture.count(short: 100, long: limits.loginsPerAddress)
            let bench = Bench(limits: limits)
            let most = limits.loginsPerAddress
            var begun = 0
            var honest = 0
            for number in 0..<starts {
                let response = try await start(bench, from: "203.0.113.1")
                #expect([302, 429].contains(response.status.code))
                if response.status == .found { begun += 1 }
                if number % 100 == 0 {
                    // Behind another address, and behind the same network's next one.
                    var visitor = Visitor(address: "203.0.113.\(2 + honest % 200)")
                    #expect(try await visitor.logIn(bench, as: "oHonest").location == "/orders")
                    honest += 1
                }
            }
            #expect(begun == min(starts, most))
            #expect(try await rows(bench) <= most + 3 * honest)
            Torture.figure("flood of starts from one address: asked, begun", "\(starts), \(begun)")
            Torture.figure("honest logins meanwhile: tried, done", "\(honest), \(honest)")
            bench.pass(seconds: 86_401)
            _ = try await bench.store.sweep()
            #expect(try await rows(bench) == 0)
        }

        @Test func `many addresses fill what may be begun and no more, and it is empty again in ten minutes`()
            async throws
        {
            var limits = Configuration.Limits()
            limits.logins = starts / 2
            let bench = Bench(limits: limits)
            let before = Vitals(of: getpid()).memory
            var refused = 0
            for number in 0..<starts {
                let address = "2001:db8:\(String(number >> 16, radix: 16)):\(String(number & 0xFFFF, radix: 16))::1"
                let response = try await start(bench, from: address)
                #expect([302, 503].contains(response.status.code))
                if response.status == .unavailable { refused += 1 }
                if number == starts / 3 {
                    var visitor = Visitor(address: "203.0.113.2")
                    #expect(try await visitor.logIn(bench, as: "oHonest").location == "/orders")
                }
            }
            let grown = Vitals(of: getpid()).memory - before
            // The honest login was one of those begun, and has its code and its session besides.
            #expect(try await rows(bench) <= limits.logins + 2)
            #expect(refused == starts - (limits.logins - 1))
            // In this test, rows are memory.
            #expect(grown < 20_000 + limits.logins * 4, "\(grown) KiB")
            Torture.figure(
                "flood of starts from as many addresses: asked, begun, memory in this process",
                "\(starts), \(limits.logins), \(grown / 1_024) MiB")
            let lines = bench.logText.split(separator: "\n").filter { $0.contains("too many logins") }
            #expect((1...10).contains(lines.count), "a flood is told of, but not line by line: \(lines.count)")
            bench.pass(seconds: 601)
            _ = try await bench.store.sweep()
            // The honest visitor's session is all that is left.
            #expect(try await rows(bench) == 1)
            var later = Visitor()
            #expect(try await later.logIn(bench, as: "oLater").location == "/orders")
        }

        @Test func `a browser that keeps its cookie and begins on and on has twenty logins open`() async throws {
            var limits = Configuration.Limits()
            limits.loginsPerAddress = 0
            let bench = Bench(limits: limits)
            let first = try await start(bench, from: "203.0.113.1")
            let cookie = String(try #require(first.fields[.setCookie]).prefix { $0 != ";" })
            var state = ""
            for number in 0..<starts {
                state = try #require(try await start(bench, from: "203.0.113.1", cookie: cookie).state)
                if number % 1_000 == 0 { #expect(try await rows(bench) <= LoginRecords.mostOpen + 1) }
            }
            #expect(try await rows(bench) == LoginRecords.mostOpen + 1)
            bench.weChat.expect(code: "C", openID: "oVisitor")
            var visitor = Visitor(cookies: [Prey.bindingName: String(cookie.drop { $0 != "=" }.dropFirst())])
            #expect(try await visitor.get(bench, "/redirect?code=C&state=\(state)").location == "/orders")
            Torture.figure("starts of one browser, rows kept", "\(starts), \(LoginRecords.mostOpen + 1)")
        }
    }
}
