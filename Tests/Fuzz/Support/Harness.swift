/// What every fuzz target shares: the door through which libFuzzer hands over an input, and the words of an oracle.
///
/// A target is one file of `Tests/Fuzz`. It imports the rooms it needs, `@testable`, and defines
/// `func examine(_ input: [UInt8])`, which ends the process by `require` when the code under test breaks a promise.
/// `.ci/fuzz` builds it and says how to run it.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    examine(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// An oracle: what must be true whatever the input is. libFuzzer keeps the input for which it is not.
func require(_ isKept: Bool, _ promise: @autoclosure () -> String) {
    if !isKept { fatalError(promise()) }
}

/// Makes choices out of the input itself (FNV-1a, then SplitMix64): the same input makes the same choices, and a seed
/// stays the plain text that it is.
struct Choices: RandomNumberGenerator {
    private var state: UInt64

    init(from input: [UInt8]) {
        state = input.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The input cut into pieces as reads of a connection may cut it: mostly a few, sometimes byte by byte.
    mutating func pieces(of input: [UInt8]) -> [ArraySlice<UInt8>] {
        let longest = [1, 3, 16, max(1, input.count)].randomElement(using: &self) ?? 1
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        while start < input.count {
            let end = min(input.count, start + Int.random(in: 1...longest, using: &self))
            pieces.append(input[start..<end])
            start = end
        }
        return pieces
    }
}

/// An input as lines, for targets that need several values: a seed stays readable.
struct Sections {
    private var rest: ArraySlice<UInt8>

    init(_ input: [UInt8]) {
        rest = input[...]
    }

    /// The bytes up to the next line feed, which is dropped.
    mutating func next() -> [UInt8] {
        let line = rest.prefix { $0 != 0x0A }
        rest = rest.dropFirst(line.count + 1)
        return Array(line)
    }

    mutating func nextText() -> String { String(decoding: next(), as: UTF8.self) }

    /// All that is left.
    var remainder: [UInt8] { Array(rest) }
}
