import Glibc
import Testing

@testable import Wire

struct AddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
        ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("1:0:0:4:0:0:0:8", "1:0:0:4::8"),
        ("::ffff:10.0.0.1", "10.0.0.1"), ("::FFFF:a00:1", "10.0.0.1"), ("0:0:0:0:0:ffff:127.0.0.1", "127.0.0.1"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("fe80::1", "fe80::1"),
    ])
    func `an address is read and written in its canonical form`(_ text: String, _ canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
        #expect(IPAddress(bytes: address.bytes) == address)
    }

    @Test func `whatever is written is read as the same address, in no shorter text`() throws {
        for _ in 0..<2_000 {
            let groups = (0..<8).map { _ in [0, 0, 1, 0x2A, 0xABC, 0xFFFF].randomElement() ?? 0 }
            let address = try #require(IPAddress(bytes: groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }))
            let long = groups.map { String($0, radix: 16) }.joined(separator: ":")
            #expect(IPAddress(long) == address)
            #expect(IPAddress(address.description) == address, "\(long)")
            // RFC 5952 §4.2: as short as can be, and the first of two runs that are as long.
            let runs = long.matches(of: /(?:^|:)0(?::0)+(?=:|$)/).map(\.range)
            let longest = runs.reduce(nil as Range<String.Index>?) { best, run in
                best.map { long[run].count { $0 == "0" } <= long[$0].count { $0 == "0" } ? $0 : run } ?? run
            }
            guard !address.isVersion4 else { continue }
            let short = longest.map { "\(long[..<$0.lowerBound])::\(long[$0.upperBound...].drop { $0 == ":" })" }
            #expect(address.description == short ?? long)
        }
    }

    @Test(arguments: [
        "", "1", "127.1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.0.0.1", "01.2.3.4", "1.2.3.04",
        "0x7f.0.0.1",
        "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "+1.2.3.4", "1.2.3.4/8", "2130706433", "１.2.3.4", ":", ":::", "1:", ":1",
        "1::2::3",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", "::1%eth0",
        "[::1]",
        "::1.2.3", "::1.2.3.4.5", "1.2.3.4::", "::1.2.3.4:5", "::ffff:256.0.0.1", "+1::", "::-1",
    ])
    func `what is no address is refused`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `the C library reads the same addresses, whatever the text`() {
        var random = SystemRandomNumberGenerator()
        let digits = ["0", "1", "9", "25", "255", "256", "00", "a", "F", "ffff", "12345", "", "1 ", "g"]
        let joints = [".", ".", ":", ":", "::", ""]
        var read = 0
        for _ in 0..<40_000 {
            let joint = joints.randomElement(using: &random) ?? ":"
            var text = ""
            for place in 0..<Int.random(in: 1...9, using: &random) {
                if place > 0 { text += Int.random(in: 0..<6, using: &random) > 0 ? joint : joints[place % 6] }
                text += digits[Int.random(in: 0..<(place % 2 == 0 ? 11 : 14), using: &random)]
            }
            let address = IPAddress(text)
            #expect(address?.bytes == Self.bytes(ofAddress: text), "\(text)")
            read += address == nil ? 0 : 1
        }
        #expect(read > 100)
    }

    /// What inet_pton makes of a text, an IPv4 address in its IPv6 form.
    private static func bytes(ofAddress text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET6, text, &bytes) == 1 { return bytes }
        guard inet_pton(AF_INET, text, &bytes) == 1 else { return nil }
        return [UInt8](repeating: 0, count: 10) + [255, 255] + bytes.prefix(4)
    }

    @Test func `loopback is a whole network in IPv4 and one address in IPv6`() throws {
        for text in ["127.0.0.1", "127.255.0.3", "::1", "::ffff:127.0.0.1"] {
            #expect(try #require(IPAddress(text)).isLoopback)
        }
        for text in ["128.0.0.1", "126.255.255.255", "::2", "::", "0.0.0.1"] {
            #expect(try !#require(IPAddress(text)).isLoopback)
        }
    }

    @Test func `bytes of any other count are no address`() {
        for count in [0, 1, 3, 5, 15, 17] { #expect(IPAddress(bytes: Array(repeating: 1, count: count)) == nil) }
        #expect(IPAddress(bytes: [10, 0, 0, 1])?.description == "10.0.0.1")
    }

    @Test(
        arguments: [
            (
                "10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"],
                ["9.255.255.255", "11.0.0.0", "::", "::a00:1"]
            ),
            ("192.0.2.1", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]),
            ("192.0.2.1/32", ["192.0.2.1"], ["192.0.2.2"]),
            ("192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127"]),
            ("0.0.0.0/0", ["1.2.3.4", "255.0.0.1"], ["::1", "2001:db8::1"]),
            ("::/0", ["::1", "2001:db8::1"], ["1.2.3.4"]),
            ("2001:db8::/32", ["2001:db8::", "2001:db8:ffff::1"], ["2001:db9::", "10.0.0.1"]),
            ("::1", ["::1"], ["::2", "127.0.0.1"]),
        ] as [(String, [String], [String])])
    func `a block contains what shares its prefix`(_ block: String, _ inside: [String], _ outside: [String]) throws {
        let block = try #require(AddressBlock(block))
        for text in inside { #expect(block.contains(try #require(IPAddress(text))), "\(text)") }
        for text in outside { #expect(!block.contains(try #require(IPAddress(text))), "\(text)") }
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.1/8", "10.0.0.0/ 8",
        "10.0.0.0/255.0.0.0", "2001:db8::/129", "2001:db8::1/32", "::ffff:10.0.0.0/104", "10.0.0/8", "*", "all",
    ])
    func `what is no block is refused`(_ text: String) {
        #expect(AddressBlock(text) == nil)
    }

    @Test func `a block is written as it is read`() {
        for text in ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "0.0.0.0/0"] {
            #expect(AddressBlock(text)?.description == text)
        }
    }
}
