import Glibc
import Reactor
import Synchronization
import Testing

@Suite struct ListenerTests {
    @Test func `every loop gets connections through its own socket on one port`() async throws {
        try await LoopGroup.running(count: 2) { group in
            let listeners = try Listener.open(StreamTests.address("127.0.0.1:0"), count: 2)
            #expect(listeners[0].address == listeners[1].address)
            #expect(try #require(listeners[0].address.port) > 0)
            let served = try await serve(listeners, in: group, clients: 200)
            #expect(served.reduce(0, +) == 200)
            // The kernel distributes by a hash of the addresses: all 200 on one side has a chance of 2^-199.
            #expect(served.allSatisfy { $0 > 0 })
        }
    }

    @Test func `a Unix socket is watched by all loops and no connection is lost`() async throws {
        try await LoopGroup.running(count: 2) { group in
            let listeners = try Listener.open(StreamTests.address("unix:/tmp/magpie-listener-"), count: 2)
            let served = try await serve(listeners, in: group, clients: 50)
            #expect(served.reduce(0, +) == 50)
        }
    }

    @Test func `a second server on the same port is told that it is in use`() throws {
        let first = try Listener.open(StreamTests.address("127.0.0.1:0"), count: 2)
        #expect(throws: IOError.addressInUse) { try Listener.open(first[0].address, count: 2) }
        #expect(throws: IOError.addressInUse) { try Listener.open(first[0].address, count: 1) }
    }

    @Test(arguments: [1, 2])
    func `another process may listen beside the first only where it means to, and then gets all who come`(
        _ count: Int
    ) async throws {
        try await LoopGroup.running(count: count) { group in
            let old = try Listener.open(StreamTests.address("127.0.0.1:0"), count: count)
            let new = try Listener.open(old[0].address, count: count, besideOthers: true)
            #expect(throws: IOError.addressInUse) { try Listener.open(old[0].address, count: count) }
            old[0].yieldToOthers()
            #expect(try await serve(new, in: group, clients: 100).reduce(0, +) == 100)
            // And after the old one has gone in order, with nothing left of what it asked the kernel for.
            for listener in old { listener.stop() }
            try await end(old, in: group)
            let served = try await serve(new, in: group, clients: 100)
            #expect(served.reduce(0, +) == 100)
            #expect(served.allSatisfy { $0 > 0 })
        }
    }

    // It used to lead everybody to itself, and to leave them without an answer when it stopped.
    @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
    func `a newcomer that gives up leaves everybody to the one that was there before`(_ place: String) async throws {
        try await LoopGroup.running(count: 2) { group in
            let old = try Listener.open(StreamTests.address(place), count: 2)
            let new = try Listener.open(old[0].address, count: 2, besideOthers: true)
            new[0].yieldToOthers()
            #expect(try await serve(old, in: group, clients: 100).reduce(0, +) == 100)
            for listener in new { listener.stop() }
            #expect(try await serve(old, in: group, clients: 100).reduce(0, +) == 100)
            try await end(new, in: group)
            let served = try await serve(old, in: group, clients: 100)
            #expect(served.reduce(0, +) == 100)
            #expect(served.allSatisfy { $0 > 0 })
        }
    }

    // Connections used to be led to as many sockets as the old one has.
    @Test func `a successor with fewer sockets gets all who come`() async throws {
        try await LoopGroup.running(count: 3) { group in
            let old = try Listener.open(StreamTests.address("127.0.0.1:0"), count: 3)
            let new = try Listener.open(old[0].address, count: 1, besideOthers: true)
            old[0].yieldToOthers()
            #expect(try await serve(new, in: group, clients: 100) == [100])
            for listener in old { listener.stop() }
            try await end(old, in: group)
            #expect(try await serve(new, in: group, clients: 100) == [100])
        }
    }

    @Test func `who connects until the very end of a listener is served or refused, and never reset`() async throws {
        let group = LoopGroup(count: 2)
        group.start()
        defer { group.stop() }
        for _ in 0..<20 {
            let listener = try Listener.open(StreamTests.address("127.0.0.1:0"), count: 1)[0]
            async let served = serveToTheEnd(of: listener, in: group)
            async let fates = group.loops[1].run { await connectAgainAndAgain(to: listener.address) }
            try await group.loops[1].run { try await sleep(for: .milliseconds(20)) }
            listener.stop()
            let (count, outcome) = try await (served, fates)
            #expect(outcome.last == .refused)
            #expect(outcome.dropLast().allSatisfy { $0 == nil }, "\(outcome.compactMap(\.self))")
            #expect(count == outcome.count - 1)
        }
    }

    @Test func `a listener that stops hears no new handshake, and finishes those under way`() async throws {
        try await LoopGroup.running { group in
            let listener = try Listener.open(StreamTests.address("127.0.0.1:0"), count: 1)[0]
            let early = try await Stream.connect(to: listener.address, deadline: .after(.seconds(60)))
            listener.stop()
            // Neither let into the queue, which is going to be reset, nor refused, while somebody else may listen here.
            let error = await #expect(throws: IOError.self) {
                _ = try await Stream.connect(to: listener.address, deadline: .after(.milliseconds(100)))
            }
            #expect(error == .timedOut)
            var acceptor = try Acceptor(listener, on: group.loops[0])
            guard case .connection(let descriptor, _) = try await acceptor.next() else { throw IOError.closed }
            try await Stream(adopting: descriptor, on: group.loops[0]).write([1])
            #expect(try await early.read(upTo: 2, deadline: .after(.seconds(60))) == [1])
            guard case .none = try await acceptor.next() else { throw IOError.closed }
        }
    }

    @Test func `a Unix path goes over to a new listener at once, and the old one leaves it alone`() async throws {
        try await LoopGroup.running(count: 2) { group in
            let address = try StreamTests.address("unix:/tmp/magpie-over-")
            var old = try Listener.open(address, count: 2)
            let new = try Listener.open(address, count: 2, besideOthers: true)
            old[0].yieldToOthers()
            for listener in old { listener.stop() }
            old = []
            #expect(try await serve(new, in: group, clients: 20).reduce(0, +) == 20)
            guard case .unix(let path) = address else { return }
            #expect(access("\(path).\(getpid())", F_OK) != 0)
        }
    }

    // It used to get the mode of a new one, which the proxy in front might not open.
    @Test(arguments: [0o600, 0o666, 0o770] as [mode_t])
    func `a Unix path keeps its mode when it goes over to a new listener`(_ mode: mode_t) throws {
        let address = try StreamTests.address("unix:/tmp/magpie-mode-")
        guard case .unix(let path) = address else { return }
        let old = try Listener.open(address, count: 1)
        chmod(path, mode)
        let new = try Listener.open(address, count: 1, besideOthers: true)
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == mode)
        withExtendedLifetime((old, new)) {}
    }

    // In a process of its own: a child that another test starts holds every descriptor until its `exec`.
    @Test func `a port is free again as soon as the listeners are gone`() async {
        await #expect(processExitsWith: .success) {
            var first = try Listener.open(.ipv4(0x7F00_0001, port: 0), count: 2)
            let address = first[0].address
            first = []
            guard try Listener.open(address, count: 2)[1].address == address else { exit(2) }
        }
    }

    @Test func `a socket file without anybody behind it is replaced, an answered one is not`() throws {
        let address = try StreamTests.address("unix:/tmp/magpie-stale-")
        guard case .unix(let path) = address else { return }
        // What a killed process leaves behind: a bound file, nobody listening.
        let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var raw = sockaddr_un()
        raw.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &raw.sun_path) { $0.copyBytes(from: path.utf8) }
        let code = withUnsafePointer(to: &raw) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(left, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(code == 0)
        close(left)

        let listener = try Listener.open(address, count: 1)
        #expect(throws: IOError.addressInUse) { try Listener.open(address, count: 1) }
        withExtendedLifetime(listener) {}
    }

    @Test func `a file that is no socket is never removed`() throws {
        let path = "/tmp/magpie-file-\(UInt64.random(in: 0 ... .max))"
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        defer { unlink(path) }
        close(file)
        #expect(throws: IOError.addressInUse) { try Listener.open(.unix(path: path), count: 1) }
        #expect(access(path, F_OK) == 0)
    }

    @Test func `the socket file goes with its listener`() throws {
        let address = try StreamTests.address("unix:/tmp/magpie-gone-")
        guard case .unix(let path) = address else { return }
        var listeners = try Listener.open(address, count: 2)
        #expect(access(path, F_OK) == 0)
        listeners = []
        #expect(listeners.isEmpty && access(path, F_OK) != 0)
    }

    @Test func `an address that is not this machine's is refused`() {
        #expect(throws: IOError(rawValue: EADDRNOTAVAIL)) {
            try Listener.open(.ipv4(0xC000_0201, port: 0), count: 1)
        }
    }

    // In a process of its own, because every other test needs descriptors, too.
    @Test func `without descriptors a client is turned away and the next one served when there are some again`() async {
        await #expect(processExitsWith: .success) {
            try await LoopGroup.running { group in
                let listener = try Listener.open(.ipv4(0x7F00_0001, port: 0), count: 1)[0]
                var acceptor = try Acceptor(listener, on: group.loops[0])
                let client = try await Stream.connect(to: listener.address, deadline: .after(.seconds(60)))
                var filling: [Int32] = []
                var limit = rlimit(rlim_cur: 64, rlim_max: 64)
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                while case let descriptor = dup(0), descriptor >= 0 { filling.append(descriptor) }

                guard case .turnedAway(.outOfDescriptors) = try await acceptor.next() else { exit(2) }
                // The client hears of it instead of hanging.
                let answer = try await client.read(upTo: 1, deadline: .after(.seconds(60)))
                guard answer.isEmpty else { exit(3) }

                for descriptor in filling { close(descriptor) }
                let second = try await Stream.connect(to: listener.address, deadline: .after(.seconds(60)))
                guard case .connection(let descriptor, .some) = try await acceptor.next() else { exit(4) }
                let server = try Stream(adopting: descriptor, on: group.loops[0])
                try await server.write([7])
                guard try await second.read(upTo: 1, deadline: .after(.seconds(60))) == [7] else { exit(5) }
            }
        }
    }

    @Test func `a stopped listener hands out who had already arrived, then ends`() async throws {
        try await LoopGroup.running { group in
            let listener = try Listener.open(StreamTests.address("127.0.0.1:0"), count: 1)[0]
            var acceptor = try Acceptor(listener, on: group.loops[0])
            let client = try await Stream.connect(to: listener.address, deadline: .after(.seconds(60)))
            listener.stop()
            guard case .connection(let descriptor, _) = try await acceptor.next() else { throw IOError.closed }
            close(descriptor)
            guard case .none = try await acceptor.next() else { throw IOError.closed }
            client.shutdownWrite()
            // The socket is still held here. It used to take connections that nobody would ever answer.
            let address = listener.address
            let error = await #expect(throws: IOError.self) {
                _ = try await Stream.connect(to: address, deadline: .after(.seconds(60)))
            }
            #expect(error == .refused)
        }
    }

    @Test func `stopping from elsewhere ends an acceptor that waits`() async throws {
        let listener = try Listener.open(StreamTests.address("127.0.0.1:0"), count: 1)[0]
        let group = LoopGroup(count: 1)
        group.start()
        defer { group.stop() }
        let waiting = Gate()
        async let ended = group.run {
            var acceptor = try Acceptor(listener, on: group.loops[0])
            waiting.open()
            if case .none = try await acceptor.next() { return true }
            return false
        }
        try await group.run { try await waiting.wait() }
        listener.stop()
        #expect(try await ended)
    }

    @Test func `cancelling ends the accepting, after those who had already arrived`() async throws {
        try await LoopGroup.running { group in
            let listener = try Listener.open(StreamTests.address("127.0.0.1:0"), count: 1)[0]
            let client = try await Stream.connect(to: listener.address, deadline: .after(.seconds(60)))
            let task = Task(executorPreference: group.loops[0]) {
                var acceptor = try Acceptor(listener, on: group.loops[0])
                withUnsafeCurrentTask { $0?.cancel() }
                var count = 0
                while case .connection(let descriptor, _) = try await acceptor.next() {
                    count += 1
                    close(descriptor)
                }
                return count
            }
            #expect(try await task.value == 1)
            client.shutdownWrite()
        }
    }
}

/// Accepts on every loop until all clients have been served a byte; how many each loop served.
private func serve(_ listeners: [Listener], in group: LoopGroup, clients: Int) async throws -> [Int] {
    let counts = Counts(listeners.count)
    try await withThrowingTaskGroup(of: Void.self) { children in
        for (index, listener) in listeners.enumerated() {
            let loop = group.loops[index]
            children.addTask(executorPreference: loop) {
                var acceptor = try Acceptor(listener, on: loop)
                while case .connection(let descriptor, _) = try await acceptor.next() {
                    counts.add(index)
                    try await Stream(adopting: descriptor, on: loop).write([1])
                }
            }
        }
        for _ in 0..<clients {
            let client = try await Stream.connect(to: listeners[0].address, deadline: .after(.seconds(60)))
            #expect(try await client.read(upTo: 2, deadline: .after(.seconds(60))) == [1])
        }
        children.cancelAll()
    }
    return counts.all
}

/// Takes listeners that were stopped, and to which nobody came, to their end.
private func end(_ listeners: [Listener], in group: LoopGroup) async throws {
    for (loop, listener) in zip(group.loops, listeners) {
        try await loop.run {
            var acceptor = try Acceptor(listener, on: loop)
            guard case .none = try await acceptor.next() else { throw IOError.closed }
        }
    }
}

/// Accepts until the listener ends; how many were served a byte.
private func serveToTheEnd(of listener: Listener, in group: LoopGroup) async throws -> Int {
    try await group.loops[0].run {
        var acceptor = try Acceptor(listener, on: group.loops[0])
        var count = 0
        while case .connection(let descriptor, _) = try await acceptor.next() {
            count += 1
            try await Stream(adopting: descriptor, on: group.loops[0]).write([1])
        }
        return count
    }
}

/// One connection after the other until one is refused: what became of each, nil for one that was served.
private func connectAgainAndAgain(to address: SocketAddress) async -> [IOError?] {
    var fates: [IOError?] = []
    while fates.last != .refused {
        do throws(IOError) {
            let client = try await Stream.connect(to: address, deadline: .after(.seconds(60)))
            fates.append(try await client.read(upTo: 2, deadline: .after(.seconds(60))) == [1] ? nil : .closed)
        } catch {
            fates.append(error)
        }
    }
    return fates
}

private final class Counts: Sendable {
    private let counts: Mutex<[Int]>

    init(_ count: Int) { counts = Mutex(Array(repeating: 0, count: count)) }

    var all: [Int] { counts.withLock { $0 } }

    func add(_ index: Int) { counts.withLock { $0[index] += 1 } }
}
