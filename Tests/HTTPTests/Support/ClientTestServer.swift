import HTTP
import Reactor
import Secure
import Synchronization
import Testing
import Wire

/// A server whose connections follow a script, so that it can misbehave in every way a test needs.
final class ClientTestServer: Sendable {
    typealias Script = @Sendable (ServerSide) async throws -> Void

    let port: UInt16
    private let log = Mutex(Log())

    private struct Log {
        var connections = 0
        var ended = 0
        var requests: [Request] = []
    }

    var connections: Int { log.withLock { $0.connections } }
    /// How many connections the client has ended.
    var ended: Int { log.withLock { $0.ended } }
    var requests: [Request] { log.withLock { $0.requests } }

    func url(_ host: String = "127.0.0.1", scheme: String = "http", path: String = "") throws -> WebURL {
        try WebURL("\(scheme)://\(host):\(port)\(path)")
    }

    /// Runs a server and, on the same loop, `body`, which gets a group to make clients with.
    static func running(
        tls: TLSContext? = nil, script: @escaping Script,
        calling body: @escaping @Sendable (ClientTestServer, LoopGroup) async throws -> Void
    ) async throws {
        try await LoopGroup.running { group in
            let address = try #require(SocketAddress(parsing: "127.0.0.1:0"))
            let listener = try Listener.open(address, count: 1)[0]
            let server = ClientTestServer(port: listener.address.port ?? 0)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await server.accept(from: listener, tls: tls, script: script) }
                try await body(server, group)
                tasks.cancelAll()
                try await tasks.waitForAll()
            }
        }
    }

    private init(port: UInt16) {
        self.port = port
    }

    private func accept(from listener: Listener, tls: TLSContext?, script: @escaping Script) async throws {
        guard let loop = Loop.current else { return }
        var acceptor = try Acceptor(listener, on: loop)
        await withTaskGroup(of: Void.self) { tasks in
            while case .connection(let descriptor, _)? = try? await acceptor.next() {
                let number = log.withLock { log in
                    log.connections += 1
                    return log.connections
                }
                tasks.addTask {
                    guard let stream = try? Stream(adopting: descriptor, on: loop) else { return }
                    let side = ServerSide(stream, number: number, tls: tls, server: self)
                    // A script ends with an error when the client is gone, which many tests are about.
                    try? await script(side)
                }
            }
            tasks.cancelAll()
        }
    }

    fileprivate func note(_ request: Request) {
        log.withLock { $0.requests.append(request) }
    }

    fileprivate func noteEnd() {
        log.withLock { $0.ended += 1 }
    }
}

/// The server's end of one connection.
final class ServerSide: @unchecked Sendable {
    struct ClientIsGone: Error {}

    /// 1 for the first connection.
    let number: Int
    private let stream: Stream
    private let engine: TLSEngine?
    private let server: ClientTestServer
    private var parser = RequestParser(limits: ParserLimits())
    private var hasShakenHands = false

    fileprivate init(_ stream: consuming Stream, number: Int, tls: TLSContext?, server: ClientTestServer) {
        self.stream = stream
        self.number = number
        self.server = server
        engine = tls.map { TLSEngine(server: $0) }
    }

    /// The next request; throws when the client has ended the connection.
    func request() async throws -> Request {
        try await shakeHands()
        while true {
            if case .request(let request) = try parser.next() {
                server.note(request)
                return request
            }
            let bytes = try await receive()
            guard !bytes.isEmpty else {
                server.noteEnd()
                throw ClientIsGone()
            }
            parser.feed(bytes)
        }
    }

    func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        guard let engine else { return try await stream.write(bytes) }
        try engine.write(bytes)
        try await stream.write(engine.takeCiphertext())
    }

    /// TLS's own end, before that of the connection.
    func closeTLS() async throws {
        guard let engine else { return }
        engine.close()
        try await stream.write(engine.takeCiphertext())
    }

    var isResumed: Bool { engine?.isResumed == true }
    /// How many connections the server has had by now.
    var openedSoFar: Int { server.connections }

    func cutWhenClosed() { stream.cutWhenClosed() }

    /// Waits until the client is gone.
    func linger() async throws {
        while try await !stream.read(upTo: 4_096, deadline: .never).isEmpty {}
        server.noteEnd()
    }

    private func shakeHands() async throws {
        guard let engine, !hasShakenHands else { return }
        hasShakenHands = true
        while true {
            let isDone = Result { try engine.handshake() }
            try await stream.write(engine.takeCiphertext())
            if try isDone.get() { return }
            let bytes = try await stream.read(upTo: 4_096, deadline: .never)
            if bytes.isEmpty { engine.feedEnd() } else { engine.feed(bytes) }
        }
    }

    private func receive() async throws -> [UInt8] {
        guard let engine else { return try await stream.read(upTo: 4_096, deadline: .never) }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            if let count = try buffer.withUnsafeMutableBytes({ try engine.read(into: $0) }) {
                return Array(buffer.prefix(count))
            }
            let bytes = try await stream.read(upTo: 4_096, deadline: .never)
            if bytes.isEmpty { engine.feedEnd() } else { engine.feed(bytes) }
        }
    }
}

extension ServerSide {
    /// Answers every request alike until the client is gone.
    func answerAll(_ body: String = "ok") async throws {
        while true {
            _ = try await request()
            try await send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
    }
}

func makeClient(_ group: LoopGroup, _ change: (inout ClientOptions) -> Void = { _ in }) throws -> Client {
    var options = ClientOptions()
    change(&options)
    return try Client(group: group, options: options)
}

/// Waits, on a loop, until something has happened that nothing announces.
func eventually(_ condition: () -> Bool) async throws {
    let deadline = Deadline.after(.seconds(10))
    while !condition() {
        try #require(!deadline.hasPassed, "it did not happen within ten seconds")
        try await sleep(for: .milliseconds(1))
    }
}

extension ClientResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}
