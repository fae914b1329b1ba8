import CLinux
import Glibc

/// What the kernel or the resolver said: an `errno` when positive, a `getaddrinfo` code (glibc's are negative) otherwise.
///
/// An open set from outside, so a raw value with names for the ones callers decide upon:
/// `catch .timedOut`, `catch .refused`.
package struct IOError: Error, RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// A deadline passed, ours or the kernel's own.
    package static let timedOut = IOError(rawValue: ETIMEDOUT)
    /// The task was cancelled while it waited.
    package static let cancelled = IOError(rawValue: ECANCELED)
    package static let refused = IOError(rawValue: ECONNREFUSED)
    /// The peer sent a RST.
    package static let reset = IOError(rawValue: ECONNRESET)
    /// Written to after the peer, or this side, had closed.
    package static let closed = IOError(rawValue: EPIPE)
    package static let addressInUse = IOError(rawValue: EADDRINUSE)
    package static let noSuchFile = IOError(rawValue: ENOENT)
    package static let outOfDescriptors = IOError(rawValue: EMFILE)
    /// What arrived is not what the protocol below HTTP allows.
    package static let badProtocol = IOError(rawValue: EPROTO)
    package static let pathTooLong = IOError(rawValue: ENAMETOOLONG)
    /// The resolver knows no such name.
    package static let nameNotFound = IOError(rawValue: EAI_NONAME)
    /// The name exists and has no address of a family this machine speaks (or the other way to say "no such name").
    package static let resolverFailed = IOError(rawValue: EAI_FAIL)

    /// Whether the name could not be turned into an address, for whatever reason.
    package var isResolution: Bool { rawValue < 0 }

    static var last: IOError { IOError(rawValue: errno) }
}

extension IOError: CustomStringConvertible {
    package var description: String {
        if rawValue < 0 {
            // gai_strerror returns a pointer to a constant, or nil for an unknown code.
            guard let text = unsafe gai_strerror(rawValue) else { return "resolver error \(rawValue)" }
            return unsafe String(cString: text)
        }
        var text = [CChar](repeating: 0, count: 128)
        // The POSIX strerror_r writes a NUL-terminated text of at most the length given.
        guard unsafe strerror_r(rawValue, &text, text.count) == 0 else { return "errno \(rawValue)" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
