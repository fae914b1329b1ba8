internal import COpenSSL

/// Keyed hashes (RFC 2104).
package enum MAC {
    package static func hmacSHA256(key: [UInt8], message: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        // HMAC takes a null key as "the key of the call before", and an empty array may have no address.
        let key = key.isEmpty ? [0] : key
        let result = unsafe HMAC(sha256, key, Int32(key.count), message, message.count, &code, nil)
        precondition(unsafe result != nil, "HMAC over bytes in memory cannot fail")
        return code
    }

    // Fetched from its provider once: `EVP_sha256()` is looked up again by every call (man 7
    // ossl-guide-libcrypto-introduction). A fetched EVP_MD is immutable and never freed, and OpenSSL lets any number of
    // threads use one.
    nonisolated(unsafe) private static let sha256: OpaquePointer = {
        guard let method = unsafe EVP_MD_fetch(nil, "SHA256", nil) else {
            preconditionFailure("OpenSSL's default provider always has SHA-256")
        }
        return unsafe method
    }()
}
