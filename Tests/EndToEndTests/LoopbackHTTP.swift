import Foundation

/// One HTTP exchange over one connection. Written for the tests alone, so that no mistake of our own client can hide in it.
struct LoopbackHTTP {
    struct Answer {
        let status: Int
        let body: Data

        var json: Any? { try? JSONSerialization.jsonObject(with: body, options: .fragmentsAllowed) }
    }

    let port: UInt16

    func send(_ method: String, _ path: String, json: Any? = nil) throws -> Answer {
        let body = try json.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        if json != nil { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        let socket = try LoopbackSocket(port: port)
        try socket.send(Array((head + "\r\n").utf8) + body)

        var received = Data()
        while true {
            let bytes = try socket.receive()
            received.append(contentsOf: bytes)
            if let answer = try Self.answer(in: received, isWhole: bytes.isEmpty) { return answer }
            if bytes.isEmpty { throw EndToEndError("\(method) \(path): cut off after \(received.count) bytes") }
        }
    }

    /// The answer, once all of it is there: ChromeDriver keeps its connections open, so the length decides.
    private static func answer(in received: Data, isWhole: Bool) throws -> Answer? {
        guard let end = received.range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: received[..<end.lowerBound], as: UTF8.self)
        let lines = head.split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw EndToEndError("not an HTTP answer: \(head.prefix(80))")
        }
        let length = lines.compactMap { line -> Int? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
            return Int(parts[1].trimmingCharacters(in: .whitespaces))
        }.first
        let body = received[end.upperBound...]
        guard isWhole || length.map({ body.count >= $0 }) == true else { return nil }
        return Answer(status: status, body: Data(body))
    }
}
