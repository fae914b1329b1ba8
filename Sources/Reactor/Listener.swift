import CLinux
import Glibc
import Synchronization

/// A listening socket, closed when its last holder lets go. A loop takes connections from it through an `Acceptor`.
package final class Listener: Sendable {
    /// Where it really listens: the port is the kernel's choice where 0 was asked for.
    package let address: SocketAddress
    let descriptor: Int32
    /// Whether several loops watch this one socket.
    let isShared: Bool
    private let file: SocketFile?
    private let ending = Mutex(Ending())

    private struct Ending {
        var hasBegun = false
        /// Where acceptors wait.
        var loops: [Loop] = []
    }

    private init(_ descriptor: Int32, _ address: SocketAddress, isShared: Bool, file: SocketFile? = nil) {
        self.descriptor = descriptor
        self.address = address
        self.isShared = isShared
        self.file = file
    }

    deinit {
        file?.remove()
        close(descriptor)
    }

    /// Ends the accepting, from any thread: each acceptor takes what has already arrived, then its `next` returns nil.
    package func stop() {
        let loops = ending.withLock { ending in
            ending.hasBegun = true
            return ending.loops
        }
        for loop in loops { loop.nudgeReaders() }
    }

    /// From now on whoever connects is refused. The socket itself lives as long as somebody holds it, and would take
    /// connections meanwhile that nobody answers.
    func refuse() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    var isStopping: Bool { ending.withLock { $0.hasBegun } }

    func isAccepted(on loop: Loop) {
        ending.withLock { $0.loops.append(loop) }
    }

    /// Listens at an address, with one listener per loop. For TCP they are `count` sockets between which the kernel
    /// distributes connections (SO_REUSEPORT); a Unix path can have one socket only, which all loops watch.
    package static func open(
        _ address: SocketAddress, count: Int, backlog: Int32 = 4_096
    ) throws(IOError) -> [Listener] {
        if case .unix(let path) = address {
            let listener = try openUnix(address, path: path, isShared: count > 1, backlog: backlog)
            return Array(repeating: listener, count: count)
        }
        let first = try bindTCP(address, sharingPort: false)
        // SO_REUSEPORT only after the first `bind`: otherwise a second server started by mistake would take half of
        // this one's connections instead of being told that the address is in use.
        if count > 1 { try Socket.set(first.descriptor, SOL_SOCKET, SO_REUSEPORT) }
        var listeners = [first]
        while listeners.count < count { listeners.append(try bindTCP(first.address, sharingPort: true)) }
        for listener in listeners {
            guard listen(listener.descriptor, backlog) == 0 else { throw .last }
        }
        return listeners
    }

    private static func bindTCP(_ address: SocketAddress, sharingPort: Bool) throws(IOError) -> Listener {
        let descriptor = try Socket.open(address)
        do throws(IOError) {
            // A restart must not wait for the old connections' TIME-WAIT.
            try Socket.set(descriptor, SOL_SOCKET, SO_REUSEADDR)
            if sharingPort { try Socket.set(descriptor, SOL_SOCKET, SO_REUSEPORT) }
            // Linux hands this option on to accepted sockets, which saves them the call.
            Socket.setNoDelay(descriptor, for: address)
            // A valid address of the length given, lent for the call.
            guard unsafe address.withKernelAddress({ unsafe bind(descriptor, $0, $1) }) == 0 else { throw IOError.last }
            let bound = unsafe SocketAddress.reading { unsafe getsockname(descriptor, $0, $1) }.address
            return Listener(descriptor, bound ?? address, isShared: false)
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func openUnix(
        _ address: SocketAddress, path: String, isShared: Bool, backlog: Int32
    ) throws(IOError) -> Listener {
        let descriptor = try Socket.open(address)
        do throws(IOError) {
            // A valid address of the length given, lent for the calls.
            if unsafe address.withKernelAddress({ unsafe bind(descriptor, $0, $1) }) != 0 {
                let error = IOError.last
                guard error == .addressInUse, SocketFile(at: path) != nil, try !isAnswered(address) else { throw error }
                // Left over from a process that is gone. Between the look and this another one could start; then the
                // second `bind` fails, or one of the two loses its file: the price of having no lock file.
                // `unlink` gets a NUL-terminated copy for the call.
                _ = unsafe unlink(path)
                guard unsafe address.withKernelAddress({ unsafe bind(descriptor, $0, $1) }) == 0 else {
                    throw IOError.last
                }
            }
            guard listen(descriptor, backlog) == 0 else { throw IOError.last }
            return Listener(descriptor, address, isShared: isShared, file: SocketFile(at: path))
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Whether somebody listens at the path; a full backlog (EAGAIN) is somebody, too.
    private static func isAnswered(_ address: SocketAddress) throws(IOError) -> Bool {
        let probe = try Socket.open(address)
        defer { close(probe) }
        // A valid address of the length given, lent for the call.
        let code = unsafe address.withKernelAddress { unsafe connect(probe, $0, $1) }
        return code == 0 || errno != ECONNREFUSED
    }
}

/// The file of a Unix socket, remembered by its inode, so that only our own is ever removed.
private struct SocketFile: Sendable {
    let path: String
    let device: UInt
    let inode: UInt

    /// Nil unless a socket is there.
    init?(at path: String) {
        var status = stat()
        // lstat writes a `struct stat`.
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        self.path = path
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
    }

    func remove() {
        guard let now = SocketFile(at: path), now.device == device, now.inode == inode else { return }
        // A NUL-terminated copy for the call.
        _ = unsafe unlink(path)
    }
}
