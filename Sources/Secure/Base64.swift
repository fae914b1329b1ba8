internal import COpenSSL

/// Base64 with its padding (RFC 4648 §4), decoded strictly: a value has one spelling.
package enum Base64 {
    package static func encode(_ bytes: [UInt8]) -> String {
        String(decoding: encoded(bytes), as: UTF8.self)
    }

    /// `nil` for anything `encode` would not have written: white space, missing padding, another alphabet, or bits set
    /// beyond the last byte. WeChat's EncodingAESKey is 43 characters drawn at random, so that two such bits may be set:
    /// whoever reads one allows that with `allowingSpareBits`.
    package static func decode(_ text: String, allowingSpareBits: Bool = false) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard let bytes = decoded(characters) else { return nil }
        // EVP_DecodeBlock forgives surrounding white space and spare bits; encoding again shows what it forgave.
        let canonical = encoded(bytes)
        guard canonical.count == characters.count else { return nil }
        for index in characters.indices where canonical[index] != characters[index] {
            let carriesSpareBits = index + 1 == characters.count || characters[index + 1] == padding
            guard allowingSpareBits, carriesSpareBits, characters[index] != padding else { return nil }
        }
        return bytes
    }

    static let padding = UInt8(ascii: "=")

    static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        let count = (bytes.count + 2) / 3 * 4
        guard count > 0 else { return [] }
        // One more, because EVP_EncodeBlock ends its text with a zero byte.
        return unsafe [UInt8](unsafeUninitializedCapacity: count + 1) { output, written in
            written = unsafe Int(EVP_EncodeBlock(output.baseAddress, bytes, Int32(bytes.count)))
        }
    }

    private static func decoded(_ characters: [UInt8]) -> [UInt8]? {
        guard !characters.isEmpty else { return [] }
        guard characters.count.isMultiple(of: 4) else { return nil }
        let spare = characters.suffix(2).count { $0 == padding }
        var bytes = [UInt8](repeating: 0, count: characters.count / 4 * 3)
        let count = unsafe EVP_DecodeBlock(&bytes, characters, Int32(characters.count))
        // It counts the padding as bytes of zero.
        guard Int(count) == bytes.count else { return nil }
        return Array(bytes.dropLast(spare))
    }
}

/// Base64 for URLs and cookies, without padding (RFC 4648 §5), decoded as strictly.
package enum Base64URL {
    package static func encode(_ bytes: [UInt8]) -> String {
        var characters = Base64.encoded(bytes)
        while characters.last == Base64.padding { characters.removeLast() }
        for index in characters.indices {
            switch characters[index] {
            case UInt8(ascii: "+"): characters[index] = UInt8(ascii: "-")
            case UInt8(ascii: "/"): characters[index] = UInt8(ascii: "_")
            default: break
            }
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// `nil` for anything `encode` would not have written.
    package static func decode(_ text: String) -> [UInt8]? {
        var characters = Array(text.utf8)
        for index in characters.indices {
            switch characters[index] {
            case UInt8(ascii: "-"): characters[index] = UInt8(ascii: "+")
            case UInt8(ascii: "_"): characters[index] = UInt8(ascii: "/")
            case UInt8(ascii: "+"), UInt8(ascii: "/"), Base64.padding: return nil
            default: break
            }
        }
        while !characters.count.isMultiple(of: 4) { characters.append(Base64.padding) }
        return Base64.decode(String(decoding: characters, as: UTF8.self))
    }
}
