/// AES-256-GCM: bytes hidden and protected against change, as `nonce ‖ ciphertext ‖ tag`.
///
/// The nonce is 96 random bits (NIST SP 800-38D §8.2.2), sound for 2³² messages under one key.
package enum AEAD {
    package static let keyLength = 32
    private static let nonceLength = 12
    private static let tagLength = 16

    /// `context` is authenticated and not sealed: `open` must be given the same.
    package static func seal(_ plaintext: [UInt8], key: [UInt8], context: [UInt8] = []) -> [UInt8] {
        seal(plaintext, key: key, context: context, nonce: Random.bytes(nonceLength))
    }

    package static func open(
        _ sealed: [UInt8], key: [UInt8], context: [UInt8] = []
    ) throws(SecureError) -> [UInt8] {
        guard sealed.count >= nonceLength + tagLength else { throw .tampered }
        // Its nonce stands at the front.
        let pass = Cipher.aes256GCM.begin(.decrypt, key: key, iv: sealed[..<nonceLength])
        pass.setTag(sealed.suffix(tagLength))
        pass.authenticate(context)
        var plaintext: [UInt8] = []
        guard pass.run(sealed.dropFirst(nonceLength).dropLast(tagLength), appendingTo: &plaintext) else {
            throw .tampered
        }
        return plaintext
    }

    // For `seal` and for known answers, which prescribe a nonce. A nonce used twice under one key gives both messages away.
    static func seal(_ plaintext: [UInt8], key: [UInt8], context: [UInt8], nonce: [UInt8]) -> [UInt8] {
        let pass = Cipher.aes256GCM.begin(.encrypt, key: key, iv: nonce[...])
        pass.authenticate(context)
        var sealed = nonce
        let isSealed = pass.run(plaintext[...], appendingTo: &sealed)
        precondition(isSealed, "encryption in memory cannot fail")
        sealed += pass.tag()
        return sealed
    }
}
