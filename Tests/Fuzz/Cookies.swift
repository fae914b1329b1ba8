@testable import Wire

/// Cookies in both directions. The lines of an input: a name, a value, a path, and then `Cookie` lines.
///
/// What a browser reads of a written `Set-Cookie` is what was meant, and what it sends back is found again; a `Cookie` line
/// means what RFC 6265 §5.2's way of taking a line apart finds in it.
func examine(_ input: [UInt8]) {
    var lines = Sections(input)
    let (name, value, path) = (lines.nextText(), lines.nextText(), lines.nextText())
    var choices = Choices(from: input)
    checkWriting(name, value, path, &choices)

    var sent: [[UInt8]] = []
    while !lines.remainder.isEmpty { sent.append(lines.next()) }
    var parser = RequestParser()
    parser.feed("GET / HTTP/1.1\r\nHost: a\r\n".utf8)
    for line in sent { parser.feed(Array("Cookie:".utf8) + line + Array("\r\n".utf8)) }
    parser.feed("\r\n".utf8)
    guard case .request(let request)? = try? parser.next() else { return }
    let pairs = sent.flatMap(pairs)
    for wanted in Set(pairs.map(\.name) + [Array(name.utf8), Array("sid".utf8)]) {
        guard let text = String(validating: wanted, as: UTF8.self), !wanted.isEmpty else { continue }
        let found = pairs.filter { $0.name == wanted }.map { String(decoding: $0.value, as: UTF8.self) }
        let expected: CookieValue = found.count > 1 ? .ambiguous : found.first.map { .one($0) } ?? .absent
        require(request.cookie(text) == expected, "\(text) is \(request.cookie(text)), not \(expected)")
    }
}

private func pairs(_ line: [UInt8]) -> [(name: [UInt8], value: [UInt8])] {
    line.split(separator: UInt8(ascii: ";")).compactMap { pair in
        let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? (trimmed(parts[0]), trimmed(parts[1])) : nil
    }
}

private func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    return Array(bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
}

private func checkWriting(_ name: String, _ value: String, _ path: String, _ choices: inout Choices) {
    let cookie = SetCookie(
        name: name, value: value, path: path, maxAge: [nil, 0, -1, 3600, .max].randomElement(using: &choices) ?? nil,
        secure: Bool.random(using: &choices), httpOnly: Bool.random(using: &choices),
        sameSite: [.strict, .lax, .none].randomElement(using: &choices) ?? .lax)
    guard let text = try? cookie.serialized() else { return }
    require(text.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "bytes that end a line: \(text.debugDescription)")

    // RFC 6265 §5.2, as a browser does it.
    let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { pair in
        pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { trimmed(Array($0.utf8)[...]) }
    }
    require(parts[0] == [Array(name.utf8), Array(value.utf8)], "\(name)=\(value) became \(text)")
    var attributes: [String: String] = [:]
    for part in parts.dropFirst() {
        let key = String(decoding: part[0], as: UTF8.self).lowercased()
        let text = part.count > 1 ? String(decoding: part[1], as: UTF8.self) : ""
        require(attributes.updateValue(text, forKey: key) == nil, "\(key) twice in \(text)")
    }
    var expected = ["path": path, "samesite": cookie.sameSite.rawValue]
    expected["max-age"] = cookie.maxAge.map { String(max(0, $0)) }
    if cookie.secure { expected["secure"] = "" }
    if cookie.httpOnly { expected["httponly"] = "" }
    require(attributes == expected, "\(attributes) instead of \(expected)")
    // RFC 6265bis §5.7: a browser refuses a prefix that the attributes break, whatever its case.
    let prefix = name.lowercased()
    require(!prefix.hasPrefix("__secure-") || cookie.secure, "\(text) breaks __Secure-")
    require(!prefix.hasPrefix("__host-") || (cookie.secure && path == "/"), "\(text) breaks __Host-")

    guard let request = try? Request(target: "/", fields: [(.cookie, "a=b; \(name)=\(value); c=d")]) else {
        fatalError("\(text) cannot be sent back")
    }
    let expectedBack: CookieValue = ["a", "c"].contains(name) ? .ambiguous : .one(value)
    require(request.cookie(name) == expectedBack, "\(text) comes back as \(request.cookie(name))")
}
