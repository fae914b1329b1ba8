import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// The cost of bytes: twice as many may cost twice as much, never four times.
    @Suite struct ParseCostTests {
        /// A message as an attacker would build it, of about so many bytes.
        enum Shape: CaseIterable {
            case chunksOfOneByte, manyTrailers, tinyFields, tinyCookies, longTarget, longField, longQuery

            /// The largest, which the limits of the test allow.
            var most: Int {
                switch self {
                case .chunksOfOneByte: 6_000_000
                case .manyTrailers: 4_000
                case .tinyFields, .tinyCookies: 3_900
                case .longTarget, .longQuery: 60_000
                case .longField: 8_000
                }
            }

            func text(_ size: Int, _ arena: Arena) -> String {
                let chunked = arena.head("POST", "/logout") + "Transfer-Encoding: chunked\r\n\r\n"
                switch self {
                case .chunksOfOneByte: return chunked + String(repeating: "1\r\na\r\n", count: size / 6) + "0\r\n\r\n"
                case .manyTrailers: return chunked + "0\r\n" + String(repeating: "a:\r\n", count: size / 4) + "\r\n"
                case .tinyFields:
                    return arena.head("GET", "/auth") + String(repeating: "a:\r\n", count: size / 4) + "\r\n"
                case .tinyCookies:
                    return arena.head("GET", "/auth") + "Cookie: " + String(repeating: "a=b;", count: min(12, size / 4))
                        + "\r\n" + String(repeating: "a:\r\n", count: size / 4) + "\r\n"
                case .longTarget: return arena.head("GET", "/" + String(repeating: "a/", count: size / 2)) + "\r\n"
                case .longQuery:
                    return arena.head("GET", "/auth?" + String(repeating: "a=%41&", count: size / 6)) + "\r\n"
                case .longField: return arena.head("GET", "/auth") + "X: \(String(repeating: "a", count: size))\r\n\r\n"
                }
            }
        }

        /// CPU seconds of the server for one MB of such messages, each `size` bytes long, sent in pieces of `step`.
        private func cost(_ shape: Shape, _ size: Int, in arena: Arena, megabytes: Double, step: Int?) throws -> Double
        {
            let message = Array(shape.text(size, arena).utf8)
            let count = max(1, Int(megabytes * 1e6) / message.count)
            let before = arena.vitals.cpu
            var client: RawClient?
            for _ in 0..<count {
                let connection = try client ?? RawClient(port: arena.home.port)
                if let step {
                    connection.sendAtOnce()
                    for start in stride(from: 0, to: message.count, by: step) {
                        try connection.send(Array(message[start..<min(start + step, message.count)]))
                    }
                } else {
                    try connection.send(message)
                }
                let response = try connection.receiveResponse()
                guard response.status < 408 else {
                    Issue.record("\(shape): \(response.statusLine)")
                    break
                }
                client = response["connection"] == "close" ? nil : connection
            }
            return (arena.vitals.cpu - before) / (Double(count * message.count) / 1e6)
        }

        @Test(arguments: Shape.allCases)
        func `a message of twice the size costs no more per byte`(_ shape: Shape) throws {
            // As large as an operator may set them.
            let arena = try Arena(
                limits: #"requestLine: 65536, headerBytes: "1 MiB", headerFields: 1000, bodyBytes: "16 MiB""#)
            let megabytes = Double(Torture.count(short: 3, long: 50))
            _ = try cost(shape, shape.most / 4, in: arena, megabytes: megabytes / 4, step: nil)
            let half = try cost(shape, shape.most / 2, in: arena, megabytes: megabytes, step: nil)
            let whole = try cost(shape, shape.most, in: arena, megabytes: megabytes, step: nil)
            Torture.figure(
                "\(shape), \(shape.most / 2) and \(shape.most) bytes",
                "\(rounded(half * 1_000)) and \(rounded(whole * 1_000)) CPU ms per MB")
            // Quadratic work would double it. The clock ticks 100 times a second, hence the constant.
            #expect(whole <= half * 1.5 + 0.02, "\(half) and \(whole) CPU s per MB")
            try arena.recovers(margin: 64, "\(shape)")
            try arena.isWhole()
        }

        @Test func `a body that comes byte by byte costs the same per byte, however long it is`() throws {
            let arena = try Arena(limits: #"bodyBytes: "1 MiB""#)
            // The clock ticks 100 times a second: fewer bytes are a handful of ticks, of which a neighbour takes some.
            let most = Torture.count(short: 300_000, long: 600_000)
            let half = try cost(.chunksOfOneByte, most / 2, in: arena, megabytes: 0, step: 1)
            let whole = try cost(.chunksOfOneByte, most, in: arena, megabytes: 0, step: 1)
            Torture.figure(
                "one-byte chunks in one-byte writes, \(most / 2) and \(most) bytes",
                "\(rounded(half)) and \(rounded(whole)) CPU s per MB")
            #expect(whole <= half * 1.5 + 0.5)
            try arena.isWhole()
        }
    }
}
