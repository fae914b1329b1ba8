internal import COpenSSL

/// Bytes that no log, description, mirror or encoder shows, that compare in constant time, and whose memory is wiped
/// when the last copy is gone.
///
/// Deliberately neither `Encodable` nor `Hashable`, so that nothing writes it out by accident.
package struct Secret: Sendable, Equatable {
    private let storage: Storage

    package init(_ text: String) {
        self.init(bytes: Array(text.utf8))
    }

    package init(bytes: [UInt8]) {
        storage = Storage(bytes)
    }

    package var isEmpty: Bool { storage.isEmpty }

    /// The bytes, lent for the length of a call.
    package func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withBytes(body)
    }

    /// The text itself, for the one line that must send it. Every call is a place to review.
    package func reveal() -> String {
        withBytes { span in
            unsafe span.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The bytes themselves, for keys; as `reveal`, a place to review.
    package func revealBytes() -> [UInt8] {
        withBytes { span in
            unsafe span.withUnsafeBufferPointer { unsafe Array($0) }
        }
    }

    /// Constant-time, as `constantTimeEquals`.
    package static func == (left: Secret, right: Secret) -> Bool {
        left.storage.equals(right.storage)
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

// Sendable although it holds a pointer: the memory is written in `init` and `deinit` alone, where there is one owner.
@safe private final class Storage: @unchecked Sendable {
    private let memory: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        unsafe memory = .allocate(capacity: bytes.count)
        _ = unsafe memory.initialize(fromContentsOf: bytes)
    }

    deinit {
        unsafe OPENSSL_cleanse(memory.baseAddress, memory.count)
        unsafe memory.deallocate()
    }

    var isEmpty: Bool { unsafe memory.isEmpty }

    func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeBufferPointer(memory).span)
    }

    func equals(_ other: Storage) -> Bool {
        guard unsafe memory.count == other.memory.count else { return false }
        return unsafe CRYPTO_memcmp(memory.baseAddress, other.memory.baseAddress, memory.count) == 0
    }
}
