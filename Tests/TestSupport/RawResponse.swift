import Foundation

/// A response as a client sees it, taken apart without help from the code under test.
package struct RawResponse {
    package let status: Int
    /// `HTTP/1.1 200 OK`
    package let statusLine: String
    /// In order, names in lower case.
    package let fields: [(name: String, value: String)]
    package let body: String
    /// Head and body as they came.
    package let text: String

    package subscript(name: String) -> String? {
        fields.first { $0.name == name }?.value
    }

    /// The body as a JSON object; empty when it is none.
    package var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) ?? [:]
    }

    package func count(_ name: String) -> Int {
        fields.count { $0.name == name }
    }

    /// The response at the front of the bytes and how many it has; nil while it is incomplete. `isAll` says that
    /// nothing will follow, which ends a body of unknown length.
    static func read(_ bytes: [UInt8], toHead: Bool, isAll: Bool) -> (RawResponse, Int)? {
        guard let headEnd = find("\r\n\r\n", in: bytes, from: 0) else { return nil }
        let lines = split(Array(bytes[..<headEnd]))
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
            return (name: parts[0].lowercased(), value: String(value))
        }
        let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        let start = headEnd + 4
        let body: ([UInt8], Int)?
        if toHead || status < 200 || status == 204 || status == 304 {
            body = ([], start)
        } else if fields.contains(where: { $0 == ("transfer-encoding", "chunked") }) {
            body = readChunks(bytes, from: start)
        } else if let text = fields.first(where: { $0.name == "content-length" })?.value, let length = Int(text) {
            body = bytes.count >= start + length ? (Array(bytes[start..<start + length]), start + length) : nil
        } else {
            body = isAll ? (Array(bytes[start...]), bytes.count) : nil
        }
        guard let (content, end) = body else { return nil }
        let response = RawResponse(
            status: status, statusLine: lines[0], fields: fields, body: String(decoding: content, as: UTF8.self),
            text: String(decoding: bytes[..<end], as: UTF8.self))
        return (response, end)
    }

    private static func readChunks(_ bytes: [UInt8], from start: Int) -> ([UInt8], Int)? {
        var content: [UInt8] = []
        var at = start
        while let lineEnd = find("\r\n", in: bytes, from: at) {
            guard let size = Int(String(decoding: bytes[at..<lineEnd], as: UTF8.self), radix: 16) else { return nil }
            let data = lineEnd + 2
            guard bytes.count >= data + size + 2 else { return nil }
            content += bytes[data..<data + size]
            at = data + size + 2
            if size == 0 { return (content, at) }
        }
        return nil
    }

    /// Lines by CRLF; `split` on characters would take CRLF for one character.
    private static func split(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        var start = 0
        while let end = find("\r\n", in: bytes, from: start) {
            lines.append(String(decoding: bytes[start..<end], as: UTF8.self))
            start = end + 2
        }
        lines.append(String(decoding: bytes[start...], as: UTF8.self))
        return lines
    }

    private static func find(_ text: String, in bytes: [UInt8], from start: Int) -> Int? {
        let wanted = Array(text.utf8)
        guard bytes.count >= wanted.count, start <= bytes.count - wanted.count else { return nil }
        return (start...(bytes.count - wanted.count)).first { bytes[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }
}
