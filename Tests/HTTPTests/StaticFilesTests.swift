import Foundation
import HTTP
import Testing
import Wire

/// A directory of files for one test, with something outside of it that must not be reached.
private final class Site {
    let base: URL
    var root: URL { base.appending(path: "public") }
    let files: StaticFiles

    /// - Parameter isLate: whether every file looks as if it had been there for long, so that its copy is kept.
    init(
        isLate: Bool = false, further: @escaping @Sendable (String) -> Fields = { _ in Fields() }
    ) throws {
        base = FileManager.default.temporaryDirectory.appending(path: "magpie-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: base.appending(path: "public/sub"), withIntermediateDirectories: true)
        files = StaticFiles(
            directory: base.appending(path: "public").path(), further: further,
            refusal: { status, request in .text("refused \(request.path)", status: status) },
            now: { [isLate] in StaticFiles.fileClock() + (isLate ? 1_000_000_000 : 0) })
        try write("index.html", "<h1>home</h1>")
        try write("app.js", "let a = 1")
        try write("types.d.ts", "export {}")
        try write("sub/page.html", "<p>sub</p>")
        try write("MP_verify_abc.txt", "abc")
        try write("noending", "?")
        try write("a b+ä.txt", "odd")
        try write("empty.css", "")
        try write(".secret", "secret")
        try write("sub/.git", "secret")
        try write("../outside.txt", "secret")
    }

    deinit { try? FileManager.default.removeItem(at: base) }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: root.appending(path: name))
    }

    func get(_ target: String, _ fields: [(FieldName, String)] = []) async throws -> Response {
        try await answer(.get, target, fields)
    }

    /// Answers as a server does, and holds what is answered at once against what a task answers, to the byte.
    func answer(
        _ method: Wire.Method, _ target: String, _ fields: [(FieldName, String)] = []
    ) async throws -> Response {
        let request = try Request(method: method, target: target, fields: fields)
        let atOnce = answerAtOnce(request)
        let response = await files.respond(to: request)
        if let atOnce {
            var whole: [UInt8] = []
            _ = ResponseSerializer(to: request).append(response, date: Array("now".utf8), to: &whole)
            #expect(String(decoding: atOnce, as: UTF8.self) == String(decoding: whole, as: UTF8.self))
        }
        return response
    }

    /// The bytes of an answer that needs no task; nil for any other.
    func answerAtOnce(_ request: Request) -> [UInt8]? {
        request.lend { request in
            var sink = AnswerSink(ResponseSerializer(to: request), date: Array("now".utf8))
            return files.respondNow(to: request, into: &sink) ? sink.take() : nil
        }
    }

    func isAnsweredAtOnce(
        _ target: String, method: Wire.Method = .get, _ fields: [(FieldName, String)] = []
    ) throws -> Bool {
        answerAtOnce(try Request(method: method, target: target, fields: fields)) != nil
    }
}

extension Response {
    fileprivate var text: String? {
        if case .bytes(let body) = body { String(decoding: body, as: UTF8.self) } else { nil }
    }
}

struct StaticFilesTests {
    @Test(arguments: [
        ("/", "<h1>home</h1>", "text/html; charset=utf-8"),
        ("/index.html", "<h1>home</h1>", "text/html; charset=utf-8"),
        ("/app.js", "let a = 1", "text/javascript; charset=utf-8"),
        ("/app.js?v=2", "let a = 1", "text/javascript; charset=utf-8"),
        ("/%61pp.js", "let a = 1", "text/javascript; charset=utf-8"),
        ("/types.d.ts", "export {}", "text/plain; charset=utf-8"),
        ("/sub/page.html", "<p>sub</p>", "text/html; charset=utf-8"),
        ("/MP_verify_abc.txt", "abc", "text/plain; charset=utf-8"),
        ("/noending", "?", "application/octet-stream"), ("/a%20b+%C3%A4.txt", "odd", "text/plain; charset=utf-8"),
        ("/empty.css", "", "text/css; charset=utf-8"),
    ])
    func `a file is served with its type`(_ target: String, _ text: String, _ type: String) async throws {
        let response = try await Site().get(target)
        #expect(response.status == .ok)
        #expect(response.text == text)
        #expect(response.fields[.contentType] == type)
        #expect(response.fields[.xContentTypeOptions] == "nosniff")
        #expect(response.fields[.cacheControl] == "no-cache")
        #expect(response.fields[.etag]?.wholeMatch(of: /"[0-9a-f]{32}"/) != nil)
    }

    @Test(arguments: [
        "/nothing", "/app.js/", "/app.js/x", "/sub", "/sub/", "//app.js", "/sub//page.html", "/.secret", "/sub/.git",
        "/%2esecret",
        "/...", "/INDEX.html", "/app.js%20", "/index.html.", "/*",
    ])
    func `what is no file, or is hidden, is not found`(_ target: String) async throws {
        let response = try await Site().get(target)
        #expect(response.status == .notFound)
        #expect(response.text == "refused \(target)")
    }

    @Test(arguments: [
        "/../outside.txt", "/sub/../../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/sub%2fpage.html",
        "/..%5coutside.txt", "/index.html%00", "/index.html%00.js", "/./index.html", "/%c0%ae%c0%ae/outside.txt",
        "/index.html%0a",
    ])
    func `a path that leads elsewhere is refused`(_ target: String) async throws {
        let response = try await Site().get(target)
        #expect(response.status == .badRequest)
        #expect(response.text != "secret")
    }

    @Test(arguments: [false, true])
    func `a link is followed inside and not outside`(_ isLate: Bool) async throws {
        let site = try Site(isLate: isLate)
        let manager = FileManager.default
        func link(_ name: String, to target: String) throws {
            try manager.createSymbolicLink(atPath: site.root.appending(path: name).path(), withDestinationPath: target)
        }
        try link("inside.js", to: "app.js")
        try link("outside.txt", to: "../outside.txt")
        try link("absolute.txt", to: site.base.appending(path: "outside.txt").path())
        try link("up", to: "..")
        try link("loop", to: "loop")
        try link("passwd", to: "/etc/passwd")
        #expect(try await site.get("/inside.js").text == "let a = 1")
        #expect(try site.isAnsweredAtOnce("/inside.js") == isLate)
        for target in ["/outside.txt", "/absolute.txt", "/up/outside.txt", "/loop", "/passwd"] {
            #expect(try await site.get(target).status == .notFound, "\(target)")
        }
        #expect(try await site.get("/up/public/app.js").status == .ok)
        // A link which was good when the file was read, and then leads out.
        try manager.removeItem(at: site.root.appending(path: "inside.js"))
        try link("inside.js", to: "../outside.txt")
        #expect(try !site.isAnsweredAtOnce("/inside.js"))
        #expect(try await site.get("/inside.js").status == .notFound)
    }

    @Test func `a sibling whose name begins like the directory is outside`() async throws {
        let site = try Site()
        try FileManager.default.createDirectory(
            at: site.base.appending(path: "public-not"), withIntermediateDirectories: true)
        try Data("secret".utf8).write(to: site.base.appending(path: "public-not/a.txt"))
        try FileManager.default.createSymbolicLink(
            atPath: site.root.appending(path: "a.txt").path(), withDestinationPath: "../public-not/a.txt")
        #expect(try await site.get("/a.txt").status == .notFound)
    }

    @Test func `a copy that is current is not sent again`() async throws {
        let site = try Site()
        let tag = try #require(try await site.get("/app.js").fields[.etag])
        for field in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
            let response = try await site.get("/app.js", [(.ifNoneMatch, field)])
            #expect(response.status == .notModified, "\(field)")
            #expect(response.fields[.etag] == tag)
            #expect(response.fields[.contentType] == nil)
            #expect(response.text == nil)
        }
        #expect(try await site.get("/app.js", [(.ifNoneMatch, "\"x\""), (.ifNoneMatch, tag)]).status == .notModified)
        for field in ["\"x\"", "", tag.uppercased() + "x", "x"] {
            #expect(try await site.get("/app.js", [(.ifNoneMatch, field)]).status == .ok, "\(field)")
        }
        #expect(try await site.get("/nothing", [(.ifNoneMatch, "*")]).status == .notFound)
    }

    @Test func `a file that was kept is answered at once, whole and as one that the client has`() async throws {
        let site = try Site(isLate: true)
        for (target, method) in [
            ("/app.js", Wire.Method.get), ("/", .get), ("/sub/page.html", .head), ("/empty.css", .get),
        ] {
            #expect(try !site.isAnsweredAtOnce(target, method: method), "there is no copy yet of \(target)")
            let tag = try #require(try await site.answer(method, target).fields[.etag])
            #expect(try site.isAnsweredAtOnce(target, method: method))
            #expect(try site.isAnsweredAtOnce("\(target)?v=2", method: method))
            // With each of them, `answer` compares the bytes.
            for field in [tag, "\"x\"", "*"] {
                let response = try await site.answer(method, target, [(.ifNoneMatch, field)])
                #expect(response.status == (field == "\"x\"" ? .ok : .notModified))
                #expect(try site.isAnsweredAtOnce(target, method: method, [(.ifNoneMatch, field)]))
            }
        }
        for method in [Wire.Method.post, .options, .delete] {
            #expect(try !site.isAnsweredAtOnce("/app.js", method: method))
        }
        for target in ["/%61pp.js", "//app.js", "/app.js/", "/sub/../app.js", "/./app.js", "/APP.js"] {
            #expect(try !site.isAnsweredAtOnce(target), "\(target)")
        }
    }

    @Test func `a path with an escape is not taken for the file that is called so`() async throws {
        let site = try Site(isLate: true)
        try site.write("%61pp.js", "odd")
        #expect(try await site.get("/%2561pp.js").text == "odd")
        #expect(try !site.isAnsweredAtOnce("/%61pp.js"))
        #expect(try await site.get("/%61pp.js").text == "let a = 1")
    }

    /// Strings that look alike are equal, and files are not: the Kelvin sign is a letter of its own.
    @Test func `a name is the one that was asked for to the byte`() async throws {
        let site = try Site(isLate: true)
        try site.write("\u{212A}.js", "kelvin")
        #expect(try await site.get("/%E2%84%AA.js").text == "kelvin")
        #expect(try !site.isAnsweredAtOnce("/K.js"))
        #expect(try await site.get("/K.js").status == .notFound)
        try site.write("K.js", "letter")
        for _ in 0..<2 {
            #expect(try await site.get("/K.js").text == "letter")
            #expect(try await site.get("/%E2%84%AA.js").text == "kelvin")
        }
    }

    @Test func `a large file is answered by a task, unless the client has it`() async throws {
        let site = try Site(isLate: true)
        try site.write("large.js", String(repeating: "a", count: 40_000))
        let tag = try #require(try await site.get("/large.js").fields[.etag])
        #expect(try !site.isAnsweredAtOnce("/large.js"))
        #expect(try site.isAnsweredAtOnce("/large.js", [(.ifNoneMatch, tag)]))
        #expect(try await site.get("/large.js", [(.ifNoneMatch, tag)]).status == .notModified)
    }

    @Test func `the fields of the site go with a file, by its type, and not with a refusal`() async throws {
        let site = try Site(isLate: true) { type in
            Response(.ok, [(.referrerPolicy, type.hasPrefix("text/html") ? "origin" : "no-referrer")]).fields
        }
        // By a task, and then at once, which `get` compares.
        for isKept in [false, true] {
            #expect(try site.isAnsweredAtOnce("/") == isKept)
            let page = try await site.get("/")
            #expect(page.fields[.referrerPolicy] == "origin")
            let tag = try #require(page.fields[.etag])
            let unchanged = try await site.get("/", [(.ifNoneMatch, tag)])
            #expect(unchanged.status == .notModified && unchanged.fields[.referrerPolicy] == "origin")
            #expect(try await site.get("/app.js").fields[.referrerPolicy] == "no-referrer")
        }
        #expect(try await site.get("/none").fields[.referrerPolicy] == nil)
    }

    @Test func `a changed file is seen at once, and a file that is gone is gone`() async throws {
        let site = try Site()
        let before = try await site.get("/app.js")
        for text in ["let a = 2", "let a = 3", "let b = 33", ""] {
            try site.write("app.js", text)
            #expect(try await site.get("/app.js").text == text)
        }
        try site.write("app.js", "let a = 1")
        #expect(try await site.get("/app.js").fields[.etag] == before.fields[.etag])
        try FileManager.default.removeItem(at: site.root.appending(path: "app.js"))
        #expect(try await site.get("/app.js").status == .notFound)
    }

    @Test func `a file that was kept is read again when it changes its length or its inode`() async throws {
        let site = try Site(isLate: true)
        #expect(try await site.get("/app.js").text == "let a = 1")
        try site.write("app.js", "let a = 10")
        #expect(try !site.isAnsweredAtOnce("/app.js"))
        #expect(try await site.get("/app.js").text == "let a = 10")
        try Data("let a = 11".utf8).write(to: site.root.appending(path: "app.js"), options: .atomic)
        #expect(try await site.get("/app.js").text == "let a = 11")
        #expect(try site.isAnsweredAtOnce("/app.js"))
        try FileManager.default.removeItem(at: site.root.appending(path: "app.js"))
        #expect(try !site.isAnsweredAtOnce("/app.js"))
        #expect(try await site.get("/app.js").status == .notFound)
    }

    @Test func `HEAD is answered like GET, and other methods are refused`() async throws {
        let site = try Site()
        #expect(try await site.answer(.head, "/app.js").fields == site.get("/app.js").fields)
        let refused = try await site.answer(.post, "/app.js")
        #expect(refused.status == .methodNotAllowed)
        #expect(refused.fields[.allow] == "GET, HEAD, OPTIONS")
        #expect(try await site.answer(.options, "/app.js").fields[.allow] == "GET, HEAD, OPTIONS")
        #expect(try await site.answer(.delete, "/nothing").status == .notFound)
    }

    @Test func `a file that is too large, a FIFO and an unreadable directory are not found`() async throws {
        let site = try Site()
        let large = site.root.appending(path: "large.bin")
        #expect(FileManager.default.createFile(atPath: large.path(), contents: nil))
        try FileHandle(forWritingTo: large).truncate(atOffset: UInt64(StaticFiles.largestFile) + 1)
        #expect(try await site.get("/large.bin").status == .notFound)
        #expect(mkfifo(site.root.appending(path: "fifo").path(), 0o600) == 0)
        #expect(try await site.get("/fifo").status == .notFound)
        let nowhere = StaticFiles(directory: site.base.appending(path: "nowhere").path())
        #expect(await nowhere.respond(to: try Request(target: "/index.html")).status == .notFound)
    }

    @Test func `a directory that appears later is served`() async throws {
        let site = try Site()
        let later = StaticFiles(directory: site.base.appending(path: "later").path())
        #expect(await later.respond(to: try Request(target: "/")).status == .notFound)
        try FileManager.default.moveItem(at: site.root, to: site.base.appending(path: "later"))
        #expect(await later.respond(to: try Request(target: "/")).status == .ok)
    }
}
