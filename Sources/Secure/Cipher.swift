internal import COpenSSL

/// One cipher, fetched once for the process, and the one pass over a message that AEAD and CBC share.
@safe final class Cipher: Sendable {
    static let aes256GCM = Cipher("AES-256-GCM")
    static let aes128CBC = Cipher("AES-128-CBC")
    static let aes256CBC = Cipher("AES-256-CBC")

    // A fetched EVP_CIPHER is immutable and never freed, and OpenSSL lets any number of threads use one.
    nonisolated(unsafe) private let method: OpaquePointer

    private init(_ name: String) {
        guard let method = unsafe EVP_CIPHER_fetch(nil, name, nil) else {
            preconditionFailure("OpenSSL's default provider always has \(name)")
        }
        unsafe self.method = unsafe method
    }

    enum Direction: Int32 {
        case decrypt
        case encrypt
    }

    /// A context keyed and ready; the caller's scope owns it, and freeing it wipes the key schedule.
    func begin(_ direction: Direction, key: [UInt8], iv: ArraySlice<UInt8>) -> CipherPass {
        precondition(unsafe key.count == EVP_CIPHER_get_key_length(method), "the key has the cipher's length")
        precondition(unsafe iv.count == EVP_CIPHER_get_iv_length(method), "the vector has the cipher's length")
        guard let context = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("out of memory") }
        let isReady = unsafe iv.withUnsafeBufferPointer { iv in
            unsafe EVP_CipherInit_ex2(context, method, key, iv.baseAddress, direction.rawValue, nil) == 1
        }
        precondition(isReady, "a key and vector of the right length are always accepted")
        return unsafe CipherPass(context: context)
    }
}

/// One message on its way through a cipher.
@safe struct CipherPass: ~Copyable {
    private let context: OpaquePointer

    init(context: OpaquePointer) {
        unsafe self.context = unsafe context
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(context)
    }

    func withoutPadding() {
        _ = unsafe EVP_CIPHER_CTX_set_padding(context, 0)
    }

    /// Bytes that GCM's tag covers without hiding them.
    func authenticate(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        var written: Int32 = 0
        let isTaken = unsafe EVP_CipherUpdate(context, nil, &written, bytes, Int32(bytes.count)) == 1
        precondition(isTaken, "associated data is only hashed")
    }

    /// Appends what the cipher makes of `input`, and the last block; false when padding or tag do not fit.
    func run(_ input: ArraySlice<UInt8>, appendingTo output: inout [UInt8]) -> Bool {
        precondition(input.count < Int32.max - 64, "OpenSSL counts in 32 bits")
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: input.count + Int(EVP_MAX_BLOCK_LENGTH)))
        var (written, last): (Int32, Int32) = (0, 0)
        let isWhole = unsafe output.withUnsafeMutableBufferPointer { output in
            unsafe input.withUnsafeBufferPointer { input in
                // `start` lies inside the buffer, which was just made longer.
                guard let target = unsafe output.baseAddress.map({ unsafe $0 + start }) else { return false }
                // A null input would end the message for GCM, hence no call for an empty one.
                if !input.isEmpty {
                    guard unsafe EVP_CipherUpdate(context, target, &written, input.baseAddress, Int32(input.count)) == 1
                    else { return false }
                }
                return unsafe EVP_CipherFinal_ex(context, target + Int(written), &last) == 1
            }
        }
        // A bad tag or padding leaves an entry in this thread's error queue, which a later TLS call would read as its own.
        if !isWhole { ERR_clear_error() }
        output.removeSubrange((start + (isWhole ? Int(written) + Int(last) : 0))...)
        return isWhole
    }

    func setTag(_ tag: ArraySlice<UInt8>) {
        let isSet = unsafe tag.withUnsafeBytes { tag in
            // The call takes what it only reads as if it wrote.
            unsafe EVP_CIPHER_CTX_ctrl(
                context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), UnsafeMutableRawPointer(mutating: tag.baseAddress))
                == 1
        }
        precondition(isSet, "a tag of 16 bytes is always accepted")
    }

    func tag() -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: 16)
        let isRead = unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1
        precondition(isRead, "a finished GCM encryption has a tag")
        return tag
    }
}
