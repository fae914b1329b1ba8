// Does Address Sanitizer see what it should? `.ci/sanitize` runs this before it believes a run without reports: with
// `planted` and `leaked` there must be a report, without them none.
import Glibc

final class Chain {
    var next: Chain?
    let bytes = [UInt8](repeating: 1, count: 100)
}

/// Two objects that hold each other and that nobody else holds.
@inline(never) func leak() {
    let first = Chain()
    first.next = Chain()
    first.next?.next = first
}

/// Reads one byte after the end.
@inline(never) func overrun() -> UInt8 {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 16)
    bytes.initialize(repeating: 1, count: 16)
    defer { bytes.deallocate() }
    return bytes[CommandLine.arguments.count + 14]
}

/// Overwrites what the calls before have left on the stack.
@inline(never) func forget() -> Int {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 8_192) { space in
        space.initialize(repeating: 0)
        return space.count
    }
}

if CommandLine.arguments.contains("planted") { print(overrun()) }
if CommandLine.arguments.contains("leaked") {
    for _ in 0..<10 { leak() }
    print(forget())
}
