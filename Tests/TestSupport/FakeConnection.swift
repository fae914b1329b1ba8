import Foundation
import Glibc

package struct PlatformAnswer: Sendable {
    package var status = 200
    package var fields: [(String, String)] = []
    package var body = ""

    package static func json(_ body: String) -> PlatformAnswer { PlatformAnswer(body: body) }

    package static func redirect(_ location: String) -> PlatformAnswer {
        PlatformAnswer(status: 302, fields: [("Location", location)])
    }

    fileprivate var head: [UInt8] {
        var head = "HTTP/1.1 \(status) X\r\nContent-Type: text/plain\r\nContent-Length: \(body.utf8.count)\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        return Array("\(head)\r\n".utf8)
    }

    fileprivate var bytes: [UInt8] { head + body.utf8 }
}

/// One connection to the fake platform: as much of HTTP as a well-behaved client needs.
struct FakeConnection {
    private let descriptor: Int32
    private let tls: TLSSide?
    private var buffer: [UInt8] = []

    init(_ descriptor: Int32, tls: TLSSide? = nil) {
        self.descriptor = descriptor
        self.tls = tls
    }

    /// The next request; nil at the end of the connection.
    mutating func next() -> FakePlatform.Call? {
        let end = Array("\r\n\r\n".utf8)
        var headEnd: Int?
        while headEnd == nil {
            headEnd = buffer.indices.first { buffer[$0...].starts(with: end) }
            guard headEnd != nil || receive() else { return nil }
        }
        guard let headEnd else { return nil }
        // Cut by bytes: CRLF is one character to `split`.
        let lines = buffer[..<headEnd].split(separator: 10).map { line in
            String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
        }
        let length =
            lines.dropFirst().compactMap { line -> Int? in
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
                return Int(parts[1].drop { $0 == " " })
            }.first ?? 0
        let bodyStart = headEnd + end.count
        while buffer.count < bodyStart + length {
            guard receive() else { return nil }
        }
        let body = String(decoding: buffer[bodyStart..<bodyStart + length], as: UTF8.self)
        buffer.removeFirst(bodyStart + length)
        return Self.call(lines.first ?? "", body)
    }

    private static func call(_ line: String, _ body: String) -> FakePlatform.Call? {
        let words = line.split(separator: " ")
        guard words.count == 3 else { return nil }
        let target = words[1].split(separator: "?", maxSplits: 1)
        let query = target.count > 1 ? parseQuery(String(target[1])) : [:]
        return .init(method: String(words[0]), path: String(target[0]), query: query, body: body, line: line)
    }

    private mutating func receive() -> Bool {
        var space = [UInt8](repeating: 0, count: 16_384)
        let count = tls?.receive(&space) ?? recv(descriptor, &space, space.count, 0)
        guard count > 0 else { return false }
        buffer += space.prefix(count)
        return true
    }

    func send(_ answer: PlatformAnswer) {
        send(answer.bytes[...])
    }

    func sendHalf(_ answer: PlatformAnswer) {
        send(answer.bytes.dropLast(max(1, answer.body.utf8.count / 2)))
    }

    /// False when the client is gone.
    @discardableResult
    func send(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                tls?.send($0) ?? Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    /// Lies to the end, and says how many bytes were taken of the largest flood.
    mutating func lie(_ lie: Lie, insteadOf answer: PlatformAnswer) -> Int {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        var flooded = 0
        for step in lie.steps(answer.head, Array(answer.body.utf8)) {
            switch step {
            case .send(let bytes):
                guard send(bytes[...]) else { return flooded }
            case .drip(let bytes, let milliseconds):
                for byte in bytes {
                    guard send([byte]) else { return flooded }
                    usleep(milliseconds * 1_000)
                }
            case .flood(let bytes, let most):
                while flooded < most {
                    guard send(bytes[...]) else { return flooded }
                    flooded += bytes.count
                }
            case .hang: waitForEnd()
            case .reset:
                reset()
                return flooded
            case .vanish: return flooded
            }
        }
        tls?.sayFarewell()
        return flooded
    }

    /// Makes the close that follows a RST.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }

    mutating func waitForEnd() {
        while receive() {}
    }
}

/// The parameters of a query, percent-decoded; of two with one name the first.
package func parseQuery(_ text: String) -> [String: String] {
    let pairs = text.split(separator: "&").map { pair in
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count > 1 ? String(parts[1]) : ""
        return (String(parts[0]), value.removingPercentEncoding ?? value)
    }
    return Dictionary(pairs) { first, _ in first }
}
