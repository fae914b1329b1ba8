import CLinux
import Glibc

/// Tells systemd how far the service is (sd_notify(3)): `Type=notify-reload` then waits for it, and `systemctl reload`
/// for the end of the reload. Without `$NOTIFY_SOCKET`, that is without systemd, it says nothing.
package enum SystemdNotice {
    case ready
    /// Must be followed by `ready`.
    case reloading
    case stopping

    package func send() {
        guard let socketName = unsafe getenv("NOTIFY_SOCKET") else { return }
        // getenv's text is NUL-terminated, and nobody sets variables here.
        send(to: unsafe String(cString: socketName))
    }

    /// - Parameter name: a path, or `@` and an abstract name.
    func send(to name: String) {
        var bytes = Array(name.utf8)
        guard (2..<SocketAddress.unixPathCapacity).contains(bytes.count) else { return }
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // Shorter than sun_path, whose rest stays zero: the length was checked above.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let text = Array(text.utf8)
        // An abstract name ends with the address; of a path the kernel reads up to the NUL.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        // The address is a sockaddr_un of at least that length, and the text as long as it says.
        _ = unsafe withUnsafePointer(to: &address) { whole in
            unsafe whole.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), address, length)
            }
        }
    }

    private var text: String {
        switch self {
        case .ready: "READY=1"
        // systemd takes only a `ready` for the end that comes after this moment.
        case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(Deadline.now().nanoseconds / 1_000)"
        case .stopping: "STOPPING=1"
        }
    }
}
