import Foundation
import Glibc

/// A value that must not be seen, and all the ways in which it could be seen after all.
package struct Canary: Sendable {
    package let name: String
    fileprivate let forms: [(name: String, bytes: [UInt8])]

    /// Nothing shorter than eight bytes: it would be found by chance.
    package init(_ name: String, _ value: String) {
        precondition(value.utf8.count >= 8, "\(value) is too short to be searched for")
        self.name = name
        let bytes = Array(value.utf8)
        let hex = bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        let escapes = bytes.map { "%" + String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        forms =
            [
                ("plain", bytes), ("in upper case", Array(value.uppercased().utf8)),
                ("in lower case", Array(value.lowercased().utf8)), ("reversed", bytes.reversed()),
                ("hex", Array(hex.utf8)), ("HEX", Array(hex.uppercased().utf8)), ("percent", Array(escapes.utf8)),
                ("PERCENT", Array(escapes.uppercased().utf8)),
            ] + (0..<3).flatMap { shift in Self.base64(bytes, after: shift) }
    }

    /// The part of its Base64 that does not depend on its neighbours, when so many bytes stand before it.
    private static func base64(_ bytes: [UInt8], after shift: Int) -> [(name: String, bytes: [UInt8])] {
        let first = (3 - shift) % 3
        let whole = bytes.dropFirst(first).prefix((bytes.count - first) / 3 * 3)
        let text = Data(whole).base64EncodedString()
        let url = text.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        return [("base64, \(shift)", Array(text.utf8))]
            + (url == text ? [] : [("base64url, \(shift)", Array(url.utf8))])
    }
}

/// A search for many canaries at once, in one pass over the bytes: logs grow to megabytes and canaries to thousands.
package struct CanarySearch {
    private struct Form {
        let name: String
        let bytes: [UInt8]
    }

    private static let windowBytes = 8

    /// By their first eight bytes; no form has fewer.
    private var forms: [UInt64: [Form]] = [:]
    /// Says no to most windows more quickly than the dictionary would.
    private var filter = [Bool](repeating: false, count: 1 << 16)

    package init(_ canaries: [Canary]) {
        for canary in canaries {
            for form in canary.forms {
                let window = form.bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
                forms[window, default: []].append(Form(name: "\(canary.name), \(form.name)", bytes: form.bytes))
                filter[Self.slot(window)] = true
            }
        }
    }

    private static func slot(_ window: UInt64) -> Int {
        Int(truncatingIfNeeded: (window &* 0x9e37_79b9_7f4a_7c15) >> 48)
    }

    /// The forms that stand in the bytes, each once, with what stands around it.
    package func found(in haystack: [UInt8]) -> [String] {
        var seen: Set<String> = []
        var found: [String] = []
        haystack.withUnsafeBytes { space in
            filter.withUnsafeBufferPointer { filter in
                var at = 0
                while at + Self.windowBytes <= space.count {
                    let window = space.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    if filter[Self.slot(window)], let candidates = forms[window] {
                        for form in candidates where !seen.contains(form.name) && stands(form, at: at, in: space) {
                            seen.insert(form.name)
                            let around = haystack[max(0, at - 60)..<min(haystack.count, at + form.bytes.count + 40)]
                            found.append("\(form.name): …\(String(decoding: around, as: UTF8.self))…")
                        }
                    }
                    at += 1
                }
            }
        }
        return found
    }

    private func stands(_ form: Form, at: Int, in space: UnsafeRawBufferPointer) -> Bool {
        guard let start = space.baseAddress, at + form.bytes.count <= space.count else { return false }
        return memcmp(start + at, form.bytes, form.bytes.count) == 0
    }
}
