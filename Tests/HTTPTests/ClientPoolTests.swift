import Reactor
import Testing
import Wire

@testable import HTTP

@Suite struct ClientPoolTests {
    private static let start = Deadline(nanoseconds: 1_000_000_000)

    private func origin(_ url: String) throws -> Origin { Origin(try WebURL(url)) }

    @Test func `the connection that waited least is used first`() throws {
        var pool = ClientPool<Int>(idleTimeout: .seconds(30), idlePerHost: 8)
        let origin = try origin("http://a.test")
        for number in 1...3 { pool.put(number, for: origin, now: Self.start) }
        #expect(pool.take(origin, now: Self.start) == 3)
        #expect(pool.take(origin, now: Self.start) == 2)
        #expect(pool.take(origin, now: Self.start) == 1)
        #expect(pool.take(origin, now: Self.start) == nil)
        #expect(pool.nextExpiry == nil)
    }

    @Test func `scheme, host and port must all be the same`() throws {
        let same = [
            try origin("https://a.test"), try origin("https://a.test:443"), try origin("https://A.test/path?query"),
        ]
        #expect(Set(same).count == 1)
        var pool = ClientPool<Int>(idleTimeout: .seconds(30), idlePerHost: 8)
        pool.put(1, for: same[0], now: Self.start)
        for url in ["http://a.test:443", "https://b.test", "https://a.test:444", "https://www.a.test"] {
            #expect(pool.take(try origin(url), now: Self.start) == nil)
        }
        #expect(pool.take(same[1], now: Self.start) == 1)
    }

    @Test func `what waited too long is not used, nor kept`() throws {
        var pool = ClientPool<Int>(idleTimeout: .seconds(30), idlePerHost: 8)
        let (one, two) = (try origin("http://a.test"), try origin("http://b.test"))
        pool.put(1, for: one, now: Self.start)
        pool.put(2, for: one, now: Self.start + .seconds(10))
        pool.put(3, for: two, now: Self.start + .seconds(5))
        #expect(pool.nextExpiry == Self.start + .seconds(30))
        pool.removeExpired(now: Self.start + .seconds(30))
        #expect(pool.count == 2)
        #expect(pool.nextExpiry == Self.start + .seconds(35))
        #expect(pool.take(one, now: Self.start + .seconds(40)) == nil)
        #expect(pool.take(two, now: Self.start + .seconds(34)) == 3)
        #expect(pool.count == 0)
    }

    @Test func `a host has no more than its share`() throws {
        var pool = ClientPool<Int>(idleTimeout: .seconds(30), idlePerHost: 2)
        let origin = try origin("http://a.test")
        for number in 1...5 { pool.put(number, for: origin, now: Self.start) }
        #expect(pool.count == 2)
        #expect(pool.take(origin, now: Self.start) == 5)
        #expect(pool.take(origin, now: Self.start) == 4)
        var none = ClientPool<Int>(idleTimeout: .seconds(30), idlePerHost: 0)
        none.put(1, for: origin, now: Self.start)
        #expect(none.count == 0)
    }

    @Test func `the host of an address has no brackets for a resolver`() throws {
        #expect(try origin("http://[::1]:80/").bareHost == "::1")
        #expect(try origin("http://a.test/").bareHost == "a.test")
    }
}
