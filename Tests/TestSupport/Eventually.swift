import Glibc

/// Tries again until it holds, ten seconds at most.
package func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<400 {
        if try condition() { return true }
        usleep(25_000)
    }
    return false
}
