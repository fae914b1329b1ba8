import Testing
import Wire

@testable import Gateway

struct ClientAddressTests {
    private func address(peer: String, forwarded: [String], trusted: [String]) throws -> String? {
        var request = try Request(target: "/", fields: forwarded.map { (.xForwardedFor, $0) })
        request.peer = IPAddress(peer)
        return ClientAddress(trusted: trusted.compactMap { AddressBlock($0) }).of(request)?.description
    }

    @Test(arguments: [
        ("203.0.113.9", ["198.51.100.1"], [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], ["127.0.0.1"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1"], ["127.0.0.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.2.3.4, 198.51.100.1"], ["127.0.0.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.2.3.4, 198.51.100.1, 10.1.1.1"], ["127.0.0.1", "10.0.0.0/8"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1", "10.1.1.1"], ["127.0.0.1", "10.0.0.0/8"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1, garbage"], ["127.0.0.1"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, garbage, 10.1.1.1"], ["127.0.0.1", "10.0.0.0/8"], "10.1.1.1"),
        ("127.0.0.1", ["198.51.100.1", "garbage"], ["127.0.0.1"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1 10.1.1.1"], ["127.0.0.1"], "127.0.0.1"),
        ("127.0.0.1", ["1.2.3.4", "198.51.100.1,\t10.1.1.1 , , ", ","], ["127.0.0.1", "10.0.0.0/8"], "198.51.100.1"),
        ("127.0.0.1", [], ["127.0.0.1"], "127.0.0.1"),
        ("127.0.0.1", ["10.1.1.1"], ["127.0.0.1", "10.0.0.0/8"], "10.1.1.1"),
        ("::ffff:127.0.0.1", ["2001:db8::1"], ["127.0.0.1"], "2001:db8::1"),
    ])
    func `the address is the first from the right that no trusted proxy of ours has`(
        peer: String, forwarded: [String], trusted: [String], expected: String
    ) throws {
        #expect(try address(peer: peer, forwarded: forwarded, trusted: trusted) == expected)
    }
}
