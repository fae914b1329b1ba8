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
    private let family: Family
    private let ending = Mutex(Ending())

    private struct Ending {
        var began: Deadline?
        var hasLeft = false
        /// Where acceptors wait.
        var loops: [Loop] = []
    }

    /// The sockets of one `open`.
    private final class Family: Sendable {
        let count: Int
        /// The sockets of others that listened there before. Nil when the kernel does not tell.
        private let elders: Set<UInt64>?
        private let state: Mutex<State>

        private struct State {
            var left: Int
            var isSteering = false
            var isClosing = false
        }

        init(count: Int, elders: Set<UInt64>? = []) {
            self.count = count
            self.elders = elders
            state = Mutex(State(left: count))
        }

        /// Leads new connections to the sockets of others, if there are any. Once when all are about to close: later
        /// nobody could tell the places of those that are left.
        func steer(_ descriptor: Int32, at address: SocketAddress, isClosing: Bool) {
            state.withLock { state in
                guard !state.isClosing else { return }
                state.isClosing = isClosing
                guard let elders, let all = ListeningSockets.inodes(at: address) else { return }
                let elder = all.intersection(elders).count
                let younger = all.count - elder - count
                if elder > 0 {
                    PacketFilter.steer(descriptor, to: 0..<elder)
                } else if younger > 0 {
                    // The kernel moves the last socket of its list to the place of one that closes, and the first of
                    // the others stays where it is the longest.
                    PacketFilter.steer(descriptor, to: count..<(count + (isClosing ? 1 : younger)))
                } else {
                    return
                }
                state.isSteering = true
            }
        }

        /// The last one who leaves takes back what was asked of the kernel for the address, while it still can.
        func leave(_ descriptor: Int32) {
            state.withLock { state in
                state.left -= 1
                if state.left == 0, state.isSteering { PacketFilter.stopSteering(descriptor) }
            }
        }
    }

    private init(
        _ descriptor: Int32, _ address: SocketAddress, isShared: Bool, family: Family, file: SocketFile? = nil
    ) {
        self.descriptor = descriptor
        self.address = address
        self.isShared = isShared
        self.family = family
        self.file = file
    }

    deinit {
        file?.remove()
        leaveFamily()
        close(descriptor)
    }

    /// Another `patience` for the connections to come, see `open`.
    package func limitUnread(_ patience: Duration) {
        if file == nil { Socket.limitUnread(descriptor, patience) }
    }

    /// From now on new connections go to another process that listens at the same address, if one does: to the one
    /// that was there before, if it still is, else to the one that came. Once for all sockets of one `open`. The file
    /// of a Unix socket leads to the other process already.
    package func yieldToOthers() {
        if file == nil { family.steer(descriptor, at: address, isClosing: false) }
    }

    /// Ends the accepting, from any thread: each acceptor takes those who have arrived and whose handshake is under
    /// way, then its `next` returns nil.
    package func stop() {
        if let file {
            // Nobody finds the way any more.
            file.remove()
        } else {
            family.steer(descriptor, at: address, isClosing: true)
            PacketFilter.dropNewHandshakes(descriptor)
        }
        let loops = ending.withLock { ending in
            ending.began = ending.began ?? .now()
            return ending.loops
        }
        for loop in loops { loop.nudgeReaders() }
    }

    /// How long a client may take for the rest of its handshake: a round trip of a phone.
    private static let roundTrip = Duration.milliseconds(250)
    /// A peer that goes on connecting where nobody new is let in (a Unix socket that was opened before) ends some time.
    private static let longestEnd = Duration.seconds(2)

    /// When it may be closed: once nobody has come for a while. Nil while it is not stopping.
    func closing(lastArrival: Deadline?) -> Deadline? {
        guard let began = ending.withLock({ $0.began }) else { return nil }
        return min(max(began, lastArrival ?? began) + Self.roundTrip, began + Self.longestEnd)
    }

    /// From now on whoever connects is refused. The socket itself lives as long as somebody holds it, and would take
    /// connections meanwhile that nobody answers.
    func refuse() {
        leaveFamily()
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private func leaveFamily() {
        let isFirstTime = ending.withLock { ending in
            defer { ending.hasLeft = true }
            return !ending.hasLeft
        }
        if isFirstTime { family.leave(descriptor) }
    }

    var isStopping: Bool { ending.withLock { $0.began != nil } }

    func isAccepted(on loop: Loop) {
        ending.withLock { $0.loops.append(loop) }
    }

    /// Listens at an address, with one listener per loop. For TCP they are `count` sockets between which the kernel
    /// distributes connections (SO_REUSEPORT); a Unix path can have one socket only, which all loops watch.
    ///
    /// - Parameters:
    ///   - besideOthers: whether another process of the same user may listen there already, whose place this one takes.
    ///     Of a Unix path it takes over the name: whoever connects from now on comes here.
    ///   - patience: how long a client may take nothing of what waits for it in the kernel, see `Socket.limitUnread`.
    package static func open(
        _ address: SocketAddress, count: Int, besideOthers: Bool = false, backlog: Int32 = 4_096,
        patience: Duration? = nil
    ) throws(IOError) -> [Listener] {
        if case .unix(let path) = address {
            let listener = try openUnix(
                address, path: path, isShared: count > 1, replacing: besideOthers, backlog: backlog)
            return Array(repeating: listener, count: count)
        }
        let family = Family(count: count, elders: besideOthers ? ListeningSockets.inodes(at: address) : [])
        let first = try bindTCP(address, sharingPort: besideOthers, family)
        // SO_REUSEPORT only after the first `bind`: otherwise a second server started by mistake would take half of
        // this one's connections instead of being told that the address is in use.
        try Socket.set(first.descriptor, SOL_SOCKET, SO_REUSEPORT)
        var listeners = [first]
        while listeners.count < count { listeners.append(try bindTCP(first.address, sharingPort: true, family)) }
        for listener in listeners {
            // Like TCP_NODELAY, Linux hands these on to accepted sockets.
            if let patience { Socket.limitUnread(listener.descriptor, patience) }
            guard listen(listener.descriptor, backlog) == 0 else { throw .last }
        }
        return listeners
    }

    private static func bindTCP(
        _ address: SocketAddress, sharingPort: Bool, _ family: Family
    ) throws(IOError) -> Listener {
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
            return Listener(descriptor, bound ?? address, isShared: false, family: family)
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func openUnix(
        _ address: SocketAddress, path: String, isShared: Bool, replacing: Bool, backlog: Int32
    ) throws(IOError) -> Listener {
        if replacing { return try openInPlace(of: address, path: path, isShared: isShared, backlog: backlog) }
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
            return Listener(
                descriptor, address, isShared: isShared, family: Family(count: 1), file: SocketFile(at: path))
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Listens under another name first, and then takes the path's: at no moment is there nobody behind it. Whoever was
    /// let in by the old socket's mode is let in by the new one's.
    private static func openInPlace(
        of address: SocketAddress, path: String, isShared: Bool, backlog: Int32
    ) throws(IOError) -> Listener {
        // What is no socket is somebody's file. A NUL-terminated copy for the call.
        let former = SocketFile(at: path)
        guard unsafe former != nil || access(path, F_OK) != 0 else { throw .addressInUse }
        let besides = "\(path).\(getpid())"
        guard let temporary = SocketAddress(parsing: "unix:\(besides)") else { throw IOError(rawValue: ENAMETOOLONG) }
        let descriptor = try Socket.open(temporary)
        do throws(IOError) {
            // Left over from a process that had this one's number.
            _ = unsafe unlink(besides)
            // A valid address of the length given, lent for the call.
            guard unsafe temporary.withKernelAddress({ unsafe bind(descriptor, $0, $1) }) == 0 else {
                throw IOError.last
            }
            if let former {
                // NUL-terminated copies for the calls.
                guard unsafe chmod(besides, former.mode) == 0 else { throw IOError.last }
                // Only root may give a file away, others to a group of theirs: as far as it goes.
                _ = unsafe lchown(besides, former.owner, former.group)
            }
            // NUL-terminated copies for the call.
            guard listen(descriptor, backlog) == 0, unsafe rename(besides, path) == 0 else { throw IOError.last }
            return Listener(
                descriptor, address, isShared: isShared, family: Family(count: 1), file: SocketFile(at: path))
        } catch {
            _ = unsafe unlink(besides)
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
    let mode: mode_t
    let owner: uid_t
    let group: gid_t

    /// Nil unless a socket is there.
    init?(at path: String) {
        var status = stat()
        // lstat writes a `struct stat`.
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        self.path = path
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        mode = status.st_mode & 0o7777
        owner = status.st_uid
        group = status.st_gid
    }

    func remove() {
        guard let now = SocketFile(at: path), now.device == device, now.inode == inode else { return }
        // A NUL-terminated copy for the call.
        _ = unsafe unlink(path)
    }
}

/// The sockets that listen at an address, whoever's they are, by their inodes: /proc/net/tcp (proc(5)).
private enum ListeningSockets {
    /// Nil when the kernel does not tell.
    static func inodes(at address: SocketAddress) -> Set<UInt64>? {
        guard let bytes = address.ipBytes, let port = address.port else { return nil }
        // A NUL-terminated copy for the call.
        let table = unsafe open(bytes.count == 4 ? "/proc/net/tcp" : "/proc/net/tcp6", O_RDONLY | O_CLOEXEC)
        guard table >= 0 else { return nil }
        defer { close(table) }
        let place = name(bytes, port)
        var found: Set<UInt64> = []
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            // The kernel writes at most `count` bytes to the array, which is lent for the call.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(table, $0.baseAddress, $0.count) }
            guard count > 0 else { return count == 0 ? found : nil }
            for byte in chunk[..<count] {
                if byte != UInt8(ascii: "\n") {
                    line.append(byte)
                    continue
                }
                let words = String(decoding: line, as: UTF8.self).split(separator: " ")
                line.removeAll(keepingCapacity: true)
                if words.first == "sl" { continue }
                guard words.count > 9 else { return nil }
                // Those who listen come first; connections, of which there may be very many, after them.
                guard words[3] == "0A" else { return found }
                if words[1] == place, let inode = UInt64(words[9]) { found.insert(inode) }
            }
        }
    }

    /// The table has words of four bytes as the machine reads them, and the port as a number.
    private static func name(_ bytes: [UInt8], _ port: UInt16) -> String {
        let words = stride(from: 0, to: bytes.count, by: 4).map { start in
            hex(UInt32(bigEndian: bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }), digits: 8)
        }
        return "\(words.joined()):\(hex(port, digits: 4))"
    }

    private static func hex(_ value: some FixedWidthInteger, digits: Int) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }
}
