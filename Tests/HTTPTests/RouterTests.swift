import HTTP
import Testing
import Wire

struct RouterTests {
    private static let router = Router(
        [
            Route(.get, "/") { _, _ in .text("home") },
            Route(.get, "/session") { request, _ in .text("session \(request.method)") },
            Route(.post, "/logout") { _, _ in .text("bye") },
            Route(.get, "/redirect") { _, _ in .text("redirect") },
            Route(.get, "/redirect/{account}") { _, captures in .text("redirect \(captures["account"] ?? "-")") },
            Route(.get, "/a/{x}/b/{y}") { _, captures in .text("\(captures["x"] ?? "-") \(captures["y"] ?? "-")") },
            Route(.put, "/a/{first}/b/{second}") { _, captures in .text("put \(captures["second"] ?? "-")") },
            Route(.get, "/a/me/b/{y}") { _, captures in .text("literal") },
        ],
        fallback: nil,
        refusal: { status, request in .text("refused \(request.path)", status: status) })

    private func answer(_ method: Wire.Method, _ target: String) async throws -> (Int, String, Response) {
        let response = await Self.router.respond(to: try Request(method: method, target: target))
        guard case .bytes(let body) = response.body else { return (response.status.code, "", response) }
        return (response.status.code, String(decoding: body, as: UTF8.self), response)
    }

    @Test(arguments: [
        ("/", "home"), ("/?a=b", "home"), ("/session", "session GET"), ("/%73ession", "session GET"),
        ("/redirect", "redirect"),
        ("/redirect/main", "redirect main"), ("/redirect/a%20b%2B", "redirect a b+"),
        ("/redirect/%E9%B9%8A", "redirect 鹊"),
        ("/%72edirect/x", "redirect x"), ("/a/1/b/2", "1 2"), ("/redirect/{account}", "redirect {account}"),
    ])
    func `a path finds its route`(_ target: String, _ body: String) async throws {
        let target = target.replacing("{", with: "%7B").replacing("}", with: "%7D")
        #expect(try await answer(.get, target).1 == body)
    }

    @Test(arguments: [
        "/nothing", "/session/", "/Session", "//session", "/session//", "/redirect/", "/redirect/a/b", "/a//b/2",
        "/a/1/b", "/a/1/c/2",
        "//", "/redirect//", "/session;x=1",
    ])
    func `another path has none`(_ target: String) async throws {
        let (status, body, _) = try await answer(.get, target)
        #expect(status == 404)
        #expect(body == "refused \(target)")
    }

    @Test(arguments: [
        "/redirect/a%2Fb", "/redirect/..%2f..%2fetc%2fpasswd", "/redirect/a%5Cb", "/redirect/a%00", "/redirect/%0d%0a",
        "/redirect/..", "/redirect/%2e%2E", "/redirect/.", "/./session", "/session/..", "/redirect/%7f",
        "/redirect/%ff", "/%2fsession",
        "/redirect/%c0%ae",
    ])
    func `a path that can be read in two ways is refused`(_ target: String) async throws {
        #expect(try await answer(.get, target).0 == 400)
    }

    @Test func `a path without captures comes before those with them, and these come in the table's order`()
        async throws
    {
        let router = Router([
            Route(.get, "/a/{x}") { _, _ in .text("captured") },
            Route(.get, "/a/me") { _, _ in .text("me") },
        ])
        #expect(await text(of: router.respond(to: try Request(target: "/a/me"))) == "me")
        #expect(await text(of: router.respond(to: try Request(target: "/a/you"))) == "captured")
        #expect(try await answer(.get, "/a/me/b/2").1 == "me 2")
    }

    @Test func `routes of one shape are one resource, whatever they call their captures`() async throws {
        #expect(try await answer(.put, "/a/1/b/2").1 == "put 2")
        let (status, _, response) = try await answer(.delete, "/a/1/b/2")
        #expect(status == 405)
        #expect(response.fields[.allow] == "GET, HEAD, OPTIONS, PUT")
    }

    @Test func `HEAD goes where GET goes`() async throws {
        #expect(try await answer(.head, "/session").1 == "session HEAD")
        #expect(try await answer(.head, "/logout").0 == 405)
    }

    @Test func `a method that the path does not have is refused with those it has`() async throws {
        let (status, body, response) = try await answer(.post, "/session")
        #expect(status == 405)
        #expect(body == "refused /session")
        #expect(response.fields[.allow] == "GET, HEAD, OPTIONS")
        #expect(try await answer(.get, "/logout").2.fields[.allow] == "OPTIONS, POST")
    }

    @Test func `a method that nobody knows is not implemented, wherever it goes`() async throws {
        for target in ["/session", "/nothing"] {
            #expect(try await answer(.other("BREW"), target).0 == 501)
            #expect(try await answer(.other("get"), target).0 == 501)
        }
    }

    @Test func `TRACE and CONNECT are allowed nowhere`() async throws {
        for target in ["/session", "/nothing"] {
            let (status, _, response) = try await answer(.trace, target)
            #expect(status == 405)
            #expect(response.fields[.allow] == "GET, HEAD, OPTIONS, POST, PUT")
        }
        #expect(try await answer(.connect, "a.example:443").0 == 405)
    }

    @Test func `OPTIONS says what a path or the server allows`() async throws {
        let (status, _, response) = try await answer(.options, "/session")
        #expect(status == 204)
        #expect(response.fields[.allow] == "GET, HEAD, OPTIONS")
        let whole = try await answer(.options, "*")
        #expect(whole.0 == 200)
        #expect(whole.2.fields[.allow] == "GET, HEAD, OPTIONS, POST, PUT")
        #expect(try await answer(.options, "/nothing").0 == 404)
    }

    @Test func `the fallback answers for paths without a route, and only for those`() async throws {
        struct Fallback: Responder {
            func respond(to request: Request) async -> Response { .text("file") }
        }
        let router = Router([Route(.get, "/a") { _, _ in .text("a") }], fallback: Fallback())
        #expect(await text(of: router.respond(to: try Request(target: "/b"))) == "file")
        #expect(await text(of: router.respond(to: try Request(target: "/a"))) == "a")
        #expect(await router.respond(to: try Request(method: .post, target: "/a")).status == .methodNotAllowed)
        #expect(await router.respond(to: try Request(target: "/..")).status == .badRequest)
        #expect(await router.respond(to: try Request(method: .other("X"), target: "/b")).status == .notImplemented)
    }

    @Test func `a fallback answers at once where no route can be meant, and only there`() throws {
        struct Fallback: Responder {
            func respond(to request: Request) async -> Response { .text("file") }
            func respondNow(to request: borrowing RequestView, into sink: inout AnswerSink) -> Bool {
                sink.put(.text("file"))
                return true
            }
        }
        let router = Router(
            [
                Route(.post, "/a") { _, _ in .text("a") }, Route(.get, "/r/{x}") { _, _ in .text("r") },
                Route(
                    .get, "/s",
                    immediate: { _, sink in
                        sink.put(.text("s"))
                        return true
                    }, { _, _ in .text("s") }),
            ], fallback: Fallback())
        func textAtOnce(_ target: String) throws -> Substring? {
            try Request(target: target).lend { request in
                var sink = AnswerSink(ResponseSerializer(to: request), date: [])
                guard router.respondNow(to: request, into: &sink) else { return nil }
                return String(decoding: sink.take(), as: UTF8.self).suffix(4)
            }
        }
        for target in ["/a", "/%61", "/r/1", "/r/", "/b%62"] { #expect(try textAtOnce(target) == nil, "\(target)") }
        for target in ["/", "/aa", "/r", "/a/"] { #expect(try textAtOnce(target) == "file", "\(target)") }
        #expect(try textAtOnce("/s")?.last == "s")
    }

    private func text(of response: Response) -> String? {
        if case .bytes(let body) = response.body { String(decoding: body, as: UTF8.self) } else { nil }
    }
}
