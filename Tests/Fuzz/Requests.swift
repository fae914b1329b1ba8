@testable import Wire

// Seeds: Tests/WireTests/Vectors/requests.txt

/// The request parser: how the bytes were cut into reads changes nothing, no limit is passed, an error is final, and what
/// is read means the same when it is written and read again.
func examine(_ input: [UInt8]) {
    var choices = Choices(from: input)
    let pieces = choices.pieces(of: input)
    for limits in [ParserLimits(), .narrow] {
        let whole = Exchange(of: [input[...]], limits: limits)
        require(Exchange(of: pieces, limits: limits) == whole, "another result in pieces \(pieces.map(\.count))")
        for request in whole.requests {
            checkLimits(of: request, limits)
            checkRewriting(of: request, limits)
        }
    }
}

/// All that a parser makes of a connection.
private struct Exchange: Equatable {
    var requests: [Request] = []
    var error: WireError?
    private var isInside = false

    init(of pieces: [ArraySlice<UInt8>], limits: ParserLimits) {
        var parser = RequestParser(limits: limits)
        for piece in pieces {
            parser.feed(piece)
            do throws(WireError) {
                while let step = try Self.step(&parser, &isInside) {
                    if case .request(let request) = step { requests.append(request) }
                }
            } catch {
                (self.error, isInside) = (error, false)
                checkFinality(of: error, &parser)
                return
            }
            // What is complete leaves the buffer; what is not is bounded by what one head may hold.
            require(parser.buffered <= limits.requestLine + limits.headerBytes + 4 || !isInside, "an unbounded buffer")
        }
    }

    private static func step(
        _ parser: inout RequestParser, _ isInside: inout Bool
    ) throws(WireError) -> RequestParser.Step? {
        let step = try parser.next()
        guard case .needsMore(let phase) = step else { return step }
        isInside = phase != .idle
        return nil
    }

    private func checkFinality(of error: WireError, _ parser: inout RequestParser) {
        parser.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        do throws(WireError) {
            _ = try parser.next()
            require(false, "a parser that threw \(error) goes on")
        } catch let again {
            require(again == error, "\(error) became \(again)")
        }
    }

    static func == (left: Exchange, right: Exchange) -> Bool {
        left.error == right.error && left.isInside == right.isInside
            && left.requests.elementsEqual(right.requests, by: isSame)
    }
}

private func isSame(_ left: Request, _ right: Request) -> Bool {
    left.method == right.method && left.path == right.path && left.query == right.query
        && left.version == right.version && left.fields == right.fields && left.body == right.body
        && left.authority == right.authority && left.keepsAlive == right.keepsAlive
}

private func checkLimits(of request: Request, _ limits: ParserLimits) {
    require(request.path.utf8.count + request.query.raw.utf8.count <= limits.requestLine, "a target beyond its limit")
    require(request.fields.count <= limits.headerFields, "\(request.fields.count) fields")
    require(request.body.count <= limits.bodyBytes, "a body of \(request.body.count) bytes")
    let size = request.fields.reduce(0) { $0 + $1.name.utf8.count + 1 }
    require(size <= limits.headerBytes, "\(size) bytes of field names")
    let cookies = request.fields.values(.cookie)
    require(cookies.count <= limits.cookies, "\(cookies.count) lines of cookies")
    for (name, value) in request.fields {
        require(!name.utf8.isEmpty && name.utf8.allSatisfy(ByteSet.token.contains), "a field named \(name)")
        require(!value.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }, "a control byte in \(name)")
    }
    require(request.fields.count(.host) <= 1 && request.fields.count(.contentLength) <= 1, "two lengths or hosts")
    require(
        !request.fields.contains(.contentLength) || !request.fields.contains(.transferEncoding),
        "two ways to end one body")
    if request.version == .http11 { require(request.authority != nil || request.method == .connect, "no host") }
    require(request.path.hasPrefix("/") || request.path == "*", "a path that begins elsewhere")
}

/// What `RequestSerializer` writes of a request is read as that request, and as no second one.
private func checkRewriting(of request: Request, _ limits: ParserLimits) {
    guard request.authority != nil, request.method != .connect else { return }
    var bytes: [UInt8] = []
    RequestSerializer.append(request, to: &bytes)
    // `Host` and the length may be two lines more than there were.
    var wide = ParserLimits()
    wide.headerFields += 2
    let again = Exchange(of: [bytes[...]], limits: wide)
    guard again.error == nil, again.requests.count == 1, let copy = again.requests.first else {
        fatalError("written again it is \(again.requests.count) requests, error \(String(describing: again.error))")
    }
    require(
        copy.method == request.method && copy.path == request.path && copy.query == request.query
            && copy.body == request.body && copy.authority == request.authority
            && copy.keepsAlive == request.keepsAlive, "written again it is another request")
    require(travelling(copy).elementsEqual(travelling(request), by: ==), "written again it has other fields")
}

/// All but the ones that the serializer decides itself.
private func travelling(_ request: Request) -> [(String, String)] {
    let decided: Set<FieldName> = [
        .host, .contentLength, .transferEncoding, .connection, .keepAlive, .te, .trailer, .upgrade, .expect,
    ]
    return request.fields.filter { field in !decided.contains { $0 == FieldName(field.name) } }
}

extension ParserLimits {
    /// So small that a short input comes to every one of them.
    fileprivate static var narrow: ParserLimits {
        var limits = ParserLimits()
        (limits.requestLine, limits.fieldLine, limits.headerBytes, limits.headerFields) = (48, 40, 96, 4)
        (limits.bodyBytes, limits.chunkExtension, limits.trailerBytes) = (24, 8, 24)
        (limits.cookieBytes, limits.cookies) = (16, 3)
        return limits
    }
}
