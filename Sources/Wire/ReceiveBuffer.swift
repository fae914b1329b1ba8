/// Bytes that have been received and not yet consumed: the kernel writes at one end, a parser takes from the other.
///
/// The array is as long as its memory and filled with zeros once, so that a read needs no initialising; `start` and
/// `end` bound what counts. Offsets in every method are from `start`, and stay right when bytes are moved down.
///
/// A parser looks at a span over a second reference to `storage`: a function cannot return a span, and the span of the
/// property itself would keep the whole parser from changing. Nothing is copied, since nothing is written meanwhile.
struct ReceiveBuffer: Sendable {
    private(set) var storage: [UInt8] = []
    private var start = 0
    private var end = 0

    /// Where in `storage` the unconsumed bytes are.
    var filled: Range<Int> { start..<end }

    var count: Int { end - start }
    var isEmpty: Bool { start == end }

    subscript(offset: Int) -> UInt8 { storage[start + offset] }

    mutating func withSpareCapacity<Failure: Error>(
        atLeast minimum: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) -> Int {
        makeRoom(for: max(minimum, 1))
        let used = end
        let outcome: Result<Int, Failure> = storage.withUnsafeMutableBytes { all in
            Result { () throws(Failure) in try body(UnsafeMutableRawBufferPointer(rebasing: all[used...])) }
        }
        let written = try outcome.get()
        precondition((0...storage.count - end).contains(written), "more bytes written than there was room for")
        end += written
        return written
    }

    mutating func append(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        makeRoom(for: bytes.count)
        storage.replaceSubrange(end..<end + bytes.count, with: bytes)
        end += bytes.count
    }

    mutating func consume(_ count: Int) {
        precondition(count <= self.count, "consumes more than is there")
        start += count
        if start == end { (start, end) = (0, 0) }
    }

    /// Gives the memory back; what is unconsumed stays.
    mutating func releaseMemory() {
        storage = Array(storage[start..<end])
        (start, end) = (0, storage.count)
    }

    func copy(_ range: Range<Int>) -> [UInt8] {
        Array(storage[(start + range.lowerBound)..<(start + range.upperBound)])
    }

    func append(_ range: Range<Int>, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: storage[(start + range.lowerBound)..<(start + range.upperBound)])
    }

    private mutating func makeRoom(for space: Int) {
        guard storage.count - end < space else { return }
        if start > 0 {
            storage.withUnsafeMutableBufferPointer { all in
                // Downwards and within the array: `update` goes upwards and reads each byte before it is overwritten.
                for index in start..<end { all[index - start] = all[index] }
            }
            (start, end) = (0, end - start)
        }
        guard storage.count - end < space else { return }
        let wanted = max(end + space, min(storage.count * 2, end + space * 4))
        storage.append(contentsOf: repeatElement(0, count: wanted - storage.count))
    }
}
