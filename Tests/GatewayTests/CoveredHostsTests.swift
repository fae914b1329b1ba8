import Testing

@testable import Gateway

struct CoveredHostsTests {
    @Test func `a list covers each of its domains with its sub-domains, and an address by itself`() throws {
        let names = ["127.0.0.1", "example.com", "h5.example.org"]
        let hosts = CoveredHosts(of: try names.map { try #require(Domain($0)) })
        func covers(_ host: String) -> Bool { hosts.contains(host.utf8Span.span) }
        for host in names + ["a.example.com", "a.b.example.com", "a.h5.example.org"] {
            #expect(covers(host), "\(host)")
        }
        for host in ["a.127.0.0.1", "1example.com", "example.org", "example.com.evil.org", ".com", "com", ""] {
            #expect(!covers(host), "\(host)")
        }
    }
}
