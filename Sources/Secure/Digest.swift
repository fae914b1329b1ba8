internal import COpenSSL

/// SHA-1 and SHA-256 of whole messages.
///
/// SHA-1 is here because WeChat's signatures are defined over it; nothing of ours relies on it.
package enum Digest {
    package static func sha1(_ message: [UInt8]) -> [UInt8] { sha1(message.span) }
    package static func sha1(_ message: Span<UInt8>) -> [UInt8] {
        let digest = sha1Bytes(of: message)
        return digest.indices.map { digest[$0] }
    }
    package static func sha1(_ message: UnsafeRawBufferPointer) -> [UInt8] {
        unsafe sha1(message.bindMemory(to: UInt8.self).span)
    }

    package static func sha256(_ message: [UInt8]) -> [UInt8] { sha256(message.span) }
    package static func sha256(_ message: Span<UInt8>) -> [UInt8] {
        let digest = sha256Bytes(of: message)
        return digest.indices.map { digest[$0] }
    }
    package static func sha256(_ message: UnsafeRawBufferPointer) -> [UInt8] {
        unsafe sha256(message.bindMemory(to: UInt8.self).span)
    }

    /// The digest as four numbers, for finding things by it: nothing is allocated on the way.
    package static func sha256Words(of message: Span<UInt8>) -> InlineArray<4, UInt64> {
        let digest = sha256Bytes(of: message)
        return InlineArray { word in
            var number: UInt64 = 0
            for index in 8 * word..<8 * word + 8 { number = number << 8 | UInt64(digest[index]) }
            return number
        }
    }

    /// The digest as 40 hex digits, for the hot path of signing a page: nothing is allocated on the way.
    package static func sha1Hex(of message: Span<UInt8>) -> InlineArray<40, UInt8> {
        let bytes = sha1Bytes(of: message)
        let digest = bytes.span
        var digits = InlineArray<40, UInt8>(repeating: 0)
        for index in digest.indices {
            digits[2 * index] = Hex.digit(digest[index] >> 4)
            digits[2 * index + 1] = Hex.digit(digest[index] & 15)
        }
        return digits
    }

    private static func sha1Bytes(of message: Span<UInt8>) -> InlineArray<20, UInt8> {
        var digest = InlineArray<20, UInt8>(repeating: 0)
        var bytes = digest.mutableSpan
        // The digest has the room that SHA-1 fills.
        let isHashed = unsafe message.withUnsafeBufferPointer { input in
            unsafe bytes.withUnsafeMutableBufferPointer { output in
                unsafe shim_sha1(input.baseAddress, input.count, output.baseAddress) == 1
            }
        }
        precondition(isHashed, "hashing bytes in memory cannot fail")
        return digest
    }

    private static func sha256Bytes(of message: Span<UInt8>) -> InlineArray<32, UInt8> {
        var digest = InlineArray<32, UInt8>(repeating: 0)
        var bytes = digest.mutableSpan
        // The digest has the room that SHA-256 fills.
        let isHashed = unsafe message.withUnsafeBufferPointer { input in
            unsafe bytes.withUnsafeMutableBufferPointer { output in
                unsafe shim_sha256(input.baseAddress, input.count, output.baseAddress) == 1
            }
        }
        precondition(isHashed, "hashing bytes in memory cannot fail")
        return digest
    }
}
