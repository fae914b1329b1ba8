import HTTP
import Reactor
import Synchronization
import TestSupport
import Testing
import Wire

/// A server on loops of its own and a port of the kernel's choice, for as long as a test needs it.
struct TestServer {
    let server: Server
    let answering: Answering.Current
    let group: LoopGroup
    let events: EventLog
    let port: UInt16

    func connect(receiveBuffer: Int32? = nil) throws -> RawClient {
        try RawClient(port: port, receiveBuffer: receiveBuffer)
    }

    /// Sends one text on a fresh connection and reads until the server closes.
    func exchange(_ text: String) throws -> String {
        let client = try connect()
        try client.send(text)
        return try client.receiveToEnd()
    }

    func stop(within limit: Duration) async {
        await group.run { [server] in await server.stop(within: limit) }
    }
}

/// The events of a server, in order.
final class EventLog: ServerObserver {
    struct Exchange: Sendable {
        let request: Request
        let status: Status
        let bytes: Int
        let duration: Duration
        let wasCut: Bool
    }

    private enum Entry: Sendable {
        case event(ServerEvent)
        case answered(Exchange)
    }

    private let entries = Mutex<[Entry]>([])

    func note(_ event: ServerEvent) { entries.withLock { $0.append(.event(event)) } }

    func answered(
        _ request: borrowing RequestView, with status: Status, requestID: String?, bytes: Int, from start: Deadline,
        to end: Deadline, wasCut: Bool
    ) {
        let exchange = Exchange(
            request: request.copy(), status: status, bytes: bytes, duration: end.since(start), wasCut: wasCut)
        entries.withLock { $0.append(.answered(exchange)) }
    }

    var exchanges: [Exchange] {
        entries.withLock { $0 }.compactMap { if case .answered(let exchange) = $0 { exchange } else { nil } }
    }

    /// Each event by its name and, for a refusal, its reason; the coming and going of connections left out.
    var names: [String] {
        entries.withLock { $0 }.compactMap { entry in
            switch entry {
            case .event(.opened), .event(.closed): nil
            case .answered(let exchange): "answered \(exchange.status.code)\(exchange.wasCut ? " cut" : "")"
            case .event(.refused(let error, _)): "refused \(error.status.code)"
            case .event(.stalled): "stalled"
            case .event(.overloaded): "overloaded"
            case .event(.turnedAway): "turned away"
            case .event(.handshakeFailed): "handshake failed"
            case .event(.acceptingFailed): "accepting failed"
            }
        }
    }

    /// Waits until something has happened that a client cannot see.
    func wait(for name: String) async throws {
        let deadline = Deadline.after(.seconds(60))
        while !names.contains(name) {
            try #require(!deadline.hasPassed, "no event '\(name)' among \(names)")
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}

extension ServerOptions {
    /// Deadlines that a test does not mean must not pass on a busy machine.
    static var patient: ServerOptions {
        var options = ServerOptions()
        options.headerTimeout = .seconds(120)
        options.bodyTimeout = .seconds(120)
        options.writeTimeout = .seconds(120)
        options.idleTimeout = .seconds(120)
        return options
    }
}

struct Answers: Responder {
    let answer: @Sendable (Request) async -> Response
    var immediate: @Sendable (Request) -> Response? = { _ in nil }
    var promise: @Sendable (Request) async -> Answer? = { _ in nil }

    func respondNow(to request: borrowing RequestView, into sink: inout AnswerSink) -> Bool {
        guard let response = immediate(request.copy()) else { return false }
        sink.put(response)
        return true
    }
    func respond(to request: Request) async -> Response { await answer(request) }
    func answer(to request: Request) async -> Answer {
        if let promised = await promise(request) { return promised }
        return .response(await answer(request))
    }
}

/// Serves for the duration of `body`. Unless told otherwise, it answers with the method, the path and the body.
///
/// The test itself runs on a loop of its own, because its client blocks: on the shared pool it would hold up others.
func withServer(
    loops: Int = 1, options: ServerOptions = .patient,
    answer: @escaping @Sendable (Request) async -> Response = echo,
    immediate: @escaping @Sendable (Request) -> Response? = { _ in nil },
    promise: @escaping @Sendable (Request) async -> Answer? = { _ in nil },
    _ body: @escaping @Sendable (TestServer) async throws -> Void
) async throws {
    let group = LoopGroup(count: loops)
    group.start()
    defer { group.stop() }
    let events = EventLog()
    let address = try #require(SocketAddress(parsing: "127.0.0.1:0"))
    let answering = Answering.Current(
        Answering(Answers(answer: answer, immediate: immediate, promise: promise), observer: events))
    let server = Server(name: "test", address: address, group: group, options: options, answering: answering)
    try server.listen()
    server.start()
    let test = TestServer(
        server: server, answering: answering, group: group, events: events,
        port: try #require(server.boundAddress.port))
    let outcome = await LoopGroup.running { _ in
        do {
            return Result<Void, any Error>.success(try await body(test))
        } catch {
            return .failure(error)
        }
    }
    await test.stop(within: .zero)
    try outcome.get()
}

@Sendable func echo(_ request: Request) async -> Response {
    .text("\(request.method) \(request.path) \(String(decoding: request.body, as: UTF8.self))")
}

func options(_ change: (inout ServerOptions) -> Void) -> ServerOptions {
    var options = ServerOptions.patient
    change(&options)
    return options
}

let host = "Host: example.com\r\n"
