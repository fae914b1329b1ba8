/// AES in CBC mode, which WeChat's message encryption and `encryptedData` prescribe. It protects nothing against
/// change: what is opened with it must be verified by other means.
package enum CBC {
    package enum Padding: Sendable {
        /// PKCS #7 to 16 bytes.
        case pkcs7
        /// None: the caller pads, as WeChat does to 32 bytes.
        case none
    }

    /// AES-128 for a key of 16 bytes, AES-256 for one of 32; the vector has 16.
    package static func encrypt(
        _ plaintext: [UInt8], key: [UInt8], iv: [UInt8], padding: Padding = .pkcs7
    ) throws(SecureError) -> [UInt8] {
        if padding == .none && !plaintext.count.isMultiple(of: blockLength) { throw .partialBlock }
        let pass = cipher(for: key).begin(.encrypt, key: key, iv: iv[...])
        if padding == .none { pass.withoutPadding() }
        var ciphertext: [UInt8] = []
        let isEncrypted = pass.run(plaintext[...], appendingTo: &ciphertext)
        precondition(isEncrypted, "encryption of whole blocks cannot fail")
        return ciphertext
    }

    package static func decrypt(
        _ ciphertext: [UInt8], key: [UInt8], iv: [UInt8], padding: Padding = .pkcs7
    ) throws(SecureError) -> [UInt8] {
        guard ciphertext.count.isMultiple(of: blockLength) else { throw .partialBlock }
        let pass = cipher(for: key).begin(.decrypt, key: key, iv: iv[...])
        if padding == .none { pass.withoutPadding() }
        var plaintext: [UInt8] = []
        guard pass.run(ciphertext[...], appendingTo: &plaintext) else { throw .badPadding }
        return plaintext
    }

    private static let blockLength = 16

    private static func cipher(for key: [UInt8]) -> Cipher {
        key.count == 16 ? .aes128CBC : .aes256CBC
    }
}
