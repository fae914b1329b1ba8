@testable import Wire

/// Bodies in the chunked coding: what a plain decoder makes of the bytes is what comes out, however they were cut; what is
/// chunked by the book is always taken; and no limit is passed.
func examine(_ input: [UInt8]) {
    var choices = Choices(from: input)
    let pieces = choices.pieces(of: input)
    for limits in [ParserLimits(), .tiny] {
        let whole = Outcome(of: [input[...]], limits: limits)
        let cut = Outcome(of: pieces, limits: limits)
        require(cut == whole, "\(whole) in one piece, \(cut) in pieces \(pieces.map(\.count))")
        if case .complete(let body, let used) = whole {
            require(body.count <= limits.bodyBytes, "a body of \(body.count) bytes")
            let plain = plainlyDecoded(input)
            let isSame = plain?.body == body && plain?.used == used
            require(isSame, "\(body) in \(used) bytes, but \(String(describing: plain))")
        }
    }
    let coded = encoded(input, &choices)
    let outcome = Outcome(of: choices.pieces(of: coded), limits: ParserLimits())
    require(outcome == .complete(body: input, used: coded.count), "chunked by the book, read as \(outcome)")
}

private enum Outcome: Equatable {
    case open
    case failed(WireError)
    case complete(body: [UInt8], used: Int)

    init(of pieces: [ArraySlice<UInt8>], limits: ParserLimits) {
        var body = ChunkedBody(limits: limits)
        var buffer = ReceiveBuffer()
        var fed = 0
        for piece in pieces {
            buffer.append(piece)
            fed += piece.count
            do throws(WireError) {
                guard try body.read(&buffer) else { continue }
                self = .complete(body: body.body, used: fed - buffer.count)
                return
            } catch {
                self = .failed(error)
                return
            }
        }
        self = .open
    }
}

/// RFC 9112 §7.1.3 as its pseudo-code has it, with nothing checked that does not decide where the body lies.
private func plainlyDecoded(_ bytes: [UInt8]) -> (body: [UInt8], used: Int)? {
    var body: [UInt8] = []
    var at = 0
    func line() -> ArraySlice<UInt8>? {
        guard let end = bytes[at...].indices.dropLast().first(where: { bytes[$0] == 13 && bytes[$0 + 1] == 10 }) else {
            return nil
        }
        defer { at = end + 2 }
        return bytes[at..<end]
    }
    while let size = line() {
        let digits = String(decoding: size.prefix { Character(Unicode.Scalar($0)).isHexDigit }, as: UTF8.self)
        guard let count = Int(digits, radix: 16) else { return nil }
        if count == 0 {
            while let trailer = line() {
                if trailer.isEmpty { return (body, at) }
            }
            return nil
        }
        guard count <= bytes.count - at - 2 else { return nil }
        body += bytes[at..<at + count]
        guard Array(bytes[at + count..<at + count + 2]) == [13, 10] else { return nil }
        at += count + 2
    }
    return nil
}

private func encoded(_ body: [UInt8], _ choices: inout Choices) -> [UInt8] {
    var coded: [UInt8] = []
    var total = 0
    for chunk in choices.pieces(of: body) {
        var size = String(chunk.count, radix: 16, uppercase: Bool.random(using: &choices))
        while size.count < 16, Int.random(in: 0..<4, using: &choices) == 0 { size = "0" + size }
        let furtherText = [";a", " ; a=b", ";a=\"b\\\";\"", "\t;\ta\t=\tb"].randomElement(using: &choices) ?? ""
        // All extensions together are bounded.
        if total < 8000, Int.random(in: 0..<8, using: &choices) == 0 {
            size += furtherText
            total += furtherText.utf8.count
        }
        coded += Array("\(size)\r\n".utf8) + chunk + Array("\r\n".utf8)
    }
    let trailer = Bool.random(using: &choices) ? "X-T: \(body.count)\r\n" : ""
    return coded + Array("0\r\n\(trailer)\r\n".utf8)
}

extension ParserLimits {
    fileprivate static var tiny: ParserLimits {
        var limits = ParserLimits()
        (limits.bodyBytes, limits.chunkExtension, limits.headerBytes, limits.trailerBytes) = (20, 8, 20, 20)
        return limits
    }
}
