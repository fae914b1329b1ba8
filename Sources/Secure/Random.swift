internal import COpenSSL
internal import Synchronization

/// Unpredictable bytes from OpenSSL's generator, and the spellings that tokens and nonces have.
package enum Random {
    package static func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            unsafe fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
            written = count
        }
    }

    /// `bytes` random bytes in base64url: 32 give the 43 characters of a session id.
    package static func token(bytes count: Int = 32) -> String {
        Base64URL.encode(bytes(count))
    }

    /// `bytes` random bytes in hexadecimal: 32 give the 64 digits of an OAuth state.
    package static func hex(bytes count: Int) -> String {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { bytes in
            unsafe fill(UnsafeMutableRawBufferPointer(bytes))
            return unsafe Hex.encode(UnsafeBufferPointer(bytes).span)
        }
    }

    /// `length` letters and digits, each of the 62 equally likely.
    package static func alphanumeric(_ length: Int) -> String {
        var text: [UInt8] = []
        appendAlphanumeric(length, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The hot path's form, for the nonce of a reply under construction.
    package static func appendAlphanumeric(_ length: Int, to output: inout [UInt8]) {
        var missing = length
        while missing > 0 {
            // Half as many again as a nonce needs: a second draw would cost more.
            var draw = InlineArray<24, UInt8>(repeating: 0)
            var span = draw.mutableSpan
            unsafe span.withUnsafeMutableBytes { unsafe fill($0) }
            var text = InlineArray<24, UInt8>(repeating: 0)
            var used = 0
            // 248 is the largest multiple of 62 in a byte: what lies above is drawn again, or the first eight
            // characters of the alphabet would come up more often.
            for index in draw.indices where draw[index] < 248 && used < missing {
                text[used] = character(draw[index] % 62)
                used += 1
            }
            unsafe text.span.extracting(..<used).withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
            missing -= used
        }
    }

    /// The capital letters, the small ones, the digits. Arithmetic, not a table, for `Hex`'s reason.
    private static func character(_ number: UInt8) -> UInt8 {
        number &+ (number < 26 ? 65 : number < 52 ? 71 : UInt8(bitPattern: -4))
    }

    private static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        if buffer.count <= Reserve.largestDraw {
            reserve.withLock { unsafe $0.draw(into: buffer) }
        } else {
            unsafe generate(into: buffer)
        }
    }

    private static let reserve = Mutex(Reserve())
}

/// Random bytes fetched ahead: one call of the generator costs 650 ns however little it gives, a draw from here 20.
///
/// The process never forks without `exec`, so that no two processes share a reserve.
// Sendable although it holds a pointer: the memory is reached through `draw` alone, under the lock.
@safe private struct Reserve: ~Copyable, @unchecked Sendable {
    static let largestDraw = 64
    private static let capacity = 1024
    // Allocated once and kept for the life of the process.
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    private var position = capacity

    mutating func draw(into buffer: UnsafeMutableRawBufferPointer) {
        if position + buffer.count > Self.capacity {
            unsafe generate(into: memory)
            position = 0
        }
        let taken = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[position..<position + buffer.count])
        unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(taken))
        // Wiped as used: what was given out is no longer here to be read from a core file.
        unsafe OPENSSL_cleanse(taken.baseAddress, taken.count)
        position += buffer.count
    }
}

private func generate(into buffer: UnsafeMutableRawBufferPointer) {
    // Without randomness nothing this process does is safe, and OpenSSL reseeds itself from the kernel: it fails only
    // when the kernel does.
    precondition(unsafe RAND_bytes(buffer.baseAddress, Int32(buffer.count)) == 1, "the random generator failed")
}
