package import Wire

/// Makes requests that are nearly right: of a grammar that slips now and then, or of given ones, with a few bytes changed
/// in the ways that divide readers.
package struct RequestMaker<Generator: RandomNumberGenerator> {
    private let seeds: [[UInt8]]
    /// Those with nothing wrong in them, from which it starts as often as from the others.
    private let goodSeeds: [[UInt8]]
    private var generator: Generator

    package init(seeds: [[UInt8]], generator: Generator) {
        self.seeds = seeds
        goodSeeds = seeds.filter { StrictReader.read($0).end == .complete }
        precondition(!goodSeeds.isEmpty, "nothing to start from")
        self.generator = generator
    }

    package mutating func next() -> [UInt8] {
        var bytes = chance(2) ? pick(chance(2) ? seeds : goodSeeds) : requests()
        for _ in 0..<pick([0, 0, 1, 1, 1, 1, 2, 4]) { mutate(&bytes) }
        return bytes
    }

    /// Up to four places at which the bytes are cut, in order.
    package mutating func cuts(of bytes: [UInt8]) -> [Int] {
        (0..<number(0...4)).map { _ in number(0...bytes.count) }.sorted()
    }

    /// Limits that a short request can reach.
    package mutating func tightLimits() -> ParserLimits {
        var limits = ParserLimits()
        (limits.requestLine, limits.fieldLine) = (number(8...60), number(8...60))
        (limits.headerBytes, limits.headerFields) = (number(20...200), number(1...5))
        (limits.bodyBytes, limits.chunkExtension, limits.trailerBytes) = (
            number(0...40), number(0...12), number(0...40)
        )
        (limits.cookieBytes, limits.cookies) = (number(0...20), number(1...9))
        return limits
    }

    /// One of so many.
    package mutating func chance(_ count: Int) -> Bool { number(1...count) == 1 }

    package mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    private mutating func pick<Value>(_ values: [Value]) -> Value { values[number(0...(values.count - 1))] }

    /// The first, but once in a while one of the others.
    private mutating func mostly(_ values: [String]) -> String { chance(20) ? pick(values) : values[0] }

    // MARK: - By the grammar

    private mutating func requests() -> [UInt8] {
        var text = mostly(["", "\r\n", "\r\n\r\n", "\n"])
        for _ in 0..<pick([1, 1, 1, 2, 3]) { text += request() }
        return Array(text.utf8)
    }

    private mutating func request() -> String {
        var lines = [mostly(["Host: a.example", "", "Host:", "hOST:\ta.EXAMPLE:80 ", host(), host(), host()])]
        for _ in 0..<pick([0, 0, 1, 2, 4]) { lines.append(field()) }
        var body = ""
        switch number(0...5) {
        case 0, 1:
            body = String(repeating: "b", count: number(0...20))
            lines.append(mostly(["Content-Length: \(body.utf8.count)", pick(Self.lengths)]))
        case 2, 3:
            body = chunks()
            lines.append(mostly(["Transfer-Encoding: chunked", pick(Self.codings)]))
        default: break
        }
        if chance(15) { lines.append(pick(Self.lengths)) }
        if chance(15) { lines.append(pick(Self.codings)) }
        lines.shuffle(using: &generator)
        let space = mostly([" ", "  ", "\t", ""])
        let head =
            mostly([pick(Self.methods), "G(T", "", "M\u{E9}"]) + space + target() + space + mostly(Self.versions)
        return ([head] + lines.filter { !$0.isEmpty } + ["", body]).joined(separator: mostly(["\r\n", "\n", "\r"]))
    }

    private mutating func field() -> String { pick(chance(8) ? Self.badFields : Self.fields) }

    private mutating func target() -> String {
        switch number(0...20) {
        case 0: pick(["*", "a.example:443", "?a=b", "#", "", "//", "/a%2Fb", "/%", "/%4", "/\\"])
        case 1:
            pick(["http://", "HTTPS://", "ftp://", "http:/", "http:"]) + host() + pick(["", "/", "?q", "/a?b", "#c"])
        default:
            pick(["/", "/a/b", "/a/../b", "/%41%7a", "/a;b=c,d"]) + mostly(["", "?", "?a=b&c[]=%20", "?\"", "?a?b/c"])
        }
    }

    private mutating func host() -> String {
        pick([
            "a.example", "A.example.", "b_c.example", "-a", "a-.b", "a..b", "127.0.0.1", "127.1", "0x7f.1", "1.2.3.0x4",
            "1.2.3.04", "256.1.1.1", "1.2.3.4.", "[::1]", "[::ffff:1.2.3.4]", "[1:2:3:4:5:6:7:8]", "[1::2::3]", "[::g]",
            "[::1", "[1:2:3:4:5:6:7::]", "[0001::00001]", "[fe80::1%eth0]", "[v1.a]", "::1", "u@a.example", "a%41.b",
            "a b",
            "a,b", ".", "",
        ]) + mostly(["", ":", ":80", ":0", ":65535", ":65536", ":080", ":00080", ":000080", ":8a", ":80:80", ":-1"])
    }

    private mutating func chunks() -> String {
        var text = ""
        for _ in 0..<pick([0, 1, 1, 2, 3]) {
            let size = number(1...18)
            let digits = String(size, radix: 16, uppercase: chance(2))
            text += mostly([
                digits, "0" + digits, "0x" + digits, "+" + digits, " " + digits, "", "0000000000000000" + digits,
            ])
            text += mostly(["", pick(Self.extensions), pick(Self.extensions)]) + "\r\n"
            text += String(repeating: "c", count: size) + mostly(["\r\n", "\n", "", "\r", "cc\r\n"])
        }
        text += mostly(["0", "000", "0;a", "00000000000000000", ""]) + "\r\n"
        for _ in 0..<pick([0, 0, 0, 1, 2]) { text += field() + "\r\n" }
        return text + "\r\n"
    }

    private static var methods: [String] {
        ["GET", "GET", "POST", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PUT", "get", "M!#$%&'*+-.^_`|~9"]
    }

    private static var versions: [String] {
        ["HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1.10", "HTTP/1", "HTTP/1.1 ", ""]
    }

    private static var fields: [String] {
        [
            "X-A: 1", "X-B:", "x-c:\t v \t", "X-D: a: b", "X-E: \u{E9}\u{80}", "!#$%&'*+-.^_`|~: 1", "X_Y: 1",
            "Connection: close", "Connection: keep-alive", "Connection: x, CLOSE ,y", "Connection: closed",
            "Connection: keep-alive, close", "Expect: 100-continue", "Expect: 100-Continue", "Cookie: a=b; c=d",
            "Cookie: ;;;;;;;;", "Trailer: X-A", "TE: trailers", "Upgrade: h2c",
        ]
    }

    private static var badFields: [String] {
        [
            "X-A : 1", "X-B\t: 1", " X-C: 1", "\tX-D: 1", "X-E", ": 1", "X(F): 1", "X-G: a\u{0}", "X-H: a\u{7F}",
            "X-I: a\u{B}b", "X-J: a\rb", "X-K: a\nb", "Expect: x", "Expect:", "Content_Length: 3",
            "Transfer_Encoding: chunked", "Host: b.example", "User_Agent: x", "Content-Length: 0",
        ]
    }

    private static var lengths: [String] {
        [
            "Content-Length: 5", "Content-Length: 05", "Content-Length: +5", "Content-Length: -5",
            "Content-Length: 5,5",
            "Content-Length: 5, 6", "Content-Length:", "Content-Length: 0x5", "Content-Length: 5 5",
            "Content-Length: 5.0",
            "Content-Length : 5", "content-length:5", "Content-Length: 18446744073709551621",
            "Content-Length: 0000000000000000005", "Content-Length: 00000000000000000005",
            "Content-Length: 9223372036854775808", "Content-Length: \u{665}", "Content-Length: 65537",
        ]
    }

    private static var codings: [String] {
        [
            "Transfer-Encoding: CHUNKED", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, gzip",
            "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: ,chunked", "Transfer-Encoding: chunked,",
            "Transfer-Encoding: identity", "Transfer-Encoding:", "Transfer-Encoding: x chunked",
            "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked;a=b", "Transfer-Encoding:\tchunked\t",
            "Transfer-Encoding: \u{B}chunked", "Transfer-Encoding : chunked", "transfer-encoding:chunked",
        ]
    }

    private static var extensions: [String] {
        [
            ";a", ";a=b", " ; a = b ; c", ";a=\"b;c\"", ";a=\"\\\"\"", ";", ";;", ";a=", ";a=\"", ";a=\"b\"c", ";a b",
            " ",
            ";a ", ";=b", "a", ";a=\"\\", ";\"a\"", ";a=b=c", "\t;\ta\t=\tb", ";a=\"\u{E9}\t\"", ";a=\"b\";c",
            ";a=\"b\" ",
        ]
    }

    // MARK: - By change

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let at = number(0...bytes.count)
        let end = min(bytes.count, at + number(1...8))
        switch number(0...10) {
        case 0, 1, 2: bytes.insert(contentsOf: pick(Self.splinters).utf8, at: at)
        case 3: bytes.replaceSubrange(at..<end, with: pick(Self.splinters).utf8)
        case 4: bytes.removeSubrange(at..<min(end, at + 1))
        case 5: bytes.removeSubrange(at..<end)
        case 6: bytes.insert(contentsOf: bytes[at..<end], at: at)
        case 7: bytes.insert(UInt8(number(0...255)), at: at)
        case 8: if at < bytes.count { bytes[at] ^= 1 << UInt8(number(0...7)) }
        case 9: if at < bytes.count { bytes[at] = UInt8(number(0...255)) }
        default:
            // The beginning of one and the end of another.
            let other = pick(seeds)
            bytes = Array(bytes[..<at]) + other[number(0...other.count)...]
        }
    }

    /// Bytes which one reader skips, another stops at, and a third takes for something else.
    private static var splinters: [String] {
        [
            "\r\n", "\r", "\n", "\r\n\r\n", "\n\n", " ", "\t", ":", ";", ",", "\0", "\u{7F}", "\u{B}", "\u{C}",
            "\u{1B}", "%",
            "%0d%0a", "\"", "\\", "#", "?", "/", "@", "[", "]", "0", "1", "f", "-", "_", "+", "\u{85}", "\u{A0}",
            "\u{560A}",
            "\r\nContent-Length: 3", "\r\nTransfer-Encoding: chunked", "\r\nHost: b.example", "\r\nConnection: close",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "0\r\n\r\n", "HTTP/1.1", "http://", "chunked", "\r\n ",
        ]
    }
}
