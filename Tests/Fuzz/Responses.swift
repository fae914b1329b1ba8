@testable import Wire

/// The response parser of the client: how the bytes were cut into reads changes nothing, no limit is passed, a method or
/// status that has no body gets none, and a connection is used again only where nothing followed.
func examine(_ input: [UInt8]) {
    var choices = Choices(from: input)
    let pieces = choices.pieces(of: input)
    for method in [Method.get, .head] {
        for limits in [ParserLimits(), .narrow] {
            let whole = Exchange(of: [input[...]], to: method, limits: limits)
            let cut = Exchange(of: pieces, to: method, limits: limits)
            require(cut == whole, "another result in pieces \(pieces.map(\.count))")
            for response in whole.responses { check(response, to: method, limits) }
            require(whole.responses.count <= 1, "\(whole.responses.count) answers to one request")
        }
    }
}

private struct Exchange: Equatable {
    var responses: [ReceivedResponse] = []
    var error: WireError?
    var isReusable = false

    init(of pieces: [ArraySlice<UInt8>], to method: Method, limits: ParserLimits) {
        var parser = ResponseParser(limits: limits)
        parser.begin(method)
        do throws(WireError) {
            for piece in pieces {
                parser.feed(piece)
                while case .response(let response) = try parser.next() { responses.append(response) }
            }
            isReusable = parser.isReusable
            if responses.isEmpty { responses.append(try parser.end()) }
        } catch {
            self.error = error
            require(!parser.isReusable, "used again after \(error)")
        }
        require(!parser.isReusable || parser.buffered == 0, "used again with \(parser.buffered) bytes of no request")
    }

    static func == (left: Exchange, right: Exchange) -> Bool {
        left.error == right.error && left.isReusable == right.isReusable
            && left.responses.elementsEqual(right.responses) { one, other in
                one.status == other.status && one.version == other.version && one.fields == other.fields
                    && one.body == other.body && one.keepsAlive == other.keepsAlive
            }
    }
}

private func check(_ response: ReceivedResponse, to method: Method, _ limits: ParserLimits) {
    require((200...599).contains(response.status.code), "an answer with status \(response.status.code)")
    require(response.body.count <= limits.bodyBytes, "a body of \(response.body.count) bytes")
    require(response.fields.count <= limits.headerFields, "\(response.fields.count) fields")
    let isBodiless = method == .head || response.status.code == 204 || response.status.code == 304
    require(!isBodiless || response.body.isEmpty, "a body after \(method), \(response.status.code)")
    let lengths = Set(response.fields.values(.contentLength))
    // "1" and "01" are one length.
    if !isBodiless, let length = lengths.first {
        require(lengths.allSatisfy { UInt64($0) == UInt64(length) }, "two lengths")
        require(UInt64(length) == UInt64(response.body.count), "\(response.body.count) bytes, promised \(length)")
        require(!response.fields.contains(.transferEncoding), "two ways to end one body")
    }
    for (name, value) in response.fields {
        require(!name.utf8.isEmpty && name.utf8.allSatisfy(ByteSet.token.contains), "a field named \(name)")
        require(!value.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }, "a control byte in \(name)")
    }
}

extension ParserLimits {
    fileprivate static var narrow: ParserLimits {
        var limits = ParserLimits()
        (limits.requestLine, limits.fieldLine, limits.headerBytes, limits.headerFields) = (24, 40, 80, 3)
        (limits.bodyBytes, limits.chunkExtension, limits.trailerBytes) = (12, 8, 24)
        return limits
    }
}
