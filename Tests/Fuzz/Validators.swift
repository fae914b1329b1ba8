import Glibc
@testable import Wire

/// Dates and entity tags. The lines of an input: a date as text, a number, an entity tag, an `If-None-Match`.
///
/// A date that is read is the one the C library reads; a date that is written is the one the C library writes; a tag
/// matches where the list, taken apart by the grammar, names it.
func examine(_ input: [UInt8]) {
    var lines = Sections(input)
    let date = lines.nextText()
    if let seconds = HTTPDate.parse(date) {
        require(libraryText(of: seconds) == date, "\(date) is read as \(seconds), \(libraryText(of: seconds))")
    }
    let seconds = lines.next().reduce(0) { ($0 &* 257) ^ Int($1) }
    for seconds in [seconds, -seconds, seconds % 253_402_300_800, seconds & 0xFFFF_FFFF] {
        let text = HTTPDate.format(seconds)
        let clamped = min(max(seconds, -62_167_219_200), 253_402_300_799)
        require(text == libraryText(of: clamped), "\(seconds) is written as \(text)")
        require(HTTPDate.parse(text) == clamped, "\(text) is not read as \(clamped)")
    }

    let opaque = lines.nextText()
    let field = String(decoding: lines.remainder, as: UTF8.self)
    guard let tag = EntityTag(opaque) else { return }
    require(tag.description == "\"\(opaque)\"" && !opaque.contains("\""), "a tag \(tag)")
    for named in ["*", " * ", "\(tag)", "W/\(tag)", "\"a b\", ,\t\(tag)", "\(tag),\"x\"", "W/\"\",\(tag) "] {
        require(tag.matches(ifNoneMatch: named.utf8Span.span), "\(tag) is not found in \(named)")
    }
    let isMatched = tag.matches(ifNoneMatch: field.utf8Span.span)
    require(isMatched == isNamed(tag, in: field), "\(tag) in \(field.debugDescription)")
}

private func libraryText(of seconds: Int) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    // %Y writes the year 25 with two digits, so that the year stands by itself.
    let year = String(parts.tm_year + 1900)
    let format = "%a, %d %b \(String(repeating: "0", count: max(0, 4 - year.count)))\(year) %H:%M:%S GMT"
    var space = [CChar](repeating: 0, count: 64)
    let count = strftime(&space, space.count, format, &parts)
    return String(decoding: space.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// As far as the list is one: `[ "W/" ] DQUOTE *etagc DQUOTE`, with commas and blanks in any number between.
private func isNamed(_ tag: EntityTag, in field: String) -> Bool {
    let bytes = Array(field.utf8)
    let trimmed = bytes.filter { $0 != 0x20 && $0 != 0x09 }
    if trimmed.first == UInt8(ascii: "*") { return trimmed == [UInt8(ascii: "*")] }
    var at = 0
    while at < bytes.count {
        if [0x20, 0x09, 0x2C].contains(bytes[at]) {
            at += 1
            continue
        }
        if bytes[at...].starts(with: "W/".utf8) { at += 2 }
        guard at < bytes.count, bytes[at] == 0x22, let end = bytes[(at + 1)...].firstIndex(of: 0x22) else {
            return false
        }
        if bytes[at...end].elementsEqual(tag.description.utf8) { return true }
        at = end + 1
    }
    return false
}
