import CLinux
import Glibc
import Synchronization

/// Ports of 127.0.0.1 for servers that must know theirs before they start.
///
/// They lie below the kernel's own range for outgoing connections (32768 on Linux), so that no client takes one between
/// the look and the server's `bind`; and no two callers in this process get the same.
package enum FreePort {
    private static let range = 20_000..<32_000
    private static let next = Atomic(Int.random(in: range))

    package static func take() -> UInt16 {
        for _ in range {
            let number = next.add(1, ordering: .relaxed).oldValue
            let port = UInt16(range.lowerBound + number % range.count)
            if isFree(port) { return port }
        }
        preconditionFailure("no free port")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = openSocket()
        defer { close(descriptor) }
        return bindLoopback(descriptor, port)
    }
}

/// A TCP socket that the programs which tests start do not inherit; negative when there is none to be had.
func openSocket() -> Int32 {
    socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
}

/// Binds a socket to a port of 127.0.0.1, left-overs of earlier connections notwithstanding.
func bindLoopback(_ descriptor: Int32, _ port: UInt16) -> Bool {
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    return withLoopbackAddress(port) { bind(descriptor, $0, $1) } == 0
}

func withLoopbackAddress<Value>(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}
