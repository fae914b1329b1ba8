import HTTP
import Reactor
import Synchronization
import TestSupport
import Testing
import Wire

/// Answers that others' work comes before hold no task meanwhile, and are to be told from the others by nothing.
struct ServerPromiseTests {
    /// Work that lasts until its gate opens, or it is cancelled.
    ///
    /// Unchecked: it is used on its loop's thread only.
    private final class Work: Awaited, @unchecked Sendable {
        let begun = Gate()
        let hold = Gate()
        private let endsAtOnce: Bool
        private var caller: Waiting?
        private var task: Task<Void, Never>?
        private(set) var wasCancelled = false

        init(endsAtOnce: Bool = false) { self.endsAtOnce = endsAtOnce }

        func begin(for caller: Waiting) {
            guard let loop = Loop.current else { preconditionFailure("work begins on a loop") }
            begun.open()
            guard !endsAtOnce, !wasCancelled else { return loop.getUp(caller) }
            self.caller = caller
            task = Task(executorPreference: loop) {
                try? await self.hold.wait(until: .after(.seconds(60)))
                if let caller = self.caller.take() { loop.getUp(caller) }
            }
        }

        func cancel() {
            wasCancelled = true
            task?.cancel()
        }
    }

    private static func answer(after work: Work) -> Answer {
        .after(work) { .text("\($0.path)\(work.wasCancelled ? " cancelled" : "")") }
    }

    @Test func `answers keep the order of their requests, whichever had to wait, and those before are not held back`()
        async throws
    {
        let work = Work()
        let immediate: @Sendable (Request) -> Response? = { $0.path.hasPrefix("/now") ? .text($0.path) : nil }
        let promise: @Sendable (Request) async -> Answer? = { request in
            switch request.path {
            case "/after": Self.answer(after: work)
            case "/atonce": Self.answer(after: Work(endsAtOnce: true))
            default: nil
            }
        }
        try await withServer(immediate: immediate, promise: promise) { server in
            let client = try server.connect()
            let paths = ["/now1", "/atonce", "/task", "/after", "/now2", "/atonce", "/last"]
            try client.send(paths.dropLast().map { "GET \($0) HTTP/1.1\r\n\(host)\r\n" }.joined())
            try client.send("GET /last HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
            for path in paths.prefix(3) { #expect(try client.receiveResponse().body.contains(path)) }
            try await server.group.run { try await work.begun.wait(until: .after(.seconds(60))) }
            #expect(client.isSilent())
            work.hold.open()
            for path in paths.dropFirst(3) { #expect(try client.receiveResponse().body.contains(path)) }
            #expect(try client.receiveToEnd().isEmpty)
            #expect(server.events.exchanges.map(\.request.path) == paths)
        }
    }

    @Test func `who stops a server has the work cancelled, and what can be answered is answered`() async throws {
        let work = Work()
        let promise: @Sendable (Request) async -> Answer? = { _ in Self.answer(after: work) }
        try await withServer(promise: promise) { server in
            let client = try server.connect()
            try client.send("GET /a HTTP/1.1\r\n\(host)\r\n")
            try await server.group.run { try await work.begun.wait(until: .after(.seconds(60))) }
            await server.stop(within: .zero)
            #expect(try client.receiveToEnd().hasSuffix("/a cancelled"))
        }
    }

    @Test func `work that is handed out after its server was stopped is cancelled before it begins`() async throws {
        let (work, begun, hold) = (Work(), Gate(), Gate())
        let promise: @Sendable (Request) async -> Answer? = { _ in
            begun.open()
            try? await hold.wait(until: .after(.seconds(60)))
            return Self.answer(after: work)
        }
        try await withServer(promise: promise) { server in
            let client = try server.connect()
            try client.send("GET /a HTTP/1.1\r\n\(host)\r\n")
            try await server.group.run { try await begun.wait(until: .after(.seconds(60))) }
            await server.stop(within: .zero)
            #expect(try client.receiveToEnd().hasSuffix("/a cancelled"))
        }
    }

    @Test func `what follows cancelled work waits for nothing either`() async throws {
        let (work, hold) = (Work(), Gate())
        let promise: @Sendable (Request) async -> Answer? = { _ in
            .after(work) { _ in
                do throws(IOError) {
                    try await hold.wait(until: .after(.seconds(60)))
                    return .text("opened")
                } catch {
                    return .text("\(error == .cancelled)")
                }
            }
        }
        try await withServer(promise: promise) { server in
            let client = try server.connect()
            try client.send("GET /a HTTP/1.1\r\n\(host)\r\n")
            try await server.group.run { try await work.begun.wait(until: .after(.seconds(60))) }
            await server.stop(within: .zero)
            #expect(try client.receiveToEnd().hasSuffix("true"))
        }
    }

    @Test func `who responds in a task waits for the work in it`() async throws {
        let request = try Request(target: "/")
        await LoopGroup.running { _ in
            let router = Router([Route(.get, "/", answering: { _, _ in Self.answer(after: Work(endsAtOnce: true)) })])
            #expect(await router.respond(to: request).status == .ok)
        }
    }

    @Test func `a call that cannot be made has failed at once, for who waits without a task too`() async throws {
        let client = Mutex<Client?>(nil)
        let nobody = try WebURL("http://127.0.0.1:9")
        let promise: @Sendable (Request) async -> Answer? = { _ in
            guard let client = client.withLock({ $0 }) else { return nil }
            let call = client.call(ClientRequest(to: nobody, path: "/a b", timeout: .seconds(60)))
            return .after(call) { _ in
                do throws(ClientError) {
                    return .text("\(try call.response().status)")
                } catch {
                    return .text("\(error.kind)")
                }
            }
        }
        try await withServer(promise: promise) { server in
            let made = try Client(group: server.group)
            client.withLock { $0 = made }
            let visitor = try server.connect()
            try visitor.send("GET / HTTP/1.1\r\n\(host)\r\n")
            #expect(try visitor.receiveResponse().body.contains("badTarget"))
        }
    }
}
