internal import COpenSSL

/// Whether two byte strings are equal, in a time that tells their lengths and nothing of where they differ.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}
