@testable import Wire

/// Queries, forms and percent-encoding: a query means what decoding it piece by piece means, what is encoded is decoded to
/// what it was, and what is not well formed is an error and never half a value.
func examine(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    checkRoundTrip(text)
    checkDecoding(input)
    check(Query(raw: text), against: Array(text.utf8))
    check(parseForm(input), against: input)
    checkJoining(input)
}

private func checkRoundTrip(_ text: String) {
    let component = PercentCoding.encodeComponent(text)
    let path = PercentCoding.encodePath(text)
    for encoded in [component, path] {
        let decoded = try? PercentCoding.decode(encoded)
        require(decoded?.utf8.elementsEqual(text.utf8) == true, "\(encoded) is decoded to \(decoded ?? "nothing")")
    }
    require(component.utf8.allSatisfy { ByteSet.unreserved.contains($0) || $0 == UInt8(ascii: "%") }, component)
    require(path.utf8.allSatisfy { ByteSet.path.contains($0) || $0 == UInt8(ascii: "%") }, path)
}

private func checkDecoding(_ input: [UInt8]) {
    guard let text = String(validating: input, as: UTF8.self) else { return }
    for plusIsSpace in [false, true] {
        let decoded = try? PercentCoding.decode(text, plusIsSpace: plusIsSpace)
        let expected = plainlyDecoded(input[...], plusIsSpace: plusIsSpace)
        require(decoded.map { Array($0.utf8) } == expected, "\(text) is decoded to \(decoded ?? "nothing")")
    }
}

/// Names and values as the URL standard's form parser takes them apart, nil for one that cannot be decoded.
private func check(_ query: Query, against bytes: [UInt8]) {
    let pairs = bytes.split(separator: UInt8(ascii: "&")).map { pair in
        let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
        return (
            name: plainlyDecoded(pair[..<equals], plusIsSpace: true),
            value: plainlyDecoded(pair[min(equals + 1, pair.endIndex)...], plusIsSpace: true)
        )
    }
    for name in Set(pairs.compactMap(\.name)) {
        let text = String(decoding: name, as: UTF8.self)
        let mine = pairs.filter { $0.name == name }
        let isReadable = pairs.allSatisfy { $0.name != nil } && mine.allSatisfy { $0.value != nil }
        let all = try? query.all(text)
        let expected = isReadable ? mine.compactMap(\.value) : nil
        require(all.map { $0.map { Array($0.utf8) } } == expected, "\(text.debugDescription): \(all ?? [])")
        let only = try? query.only(text)
        if isReadable {
            require(only.map { Array($0.utf8) } == (mine.count == 1 ? mine[0].value : nil), "the only \(text)")
        }
        require(query.keys.contains(text), "\(text) is not among the keys")
    }
    // What is lent is what would be made a string of.
    var lent: [UInt8]?
    var isRefused = false
    do {
        try query.lend { query in
            try query.withOnly("url") { value in
                guard let value else { return }
                lent = value.indices.map { value[$0] }
            }
        }
    } catch {
        isRefused = true
    }
    switch Result(catching: { try query.only("url") }) {
    case .success(let text): require(!isRefused && lent == text.map { Array($0.utf8) }, "the url is \(text ?? "none")")
    case .failure: require(isRefused, "the url is refused both ways")
    }
    require(query.keys.count <= pairs.count, "\(query.keys.count) keys of \(pairs.count) parameters")
}

/// The lines of the input as parameters.
private func checkJoining(_ input: [UInt8]) {
    let values = String(decoding: input, as: UTF8.self).split(separator: "\n").map(String.init)
    guard !values.isEmpty else { return }
    let query = Query(raw: values.map { "n%61me=\(PercentCoding.encodeComponent($0))" }.joined(separator: "&"))
    let all = try? query.all("name")
    require(all?.elementsEqual(values) { $0.utf8.elementsEqual($1.utf8) } == true, "\(query.raw) is \(all ?? [])")
}

private func plainlyDecoded(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
    var decoded: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            continue
        }
        let digits = String(decoding: rest.prefix(2), as: UTF8.self)
        // `UInt8("+1", radix: 16)` is a number too.
        guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) else {
            return nil
        }
        decoded.append(value)
        rest = rest.dropFirst(2)
    }
    return String(validating: decoded, as: UTF8.self).map { Array($0.utf8) }
}
