internal import COpenSSL

/// Keys derived from a secret of full strength (RFC 5869); not for passwords.
package enum KDF {
    /// `info` names the use, so that two uses of one secret get unrelated keys.
    package static func hkdfSHA256(
        key: [UInt8], salt: [UInt8] = [], info: [UInt8], length: Int
    ) -> [UInt8] {
        precondition(!key.isEmpty, "nothing can be derived from an empty secret")
        precondition((1...255 * 32).contains(length), "HKDF-SHA256 gives at most 255 blocks")
        guard let context = unsafe EVP_KDF_CTX_new(method) else { preconditionFailure("out of memory") }
        defer { unsafe EVP_KDF_CTX_free(context) }
        var output = [UInt8](repeating: 0, count: length)
        let isDerived = unsafe shim_hkdf_sha256(
            context, key, key.count, salt, salt.count, info, info.count, &output, length)
        precondition(isDerived == 1, "HKDF within its length limit cannot fail")
        return output
    }

    /// 32 bytes from a secret that is uniformly random, such as one of ours: SHA-256 of a counter, the secret and the use
    /// (NIST SP 800-56C rev. 2 §4.1, with one block).
    ///
    /// - Parameter context: for what of its use the key is, all of one length.
    package static func oneStepSHA256(key: Secret, info: StaticString, context: String = "") -> [UInt8] {
        precondition(!key.isEmpty, "nothing can be derived from an empty secret")
        var message: [UInt8] = [0, 0, 0, 1]
        key.withBytes { key in unsafe key.withUnsafeBufferPointer { unsafe message.append(contentsOf: $0) } }
        info.withUTF8Buffer { unsafe message.append(contentsOf: $0) }
        message.append(contentsOf: context.utf8)
        defer { unsafe message.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) } }
        return Digest.sha256(message)
    }

    // A fetched EVP_KDF is immutable and never freed, and OpenSSL lets any number of threads use one.
    nonisolated(unsafe) private static let method: OpaquePointer = {
        guard let method = unsafe EVP_KDF_fetch(nil, OSSL_KDF_NAME_HKDF, nil) else {
            preconditionFailure("OpenSSL's default provider always has HKDF")
        }
        return unsafe method
    }()
}
