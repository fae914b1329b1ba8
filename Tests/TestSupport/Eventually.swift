import Glibc

/// Tries again until it holds, for a while at most.
package func eventually(seconds: Int = 10, _ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<(40 * seconds) {
        if try condition() { return true }
        usleep(25_000)
    }
    return false
}
