import CLinux
import Glibc

/// Where a socket listens or connects to: `127.0.0.1:8080`, `[::1]:8080` or `unix:/run/magpie.sock`.
package enum SocketAddress: Hashable, Sendable {
    case ipv4(IPv4Bytes, port: UInt16)
    case ipv6(IPv6Bytes, port: UInt16, scope: UInt32 = 0)
    case unix(path: String)

    package typealias IPv4Bytes = UInt32
    /// The address as two big-endian halves.
    package struct IPv6Bytes: Hashable, Sendable {
        package var high: UInt64
        package var low: UInt64

        package init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }
    }

    /// Numeric addresses only; a name needs the `Resolver`.
    package init?(parsing text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty, !path.utf8.contains(0), path.utf8.count < SocketAddress.unixPathCapacity else {
                return nil
            }
            self = .unix(path: path)
            return
        }
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = SocketAddress.parsePort(text[text.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.utf8.first == UInt8(ascii: "[") {
            guard host.utf8.last == UInt8(ascii: "]"), host.utf8.contains(UInt8(ascii: ":")) else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.utf8.contains(UInt8(ascii: ":")) {
            return nil
        }
        self.init(numericHost: String(host), port: port)
    }

    /// `192.0.2.1` or `2001:db8::1`, without brackets.
    package init?(numericHost host: String, port: UInt16) {
        var four = in_addr()
        var six = in6_addr()
        // inet_pton reads a NUL-terminated text and writes 4 or 16 bytes, the sizes of in_addr and in6_addr.
        if unsafe inet_pton(AF_INET, host, &four) == 1 {
            self = .ipv4(UInt32(bigEndian: four.s_addr), port: port)
        } else if unsafe inet_pton(AF_INET6, host, &six) == 1 {
            self = .ipv6(IPv6Bytes(six), port: port)
        } else {
            return nil
        }
    }

    /// The port; nil for a Unix socket.
    package var port: UInt16? {
        switch self {
        case .ipv4(_, let port), .ipv6(_, let port, _): port
        case .unix: nil
        }
    }

    package func with(port: UInt16) -> SocketAddress {
        switch self {
        case .ipv4(let bytes, _): .ipv4(bytes, port: port)
        case .ipv6(let bytes, _, let scope): .ipv6(bytes, port: port, scope: scope)
        case .unix: self
        }
    }

    /// The four or sixteen bytes of the address in network order; nil for a Unix socket.
    package var ipBytes: [UInt8]? {
        switch self {
        case .ipv4(let bytes, _): SocketAddress.bigEndianBytes(bytes)
        case .ipv6(let bytes, _, _): SocketAddress.bigEndianBytes(bytes.high) + SocketAddress.bigEndianBytes(bytes.low)
        case .unix: nil
        }
    }

    package var isLoopback: Bool {
        switch self {
        case .ipv4(let bytes, _): bytes >> 24 == 127
        case .ipv6(let bytes, _, _):
            bytes.high == 0 && (bytes.low == 1 || bytes.low >> 24 == 0xFFFF_7F)
        case .unix: true
        }
    }

    /// One byte less is the longest path: the kernel wants the NUL inside `sun_path`.
    static let unixPathCapacity = 108

    private static func parsePort(_ text: Substring) -> UInt16? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt16(text)
    }

    private static func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
        stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

extension SocketAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ipv4(let bytes, let port):
            "\(bytes >> 24).\(bytes >> 16 & 255).\(bytes >> 8 & 255).\(bytes & 255):\(port)"
        case .ipv6(let bytes, let port, _):
            "[\(bytes)]:\(port)"
        case .unix(let path):
            "unix:\(path)"
        }
    }
}

extension SocketAddress.IPv6Bytes: CustomStringConvertible {
    init(_ address: in6_addr) {
        let (high, low) = unsafe withUnsafeBytes(of: address) { bytes in
            // in6_addr is sixteen bytes.
            unsafe (
                bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
        self.init(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
    }

    var address: in6_addr {
        var address = in6_addr()
        unsafe withUnsafeMutableBytes(of: &address) { bytes in
            // As above.
            unsafe bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
            unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return address
    }

    package var description: String {
        var address = address
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        // inet_ntop reads sixteen bytes and writes at most INET6_ADDRSTRLEN, NUL included.
        guard unsafe inet_ntop(AF_INET6, &address, &text, socklen_t(text.count)) != nil else { return "::" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
