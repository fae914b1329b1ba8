import Foundation
import Glibc

/// A value that must not be seen, and all the ways in which it could be seen after all.
struct Canary {
    let name: String
    private let forms: [(name: String, bytes: [UInt8])]

    /// Nothing shorter than eight bytes: it would be found by chance.
    init(_ name: String, _ value: String) {
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

    /// The forms that stand in the bytes, each with what stands around it.
    func found(in haystack: [UInt8]) -> [String] {
        forms.compactMap { form in
            Self.position(of: form.bytes, in: haystack).map { at in
                let around = haystack[max(0, at - 60)..<min(haystack.count, at + form.bytes.count + 40)]
                return "\(name), \(form.name): …\(String(decoding: around, as: UTF8.self))…"
            }
        }
    }

    private static func position(of needle: [UInt8], in haystack: [UInt8]) -> Int? {
        haystack.withUnsafeBytes { space in
            guard let start = space.baseAddress, let first = needle.first else { return nil }
            var at = 0
            while at + needle.count <= space.count,
                let hit = memchr(start + at, Int32(first), space.count - at - needle.count + 1)
            {
                at = UnsafeRawPointer(hit) - start
                if memcmp(hit, needle, needle.count) == 0 { return at }
                at += 1
            }
            return nil
        }
    }
}
