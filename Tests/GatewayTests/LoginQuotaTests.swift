import Foundation
import Store
import Testing
import Wire

@testable import Gateway

struct LoginQuotaTests {
    private let start = Date(timeIntervalSince1970: 1_760_000_000)

    @Test func `as many logins begin as are remembered, and more when the first are forgotten`() {
        let quota = LoginQuota(most: 3)
        for second in [0.0, 0, 300] { #expect(quota.admit(at: start + second)) }
        #expect(!quota.admit(at: start + 590))
        #expect(quota.admit(at: start + 610))
        #expect(quota.admit(at: start + 610))
        #expect(!quota.admit(at: start + 610))
    }

    @Test func `a clock that was set back does not keep visitors out`() {
        let quota = LoginQuota(most: 1)
        #expect(quota.admit(at: start + 86_400))
        #expect(quota.admit(at: start))
        #expect(!quota.admit(at: start))
    }

    /// Sixteen addresses, none beyond its own limit, used to take all logins and keep everybody else out.
    @Test func `a few addresses that keep within their limits cannot take all logins from the others`() async throws {
        var limits = Configuration.Limits()
        (limits.logins, limits.loginsPerAddress) = (2_000, 60)
        let bench = Bench(limits: limits)
        for second in 0..<600 {
            for flooder in 0..<16 { _ = try await begin(bench, from: "203.0.113.\(flooder)") }
            if second % 50 == 0 {
                #expect(try await begin(bench, from: "198.51.100.\(second / 50)") == .found, "at second \(second)")
            }
            bench.pass(seconds: 1)
        }
    }

    private func begin(_ bench: Bench, from peer: String) async throws -> Status {
        var request = try Request(target: "/redirect?to=/orders", fields: [(.host, "h5.example.com")])
        request.peer = IPAddress(peer)
        return await bench.respond(request).status
    }

    /// Every request without a cookie used to leave a record in the store, however many came.
    @Test func `a flood of logins is refused before anything is stored or asked`() async throws {
        var limits = Configuration.Limits()
        limits.logins = 2
        let bench = Bench(limits: limits)
        var visitor = Visitor()
        for _ in 0..<2 { _ = try await visitor.start(bench) }
        for target in ["/redirect?to=/orders", "/redirect?code=CODE&state=orders"] {
            var other = Visitor()
            let refused = try await other.get(bench, target)
            #expect(refused.status == .unavailable)
            #expect(refused.errorCode == "too_many_logins")
            #expect(refused.fields[.retryAfter] == "10")
        }
        #expect(bench.weChat.exchanges == 0)
        #expect(try await bench.store.scan(namespace: LoginRecords.namespace, after: nil, limit: 10).count == 2)
        bench.pass(seconds: 700)
        var later = Visitor()
        _ = try await later.start(bench)
    }
}
