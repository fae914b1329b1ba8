internal import COpenSSL

/// Keyed hashes (RFC 2104).
package enum MAC {
    package static func hmacSHA256(key: [UInt8], message: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Algorithm.sha256.size)
        // HMAC takes a null key as "the key of the call before", and an empty array may have no address.
        let key = key.isEmpty ? [0] : key
        let result = unsafe HMAC(Algorithm.sha256.method, key, Int32(key.count), message, message.count, &code, nil)
        precondition(unsafe result != nil, "HMAC over bytes in memory cannot fail")
        return code
    }
}
