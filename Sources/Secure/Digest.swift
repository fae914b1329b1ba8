internal import COpenSSL
internal import Synchronization

/// SHA-1 and SHA-256 of whole messages.
///
/// SHA-1 is here because WeChat's signatures are defined over it; nothing of ours relies on it.
package enum Digest {
    package static func sha1(_ message: [UInt8]) -> [UInt8] { sha1(message.span) }
    package static func sha1(_ message: Span<UInt8>) -> [UInt8] { Algorithm.sha1.digest(message) }
    package static func sha1(_ message: UnsafeRawBufferPointer) -> [UInt8] {
        unsafe sha1(message.bindMemory(to: UInt8.self).span)
    }

    package static func sha256(_ message: [UInt8]) -> [UInt8] { sha256(message.span) }
    package static func sha256(_ message: Span<UInt8>) -> [UInt8] { Algorithm.sha256.digest(message) }
    package static func sha256(_ message: UnsafeRawBufferPointer) -> [UInt8] {
        unsafe sha256(message.bindMemory(to: UInt8.self).span)
    }

    /// The digest as four numbers, for finding things by it: nothing is allocated on the way.
    package static func sha256Words(of message: Span<UInt8>) -> InlineArray<4, UInt64> {
        Algorithm.sha256.withDigest(of: message) { digest in
            InlineArray { word in
                var number: UInt64 = 0
                for index in 8 * word..<8 * word + 8 { number = number << 8 | UInt64(digest[index]) }
                return number
            }
        }
    }

    /// The digest as 40 hex digits, for the hot path of signing a page: nothing is allocated on the way.
    package static func sha1Hex(of message: Span<UInt8>) -> InlineArray<40, UInt8> {
        Algorithm.sha1.withDigest(of: message) { digest in
            var digits = InlineArray<40, UInt8>(repeating: 0)
            for index in digest.indices {
                digits[2 * index] = Hex.digit(digest[index] >> 4)
                digits[2 * index + 1] = Hex.digit(digest[index] & 15)
            }
            return digits
        }
    }
}

/// One hash function, fetched from its provider once for the process: `EVP_sha1()` would be looked up again by every
/// `EVP_DigestInit_ex`, which costs more than the hashing of a short message (man 7 ossl-guide-libcrypto-introduction).
@safe final class Algorithm: Sendable {
    static let sha1 = Algorithm("SHA1", size: 20)
    static let sha256 = Algorithm("SHA256", size: 32)

    // A fetched EVP_MD is immutable and never freed, and OpenSSL lets any number of threads use one.
    nonisolated(unsafe) let method: OpaquePointer
    let size: Int
    // Contexts are handed out and taken back under a lock held for a few nanoseconds. There are as many as there were
    // threads hashing at one moment; making one for each message would be two allocations.
    private let idle = Mutex<[Context]>([])

    // The pointer has one owner at a time: the pool, or the caller that took it out.
    @safe private struct Context: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private init(_ name: String, size: Int) {
        guard let method = unsafe EVP_MD_fetch(nil, name, nil) else {
            preconditionFailure("OpenSSL's default provider always has \(name)")
        }
        unsafe self.method = unsafe method
        self.size = size
    }

    func digest(_ message: Span<UInt8>) -> [UInt8] {
        withDigest(of: message) { digest in
            unsafe digest.withUnsafeBufferPointer { unsafe Array($0) }
        }
    }

    func withDigest<Result>(of message: Span<UInt8>, _ body: (Span<UInt8>) -> Result) -> Result {
        let context = idle.withLock { $0.popLast() } ?? Self.makeContext()
        defer { idle.withLock { $0.append(context) } }
        var digest = InlineArray<32, UInt8>(repeating: 0)
        var bytes = digest.mutableSpan
        let isHashed = unsafe message.withUnsafeBytes { input in
            unsafe bytes.withUnsafeMutableBufferPointer { output in
                unsafe EVP_DigestInit_ex2(context.pointer, method, nil) == 1
                    && EVP_DigestUpdate(context.pointer, input.baseAddress, input.count) == 1
                    && EVP_DigestFinal_ex(context.pointer, output.baseAddress, nil) == 1
            }
        }
        precondition(isHashed, "hashing bytes in memory with a fetched method cannot fail")
        return body(digest.span.extracting(first: size))
    }

    private static func makeContext() -> Context {
        guard let pointer = unsafe EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        return unsafe Context(pointer: pointer)
    }
}
