import Glibc

/// Thousands of clients that one thread drives: sockets that never block, on plain system calls.
///
/// A test says what each of them sends, and calls `step` again and again; in between it looks at what became of them.
final class Swarm {
    enum Ending: Equatable {
        /// The server ended in order.
        case closed
        /// A RST, before or after the connection stood.
        case reset
        /// This side ended.
        case left
    }

    struct Client {
        fileprivate(set) var isConnected = false
        /// False for one that takes nothing of what is sent to it.
        var reads = true
        fileprivate(set) var received = 0
        /// The first bytes received, enough for a status.
        fileprivate(set) var opening: [UInt8] = []
        fileprivate(set) var ending: Ending?
        fileprivate(set) var lifetime = 0.0
        fileprivate var descriptor: Int32
        fileprivate let began = Swarm.seconds()
        fileprivate var outbox: ArraySlice<UInt8> = []

        /// The status of its first answer.
        var status: Int? { Int(String(decoding: opening.dropFirst(9).prefix(3), as: UTF8.self)) }
        var hasSent: Bool { outbox.isEmpty }
    }

    private(set) var clients: [Client] = []
    private let port: UInt16
    private var space = [UInt8](repeating: 0, count: 65_536)

    init(port: UInt16) {
        self.port = port
    }

    deinit {
        for index in clients.indices { leave(index) }
    }

    static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Those whose connection has not ended.
    var open: [Int] { clients.indices.filter { clients[$0].ending == nil } }
    func count(_ isMeant: (Client) -> Bool) -> Int { clients.count(where: isMeant) }

    /// Begins connections, from loopback addresses in turn, so that ports do not run short.
    ///
    /// - Parameters:
    ///   - sources: the last byte of 127.0.0.x.
    ///   - receiveBuffer: a small one makes a window that is soon full.
    func connect(
        _ count: Int, from sources: ClosedRange<Int> = 2...5, receiveBuffer: Int32? = nil, reads: Bool = true,
        sending bytes: [UInt8] = []
    ) throws {
        for number in 0..<count {
            let source = sources.lowerBound + number % sources.count
            var client = Client(
                descriptor: try Self.begin(port, source: UInt32(source), receiveBuffer: receiveBuffer))
            client.reads = reads
            client.outbox = bytes[...]
            clients.append(client)
        }
    }

    /// Adds to what a client sends as soon as its socket takes it.
    func send(_ bytes: [UInt8], from index: Int) {
        guard clients[index].ending == nil else { return }
        clients[index].outbox += bytes
        push(index)
    }

    func send(_ text: String, from index: Int) { send(Array(text.utf8), from: index) }

    func setReads(_ reads: Bool, at index: Int) { clients[index].reads = reads }

    func finishSending(_ index: Int) {
        if clients[index].ending == nil { shutdown(clients[index].descriptor, Int32(SHUT_WR)) }
    }

    func leave(_ index: Int) { end(index, .left) }

    /// Ends with a RST.
    func reset(_ index: Int) {
        guard clients[index].ending == nil else { return }
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            clients[index].descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        end(index, .left)
    }

    /// Looks at everybody once, after waiting for something to happen for at most so long.
    func step(milliseconds: Int32 = 10) {
        let indices = open
        var wishes = indices.map { index in
            let client = clients[index]
            var events = client.reads ? Int16(POLLIN) : 0
            if !client.isConnected || !client.outbox.isEmpty { events |= Int16(POLLOUT) }
            return pollfd(fd: client.descriptor, events: events, revents: 0)
        }
        guard poll(&wishes, UInt(wishes.count), milliseconds) > 0 else { return }
        for (index, wish) in zip(indices, wishes) where wish.revents != 0 {
            if wish.revents & Int16(POLLIN) != 0 { pull(index) }
            // What was sent before a RST has been read by now, if this one reads at all.
            if wish.revents & Int16(POLLERR) != 0 { end(index, .reset) }
            if wish.revents & Int16(POLLOUT) != 0 { push(index) }
        }
    }

    /// Steps until the condition holds; false when it does not within so many seconds.
    @discardableResult
    func step(within limit: Double, until isReached: (Swarm) -> Bool) -> Bool {
        let deadline = Self.seconds() + limit
        while !isReached(self) {
            guard Self.seconds() < deadline else { return false }
            step()
        }
        return true
    }

    private func push(_ index: Int) {
        guard clients[index].ending == nil else { return }
        clients[index].isConnected = true
        while !clients[index].outbox.isEmpty {
            let count = clients[index].outbox.withUnsafeBytes {
                Glibc.send(clients[index].descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno != EAGAIN, errno != ENOTCONN { end(index, .reset) }
                return
            }
            clients[index].outbox = clients[index].outbox.dropFirst(count)
        }
    }

    private func pull(_ index: Int) {
        while clients[index].ending == nil {
            let count = recv(clients[index].descriptor, &space, space.count, 0)
            if count == 0 { end(index, .closed) }
            if count < 0 {
                if errno != EAGAIN { end(index, .reset) }
                return
            }
            clients[index].received += count
            let missing = 64 - clients[index].opening.count
            if missing > 0 { clients[index].opening += space[..<min(count, missing)] }
        }
    }

    private func end(_ index: Int, _ ending: Ending) {
        guard clients[index].ending == nil else { return }
        close(clients[index].descriptor)
        clients[index].ending = ending
        clients[index].lifetime = Self.seconds() - clients[index].began
        clients[index].outbox = []
    }

    private static func begin(_ port: UInt16, source: UInt32, receiveBuffer: Int32?) throws -> Int32 {
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, flags, 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var yes: Int32 = 1
        // The port is chosen by `connect` then, which needs to be free for this one pair of addresses only.
        setsockopt(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, &yes, 4)
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
        guard with(0x7F00_0000 | source, 0, { bind(descriptor, $0, $1) }) == 0 else {
            throw Failure(call: "bind", code: errno)
        }
        guard with(0x7F00_0001, port, { Glibc.connect(descriptor, $0, $1) }) == 0 || errno == EINPROGRESS else {
            throw Failure(call: "connect", code: errno)
        }
        return descriptor
    }

    struct Failure: Error {
        let call: String
        let code: Int32
    }

    private static func with(
        _ host: UInt32, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
