package import Wire

/// The same bytes before both readers.
package enum TwoReadings {
    /// What the product makes of bytes that arrive in these pieces, in the words of the other reader.
    package static func product(_ bytes: [UInt8], cuts: [Int] = [], limits: ParserLimits = ParserLimits())
        -> StrictReader.Reading
    {
        var parser = RequestParser(limits: limits)
        var reading = StrictReader.Reading()
        var start = 0
        for end in cuts + [bytes.count] {
            parser.feed(bytes[start..<end])
            start = end
            steps: while true {
                do throws(WireError) {
                    switch try parser.next() {
                    case .needsMore(let phase):
                        reading.end =
                            switch phase {
                            case .idle: .complete
                            case .head: .inHead
                            case .body: .inBody
                            }
                        break steps
                    case .expectsContinue: continue
                    case .request(let request): reading.requests.append(StrictReader.Request(request))
                    }
                } catch {
                    reading.end = .refused
                    return reading
                }
            }
        }
        return reading
    }

    /// Whether a reading of the product and the strict one are the same. The product may refuse a head at the line that
    /// has the fault; the strict one looks at the whole head.
    package static func agree(_ product: StrictReader.Reading, _ strict: StrictReader.Reading) -> Bool {
        product.requests == strict.requests
            && (product.end == strict.end || (product.end == .refused && strict.end == .inHead))
    }

    /// Nil where both agree; else what each says.
    package static func disagreement(
        over bytes: [UInt8], cuts: [Int], limits: ParserLimits = ParserLimits()
    ) -> String? {
        let ours = product(bytes, cuts: cuts, limits: limits)
        let other = StrictReader.read(bytes, limits: StrictReader.Limits(limits))
        guard !agree(ours, other) else { return nil }
        return described(bytes, ours, other)
    }

    package static func described(
        _ bytes: [UInt8], _ product: StrictReader.Reading, _ strict: StrictReader.Reading
    ) -> String {
        """
        \(String(decoding: bytes, as: UTF8.self).debugDescription)
        RequestParser: \(product.end) \(product.requests)
        StrictReader:  \(strict.end) \(strict.requests)
        """
    }
}

extension StrictReader.Limits {
    package init(_ limits: ParserLimits) {
        self.init()
        (requestLine, fieldLine, fieldSection) = (limits.requestLine, limits.fieldLine, limits.headerBytes)
        (fields, body, chunkExtension) = (limits.headerFields, limits.bodyBytes, limits.chunkExtension)
        (trailers, cookieBytes, cookies) = (limits.trailerBytes, limits.cookieBytes, limits.cookies)
    }
}

extension StrictReader.Request {
    init(_ request: Request) {
        self.init()
        method = request.method.description
        path = request.path
        query = request.query.raw
        authority = request.authority.flatMap { StrictAuthority(Array($0.description.utf8)) }
        fields = request.fields.map { "\($0.name.lowercased()): \($0.value)" }
        body = request.body
    }
}
