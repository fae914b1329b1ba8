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

    /// 64 bits, for the id of a request: nothing is allocated on the way.
    package static func number() -> UInt64 {
        var number: UInt64 = 0
        unsafe withUnsafeMutableBytes(of: &number) { unsafe fill($0) }
        return number
    }

    /// `length` letters and digits, each of the 62 equally likely. For names and nonces, which are no secrets: see
    /// `CharacterReserve`.
    package static func alphanumeric(_ length: Int) -> String {
        unsafe String(unsafeUninitializedCapacity: length) { text in
            characters.withLock { unsafe $0.take(into: UnsafeMutableBufferPointer(rebasing: text[..<length])) }
            return length
        }
    }

    /// Sixteen of them, for the nonce of a signature: nothing is allocated on the way.
    package static func nonce() -> InlineArray<16, UInt8> {
        var nonce = InlineArray<16, UInt8>(repeating: 0)
        var span = nonce.mutableSpan
        unsafe span.withUnsafeMutableBufferPointer { text in
            characters.withLock { unsafe $0.take(into: text) }
        }
        return nonce
    }

    private static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        if buffer.count <= Reserve.largestDraw {
            reserve.withLock { unsafe $0.draw(into: buffer) }
        } else {
            unsafe generate(into: buffer)
        }
    }

    private static let reserve = Mutex(Reserve())
    private static let characters = Mutex(CharacterReserve())
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

/// Random letters and digits made ahead, many at a time: one by one they cost three times as much. Unlike those of the
/// other reserve they are not wiped as they are used: what is made of them goes out in the clear.
// Sendable although it holds a pointer: the memory is reached through `take` alone, under the lock.
@safe private struct CharacterReserve: ~Copyable, @unchecked Sendable {
    private static let capacity = 1024
    // Allocated once and kept for the life of the process.
    private let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: capacity)
    private var position = 0
    private var end = 0

    mutating func take(into text: UnsafeMutableBufferPointer<UInt8>) {
        var filled = 0
        while filled < text.count {
            if position == end { refill() }
            let count = min(text.count - filled, end - position)
            let taken = unsafe UnsafeMutableBufferPointer(rebasing: memory[position..<position + count])
            let place = unsafe UnsafeMutableBufferPointer(rebasing: text[filled..<filled + count])
            _ = unsafe place.initialize(fromContentsOf: taken)
            position += count
            filled += count
        }
    }

    private mutating func refill() {
        unsafe generate(into: UnsafeMutableRawBufferPointer(memory))
        var kept = 0
        for index in 0..<Self.capacity {
            // 248 is the largest multiple of 62 in a byte: what lies above is left out, or the first eight characters of
            // the alphabet would come up more often. Each goes behind those that are kept, and so before the next read.
            let byte = unsafe memory[index]
            unsafe memory[kept] = byte
            kept &+= byte < 248 ? 1 : 0
        }
        // Apart from that, so that it goes many at a time.
        for index in 0..<kept { unsafe memory[index] = Self.character(memory[index] % 62) }
        (position, end) = (0, kept)
    }

    /// The capital letters, the small ones, the digits. Arithmetic, not a table, for `Hex`'s reason.
    private static func character(_ number: UInt8) -> UInt8 {
        number &+ (number < 26 ? 65 : number < 52 ? 71 : UInt8(bitPattern: -4))
    }
}

private func generate(into buffer: UnsafeMutableRawBufferPointer) {
    // Without randomness nothing this process does is safe, and OpenSSL reseeds itself from the kernel: it fails only
    // when the kernel does.
    precondition(unsafe RAND_bytes(buffer.baseAddress, Int32(buffer.count)) == 1, "the random generator failed")
}
