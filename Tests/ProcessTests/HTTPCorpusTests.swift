import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// Raw requests and what RFC 9110 and 9112 make of them, held against the built program. A case of the data files:
    /// `raw` holds one byte per character, `{HOST}` for an own host and `{text*n}` for n copies of a text; `expect` lists
    /// the sequences of statuses that are right; after an `open` one the connection serves on.
    @Suite struct HTTPCorpusTests {
        struct Case: Decodable {
            let id: String
            let rfc: String
            let raw: String
            let expect: [[Int]]
            let open: Bool

            var bytes: [UInt8] { Self.unfolded(raw).unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

            private static func unfolded(_ raw: String) -> String {
                raw.replacing("{HOST}", with: "127.0.0.1").replacing(#/\{([^{}]*)\*([0-9]+)\}/#) { match in
                    String(repeating: String(match.1), count: Int(match.2) ?? 0)
                }
            }
        }

        private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Corpus"

        /// What follows every case: answered where the connection goes on, and never elsewhere.
        private static let sentinel = Array("GET /auth HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8)

        private static func cases(_ file: String) throws -> [Case] {
            try String(contentsOfFile: "\(folder)/\(file).jsonl", encoding: .utf8).split(separator: "\n").map {
                try JSONDecoder().decode(Case.self, from: Data($0.utf8))
            }
        }

        @Test(arguments: ["request-line", "fields", "framing", "chunked", "connection"])
        func `every case ends as the RFC says, in one piece and byte by byte`(_ file: String) throws {
            let home = MagpieHome(FakePlatform())
            let process = try home.start()
            let cases = try Self.cases(file)
            #expect(cases.count >= 20)
            for item in cases {
                let wanted = item.expect.map { $0 + (item.open ? [401] : []) }
                for size in item.bytes.count < 1_000 ? [Int.max, 1] : [Int.max] {
                    let got = try statuses(item, pieces: size, port: home.port)
                    #expect(wanted.contains(got), "\(item.id), RFC \(item.rfc): got \(got), not \(wanted)")
                }
            }
            #expect(try process.stop() == .exited(0))
            #expect(process.child.errors.isEmpty)
        }

        @Test func `a client that waits to be asked for its body is asked`() throws {
            let home = MagpieHome(FakePlatform())
            let process = try home.start()
            let client = try RawClient(port: home.port)
            try client.send(
                "POST /logout HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try client.receiveResponse().status == 100)
            try client.send("hi")
            #expect(try client.receiveResponse().status == 204)
            #expect(try process.stop() == .exited(0))
        }

        /// All answers until the server closes.
        private func statuses(_ item: Case, pieces size: Int, port: UInt16) throws -> [Int] {
            let client = try RawClient(port: port)
            client.sendAtOnce()
            let bytes = item.bytes + Self.sentinel
            var at = 0
            // A server that has refused may be gone already.
            while at < bytes.count,
                (try? client.send(Array(bytes[at..<min(bytes.count, at + min(size, 65_536))]))) != nil
            {
                at += min(size, 65_536)
            }
            var found: [Int] = []
            var isHead = item.raw.hasPrefix("HEAD ")
            while let response = try? client.receiveResponse(toHead: isHead) {
                found.append(response.status)
                isHead = false
            }
            // What is left is no answer and must be nothing.
            let rest = try client.receiveToEnd()
            return rest.isEmpty ? found : found + [-1]
        }
    }
}
