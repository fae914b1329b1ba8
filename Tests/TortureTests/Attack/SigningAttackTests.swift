import Foundation
import TestSupport
import Testing
import WeChat
import Wire

@testable import Gateway
@testable import GatewayTests

extension TortureTests {
    /// `/get-signature` for whom it is not (session-security §3.8).
    @Suite struct SigningAttackTests {
        private static func ask(
            _ bench: Bench, _ target: String, _ fields: [(FieldName, String)] = []
        ) async -> Response? {
            guard let request = try? Request(target: target, fields: [(.host, "h5.example.com")] + fields) else {
                return nil
            }
            return await bench.respond(request)
        }

        private static let page = "/get-signature?url=https%3A%2F%2Fm.example.com%2F"

        @Test func `no origin but the account's own pages gets a signature`() async throws {
            let bench = Bench()
            let right = "https://m.example.com"
            var mutator = Mutator(
                random: Torture.random("origins"), donors: ["https://evil.example", "http://m.example.com", "null"])
            var refused = 0
            for _ in 0..<Torture.count(short: 2_000, long: 100_000) {
                let sent = String(decoding: mutator.mutate(right), as: UTF8.self)
                guard let response = await Self.ask(bench, Self.page, [(.origin, sent)]) else { continue }
                // Whitespace around it is no part of a field's value (RFC 9110 §5.5).
                let origin = sent.trimmingCharacters(in: CharacterSet(charactersIn: " \t"))
                let granted = response.fields[.accessControlAllowOrigin]
                if response.status == .ok {
                    // Whatever got one is an https origin of the domain, in a browser's spelling, echoed as it came.
                    #expect(granted == origin)
                    let isRight = origin.wholeMatch(of: /https:\/\/([a-z0-9_-]+\.)*example\.com(:[1-9][0-9]*)?/) != nil
                    #expect(isRight, "\(origin.debugDescription)")
                } else {
                    refused += 1
                    #expect(response.status == .forbidden && granted == nil, "\(origin.debugDescription)")
                }
            }
            #expect(refused > 0)
            for fields: [(FieldName, String)] in [
                [(.origin, right), (.origin, right)], [(.origin, right), (.origin, "https://evil.example")],
                [(.origin, "https://evil.example"), (.secFetchSite, "same-origin")],
                [(.origin, "null"), (.secFetchSite, "same-origin")], [(.secFetchSite, "cross-site")],
                [(.origin, "")], [(.origin, "\(right) https://evil.example")], [(.origin, "*")],
            ] {
                let response = try #require(await Self.ask(bench, Self.page, fields))
                #expect(response.status == .forbidden, "\(fields)")
                #expect(!response.fields.contains(.accessControlAllowOrigin))
            }
            Torture.figure("origins near the account's refused", "\(refused)")
        }

        @Test func `no page but the account's own is signed, as url or as entry`() async throws {
            let bench = Bench()
            var grammar = TargetGrammar(mutator: Mutator(random: Torture.random("pages"), donors: [""]))
            var (signed, foreign) = (0, 0)
            let total = Torture.count(short: 2_000, long: 200_000)
            for number in 0..<total {
                let url = grammar.next()
                let text = PercentCoding.encodeComponent(url)
                let target = number % 2 == 0 ? "/get-signature?url=\(text)" : "\(Self.page)&entry=\(text)"
                let response = try #require(await Self.ask(bench, target))
                #expect([200, 400, 403].contains(response.status.code), "\(url.debugDescription)")
                #expect(!response.text.contains("CANARY"))
                guard response.status == .ok else { continue }
                signed += 1
                let isOurs =
                    switch BrowserLanding(of: url) {
                    case .host(_, let host, _): host == "example.com" || host.hasSuffix(".example.com")
                    default: false
                    }
                if !isOurs { foreign += 1 }
                #expect(isOurs, "\(url.debugDescription)")
            }
            #expect(signed > total / 200)
            for (length, status) in [(2_048, Status.ok), (2_049, .badRequest)] {
                let url = "https://m.example.com/".padding(toLength: length, withPad: "a", startingAt: 0)
                for target in ["/get-signature?url=\(url)", "\(Self.page)&entry=\(url)"] {
                    #expect(await Self.ask(bench, target)?.status == status)
                }
            }
            for target in ["\(Self.page)&callback=x", "\(Self.page)&jsonp=x"] {
                #expect(await Self.ask(bench, target)?.text.hasPrefix("{") == true)
            }
            Torture.figure("page URLs tried, signed, foreign ones signed", "\(total), \(signed), \(foreign)")
        }

        @Test func `a flood with force asks WeChat once in thirty seconds for each account`() async throws {
            let bench = Bench()
            let rounds = Torture.count(short: 3, long: 30)
            _ = await Self.ask(bench, Self.page)
            let before = bench.weChat.count("/cgi-bin/ticket/getticket")
            for _ in 0..<rounds {
                bench.pass(seconds: 31)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<500 {
                        group.addTask {
                            let response = try #require(await Self.ask(bench, Self.page + "&force=1"))
                            #expect(response.status == .ok && !response.text.contains("CANARY"))
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let calls = bench.weChat.count("/cgi-bin/ticket/getticket") - before
            #expect(calls == rounds)
            Torture.figure("forced signatures, ticket calls", "\(rounds * 500), \(calls)")
        }

        @Test func `nothing is kept of a URL that was signed`() async throws {
            let bench = Bench()
            let total = Torture.count(short: 10_000, long: 1_000_000)
            // Buffers and caches that are no caches of URLs have grown by then.
            for number in 0..<2_000 { _ = await Self.ask(bench, Self.page + "warm\(number)") }
            let before = Vitals(of: getpid()).memory
            let start = ContinuousClock.now
            for number in 0..<total {
                let response = try #require(await Self.ask(bench, Self.page + "page%2F\(number)"))
                guard response.status == .ok else { throw ChildProcess.Failure("\(response.status)") }
            }
            let took = ContinuousClock.now - start
            let grown = Vitals(of: getpid()).memory - before
            // A signature that was kept would be some 200 bytes, with its URL.
            #expect(grown < 1_024 + total / 50, "\(grown) KiB")
            #expect(bench.weChat.count("/cgi-bin/ticket/getticket") == 1)
            Torture.figure("distinct URLs signed, memory grown", "\(total), \(grown) KiB, in \(took)")
        }
    }
}
