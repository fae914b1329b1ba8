import Foundation
import Testing

@testable import Wire

/// One line of `Vectors/requests.txt`.
struct RequestCase: Sendable, CustomTestStringConvertible {
    let outcome: String
    let bytes: [UInt8]
    let why: String

    var testDescription: String { why }

    static let all: [RequestCase] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/requests.txt")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let parts = line.components(separatedBy: " | ")
            return RequestCase(
                outcome: String(decoding: unescape(parts[0]), as: UTF8.self), bytes: unescape(parts[1]),
                why: parts[2])
        }
    }()

    private static func unescape(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = expand(text)[...]
        while let character = rest.popFirst() {
            guard character == "\\", let kind = rest.popFirst() else {
                bytes += Array(character.utf8)
                continue
            }
            switch kind {
            case "r": bytes.append(0x0D)
            case "n": bytes.append(0x0A)
            case "t": bytes.append(0x09)
            case "0": bytes.append(0)
            case "x":
                bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            default: bytes += Array(kind.utf8)
            }
        }
        return bytes
    }

    private static func expand(_ text: String) -> String {
        var text = text.replacing("<H>", with: "Host: a.example\\r\\n").replacing("<E>", with: "\\r\\n")
        while let match = text.firstMatch(of: /<([^<>*]+)\*(\d+)>/) {
            let count = Int(match.2) ?? 0
            let repeated =
                match.1 == "fields"
                ? (0..<count).map { "X-\($0): 1\\r\\n" }.joined() : String(repeating: String(match.1), count: count)
            text.replaceSubrange(match.range, with: repeated)
        }
        return text
    }
}

extension RequestParser {
    /// What comes out when the bytes arrive in these pieces, in the words of the data file.
    static func outcome(of pieces: [ArraySlice<UInt8>], limits: ParserLimits = ParserLimits()) -> String {
        var parser = RequestParser(limits: limits)
        var outcomes: [String] = []
        var isWaiting = false
        for piece in pieces {
            parser.feed(piece)
            steps: while true {
                do throws(WireError) {
                    switch try parser.next() {
                    case .needsMore(let phase):
                        isWaiting = phase != .idle
                        break steps
                    case .expectsContinue: continue
                    case .request(let request): outcomes.append(describe(request))
                    }
                } catch {
                    outcomes.append("\(error.status.code)")
                    return outcomes.joined(separator: ", ")
                }
            }
        }
        return (outcomes + (isWaiting ? ["wait"] : [])).joined(separator: ", ")
    }

    private static func describe(_ request: Request) -> String {
        var text = "\(request.method) \(request.path)"
        if !request.query.isEmpty { text += "?\(request.query.raw)" }
        if let authority = request.authority, "\(authority)" != "a.example" { text += " @\(authority)" }
        if !request.body.isEmpty { text += " body=\(String(decoding: request.body, as: UTF8.self))" }
        return text + (request.keepsAlive ? "" : " close")
    }
}
