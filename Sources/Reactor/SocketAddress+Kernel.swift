import CLinux
import Glibc

/// The kernel's own shape of an address.
extension SocketAddress {
    var family: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// Lends the address as a `sockaddr` for one system call. A path that is too long fails like the call itself.
    func withKernelAddress(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        switch self {
        case .ipv4(let bytes, let port):
            var raw = sockaddr_in()
            raw.sin_family = sa_family_t(AF_INET)
            raw.sin_port = port.bigEndian
            raw.sin_addr.s_addr = bytes.bigEndian
            return unsafe Self.lend(&raw, count: MemoryLayout<sockaddr_in>.size, to: call)
        case .ipv6(let bytes, let port, let scope):
            var raw = sockaddr_in6()
            raw.sin6_family = sa_family_t(AF_INET6)
            raw.sin6_port = port.bigEndian
            raw.sin6_addr = bytes.address
            raw.sin6_scope_id = scope
            return unsafe Self.lend(&raw, count: MemoryLayout<sockaddr_in6>.size, to: call)
        case .unix(let path):
            guard path.utf8.count < Self.unixPathCapacity else {
                errno = ENAMETOOLONG
                return -1
            }
            var raw = sockaddr_un()
            raw.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &raw.sun_path) { space in
                // Shorter than sun_path, whose rest stays zero: the length was checked above.
                unsafe space.copyBytes(from: path.utf8)
            }
            return unsafe Self.lend(&raw, count: MemoryLayout<sockaddr_un>.size, to: call)
        }
    }

    /// Every sockaddr_… begins with the fields of sockaddr, and the length given is that of the real type.
    private static func lend<Raw>(
        _ raw: inout Raw, count: Int, to call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        unsafe withUnsafePointer(to: &raw) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe call($0, socklen_t(count)) }
        }
    }

    /// Runs a system call that writes an address (`accept4`, `getsockname`) and reads the address.
    static func reading(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> (result: Int32, address: SocketAddress?) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            // sockaddr_storage has room for every address and the alignment of each.
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe call($0, &length) }
        }
        guard result >= 0 else { return (result, nil) }
        return unsafe withUnsafeBytes(of: &storage) { bytes in
            unsafe (result, SocketAddress(kernel: UnsafeRawBufferPointer(rebasing: bytes[..<Int(length)])))
        }
    }

    /// Reads what the kernel or the resolver wrote. An address family we do not speak is nil.
    init?(kernel bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= MemoryLayout<sa_family_t>.size else { return nil }
        // Each load stays within the size checked just before it.
        switch Int32(unsafe bytes.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET where bytes.count >= MemoryLayout<sockaddr_in>.size:
            let raw = unsafe bytes.loadUnaligned(as: sockaddr_in.self)
            self = .ipv4(UInt32(bigEndian: raw.sin_addr.s_addr), port: UInt16(bigEndian: raw.sin_port))
        case AF_INET6 where bytes.count >= MemoryLayout<sockaddr_in6>.size:
            let raw = unsafe bytes.loadUnaligned(as: sockaddr_in6.self)
            self = .ipv6(IPv6Bytes(raw.sin6_addr), port: UInt16(bigEndian: raw.sin6_port), scope: raw.sin6_scope_id)
        case AF_UNIX:
            // An unnamed peer has no path at all; a named one ends with NUL or with the length.
            let path = unsafe bytes.dropFirst(MemoryLayout<sa_family_t>.size).prefix { $0 != 0 }
            self = .unix(path: unsafe String(decoding: path, as: UTF8.self))
        default:
            return nil
        }
    }
}
