import Glibc
import Reactor
import Testing

@Suite struct StreamTests {
    /// A fresh address of each kind; the kernel or the path makes it unique.
    static let kinds = ["127.0.0.1:0", "[::1]:0", "unix:/tmp/magpie-stream-"]

    static func address(_ kind: String) throws -> SocketAddress {
        try #require(SocketAddress(parsing: kind.hasPrefix("unix") ? kind + "\(UInt64.random(in: 0 ... .max))" : kind))
    }

    @Test(arguments: kinds) func `what is written comes back from an echo`(kind: String) async throws {
        let address = try Self.address(kind)
        try await LoopGroup.running(count: 2) { group in
            let listener = try Listener.open(address, count: 1)[0]
            try await withThrowingTaskGroup(of: Void.self) { children in
                children.addTask(executorPreference: group.loops[1]) { try await echoOne(listener) }
                let stream = try await Stream.connect(to: listener.address, deadline: .after(.seconds(60)))
                // More than the socket buffers hold, so that both sides must wait for each other.
                var sent = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
                while sent.count < 8_000_000 { sent += sent }
                let received = try await exchange(stream, sent)
                #expect(received == sent)
                try await children.waitForAll()
            }
        }
    }

    @Test func `a connection to a port nobody listens on is refused`() async {
        await LoopGroup.running { _ in
            // Bound, so that nobody else gets the port, and never listening.
            let silent = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(silent) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    #expect(bind(silent, $0, length) == 0)
                    #expect(getsockname(silent, $0, &length) == 0)
                }
            }
            let port = UInt16(bigEndian: address.sin_port)
            await #expect(throws: IOError.refused) {
                _ = try await Stream.connect(to: .ipv4(0x7F00_0001, port: port), deadline: .after(.seconds(60)))
            }
        }
    }

    @Test func `a connection that nobody answers ends at its deadline`() async throws {
        try await LoopGroup.running { _ in
            // A listener that never accepts answers as long as its queue has room, then drops what arrives.
            let listener = try Listener.open(Self.address("127.0.0.1:0"), count: 1, backlog: 0)[0]
            await #expect(throws: IOError.timedOut) { try await fill(listener.address, 16) }
        }
    }

    @Test func `a read ends at its deadline and the stream is good afterwards`() async throws {
        try await withPair { near, far in
            let start = Deadline.now()
            await #expect(throws: IOError.timedOut) {
                _ = try await near.value.read(upTo: 10, deadline: start + .milliseconds(20))
            }
            #expect(.now() >= start + .milliseconds(20))
            try await far.value.write([1, 2, 3])
            #expect(try await near.value.read(upTo: 10, deadline: .after(.seconds(60))) == [1, 2, 3])
        }
    }

    @Test func `a parked read ends when its task is cancelled`() async throws {
        try await withPair { near, _ in
            await withTaskGroup(of: Void.self) { children in
                children.addImmediateTask {
                    await #expect(throws: IOError.cancelled) {
                        _ = try await near.value.read(upTo: 10, deadline: .never)
                    }
                }
                children.cancelAll()
            }
        }
    }

    @Test func `a watcher is called once, for bytes, at its deadline or when it is called off`() async throws {
        try await withPair { near, far in
            let log = CallLog()
            near.value.watch(by: .after(.seconds(60)), log)
            try await far.value.write([1, 2, 3])
            try await log.hasBeenCalled(times: 1)
            #expect(try await near.value.read(upTo: 10, deadline: .after(.seconds(60))) == [1, 2, 3])

            near.value.watch(by: .after(.milliseconds(5)), log)
            try await log.hasBeenCalled(times: 2)

            near.value.watch(by: .never, log)
            near.value.cancelWatch()
            near.value.cancelWatch()
            #expect(log.reasons.count == 2, "not from within")
            try await log.hasBeenCalled(times: 3)

            try await far.value.write([4])
            _ = try await near.value.read(upTo: 10, deadline: .after(.seconds(60)))
            #expect(log.reasons == [.ready, .timedOut, .cancelled])
        }
    }

    @Test func `a watcher that asks to be called again does not hold up the tasks`() async throws {
        try await withPair { near, _ in
            let eager = Eager(Loop.current!)
            eager.loop.callAgain(eager)
            try await sleep(for: .milliseconds(5))
            eager.isDone = true
            #expect(eager.calls > 1)
        }
    }

    @Test func `a writer is cut off when the reader makes no progress`() async throws {
        try await withPair { near, _ in
            await #expect(throws: IOError.timedOut) {
                try await near.value.write([UInt8](repeating: 0, count: 50_000_000), stall: .milliseconds(30))
            }
        }
    }

    @Test func `the end of the stream is read as nothing, and what was sent before comes first`() async throws {
        try await withPair { near, far in
            try await far.value.write([1, 2, 3])
            far.value.shutdownWrite()
            // The end may already be noted when the bytes are read: a short read must not wait for an event then.
            #expect(try await near.value.read(upTo: 10, deadline: .after(.seconds(60))) == [1, 2, 3])
            #expect(try await near.value.read(upTo: 10, deadline: .after(.seconds(60))).isEmpty)
            try await near.value.write([4])
            #expect(try await far.value.read(upTo: 10, deadline: .after(.seconds(60))) == [4])
        }
    }

    @Test func `a cut connection is reset, not ended`() async throws {
        try await withPair { near, far in
            far.value.cutWhenClosed()
            far.end()
            await #expect(throws: IOError.reset) {
                _ = try await near.value.read(upTo: 10, deadline: .after(.seconds(60)))
            }
        }
    }

    @Test func `writing to a closed peer is an error, not a signal`() async throws {
        try await withPair { near, far in
            far.end()
            await #expect(throws: IOError.self) {
                while true { try await near.value.write([UInt8](repeating: 0, count: 100_000)) }
            }
        }
    }

    @Test func `an idle connection is quiet until a byte or the end arrives`() async throws {
        try await withPair { near, far in
            #expect(near.isQuiet)
            try await far.value.write([1])
            try await near.value.readable(by: .after(.seconds(60)))
            #expect(!near.isQuiet)
            _ = try await near.value.read(upTo: 10, deadline: .after(.seconds(60)))
            #expect(near.isQuiet)
            far.end()
            _ = try await near.value.read(upTo: 10, deadline: .after(.seconds(60)))
            #expect(!near.isQuiet)
        }
    }

    @Test func `a descriptor used again does not inherit what its former owner was told`() async throws {
        try await withPair { _, _ in
            let listener = try Listener.open(Self.address("127.0.0.1:0"), count: 1)[0]
            var acceptor = try Acceptor(listener, on: try #require(Loop.current))
            for round in 0..<200 {
                let client = try await Stream.connect(to: listener.address, deadline: .after(.seconds(60)))
                guard case .connection(let descriptor, _) = try await acceptor.next() else { return }
                let server = try Stream(adopting: descriptor, on: try #require(Loop.current))
                // Leaves an unread event behind for a descriptor that is closed at the end of this round.
                try await server.write([UInt8(round)])
                if round % 2 == 0 { server.cutWhenClosed() }
                #expect(try await client.read(upTo: 2, deadline: .after(.seconds(60))) == [UInt8(round)])
            }
        }
    }
}

// MARK: - Tools

/// A stream that closures of a test can share and end.
final class StreamBox: @unchecked Sendable {
    // Used on one loop's thread only, which `Stream` itself checks at every call.
    private var stream: Stream?

    init(_ stream: consuming Stream) { self.stream = consume stream }

    var isQuiet: Bool { value.isQuiet }

    // Only a test that uses what it has ended itself finds nil.
    // swift-format-ignore: NeverForceUnwrap
    var value: Stream {
        _read { yield stream! }
    }

    func end() { stream = nil }
}

/// Two ends of one TCP connection on one loop.
func withPair(_ body: @escaping @Sendable (StreamBox, StreamBox) async throws -> Void) async throws {
    try await LoopGroup.running { group in
        let listener = try Listener.open(StreamTests.address("127.0.0.1:0"), count: 1)[0]
        var acceptor = try Acceptor(listener, on: group.loops[0])
        let near = StreamBox(try await Stream.connect(to: listener.address, deadline: .after(.seconds(60))))
        guard case .connection(let descriptor, _) = try await acceptor.next() else { throw IOError.closed }
        try await body(near, StreamBox(try Stream(adopting: descriptor, on: group.loops[0])))
    }
}

private func echoOne(_ listener: Listener) async throws {
    let loop = try #require(Loop.current)
    var acceptor = try Acceptor(listener, on: loop)
    guard case .connection(let descriptor, _) = try await acceptor.next() else { return }
    let stream = try Stream(adopting: descriptor, on: loop)
    while true {
        let bytes = try await stream.read(upTo: 65_536, deadline: .after(.seconds(60)))
        if bytes.isEmpty { return stream.shutdownWrite() }
        try await stream.write(bytes, deadline: .after(.seconds(60)))
    }
}

/// Writes everything and reads until the end, both at once.
private func exchange(_ stream: consuming Stream, _ bytes: [UInt8]) async throws -> [UInt8] {
    let box = StreamBox(stream)
    return try await withThrowingTaskGroup(of: Void.self) { children in
        children.addImmediateTask {
            try await box.value.write(bytes, deadline: .after(.seconds(60)))
            box.value.shutdownWrite()
        }
        var received: [UInt8] = []
        while true {
            let more = try await box.value.read(upTo: 65_536, deadline: .after(.seconds(60)))
            if more.isEmpty { break }
            received += more
        }
        try await children.waitForAll()
        return received
    }
}

/// Connects again and again, each attempt with a short deadline, keeping what it gets.
private func fill(_ address: SocketAddress, _ count: Int) async throws {
    guard count > 0 else { return }
    let stream = try await Stream.connect(to: address, deadline: .after(.milliseconds(50)))
    try await fill(address, count - 1)
    _ = stream.isQuiet
}

private final class CallLog: Watcher, @unchecked Sendable {
    var reasons: [Wake] = []

    func wake(_ reason: Wake) { reasons.append(reason) }

    func hasBeenCalled(times: Int) async throws {
        let end = Deadline.after(.seconds(60))
        while reasons.count < times, !end.hasPassed { try await sleep(for: .milliseconds(1)) }
        #expect(reasons.count == times)
    }
}

private final class Eager: Watcher, @unchecked Sendable {
    let loop: Loop
    var calls = 0
    var isDone = false

    init(_ loop: Loop) { self.loop = loop }

    func wake(_ reason: Wake) {
        calls += 1
        if !isDone { loop.callAgain(self) }
    }
}
