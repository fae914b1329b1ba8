import Glibc
import Reactor
import Synchronization
package import Wire

/// The files of a directory, kept in memory: one `stat` per request tells whether the copy is still good.
///
/// A path of the request is a path below the directory. Nothing that begins with a dot is served, no directory is listed,
/// and a symbolic link is followed only to where it stays inside.
package final class StaticFiles: Responder {
    /// Larger files are not served: they belong to a web server in front.
    package static let largestFile = 16 << 20

    private let directory: String
    private let refusal: @Sendable (Status, Request) -> Response
    private let now: @Sendable () -> Int
    private let files = Mutex<[String: StaticFile]>([:])

    /// A directory that is not there has no files until it is.
    ///
    /// - Parameters:
    ///   - refusal: the text of a refusal; `Allow` is added here.
    ///   - now: nanoseconds since 1970, on the clock of the files' times.
    package init(
        directory: String,
        refusal: @escaping @Sendable (Status, Request) -> Response = { status, _ in Response(status) },
        now: @escaping @Sendable () -> Int = StaticFiles.fileClock
    ) {
        self.directory = directory
        self.refusal = refusal
        self.now = now
    }

    package func respond(to request: Request) async -> Response {
        guard let path = RequestPath(request.path) else { return refusal(.badRequest, request) }
        guard let name = Self.name(path.segments), let file = await file(named: name) else {
            return refusal(.notFound, request)
        }
        switch request.method {
        case .get, .head:
            return isCurrent(file, for: request) ? notModified(file) : found(file)
        case .options:
            return Response(.noContent, [(.allow, Router.allowed([.get]))])
        default:
            var response = refusal(.methodNotAllowed, request)
            // A list of method names, which a field's value may hold.
            try? response.fields.set(.allow, Router.allowed([.get]))
            return response
        }
    }

    /// The path below the directory. Dot files are where secrets and histories lie (`.env`, `.git`).
    private static func name(_ segments: [String]) -> String? {
        if segments == [""] { return "index.html" }
        guard segments.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") }) else { return nil }
        return segments.joined(separator: "/")
    }

    private func file(named name: String) async -> StaticFile? {
        let path = "\(directory)/\(name)"
        guard let identity = StaticFile.Identity.ofFile(at: path) else {
            files.withLock { $0[name] = nil }
            return nil
        }
        if let known = files.withLock({ $0[name] }), known.identity == identity { return known }
        let directory = directory
        let fresh = await offLoop { StaticFile.read(path, under: directory, limit: Self.largestFile) }
        let isSettled = fresh?.identity.isSettled(at: now()) == true
        files.withLock { $0[name] = isSettled ? fresh : nil }
        return fresh
    }

    package static func fileClock() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return now.tv_sec * 1_000_000_000 + now.tv_nsec
    }

    private func isCurrent(_ file: StaticFile, for request: Request) -> Bool {
        request.fields.values(.ifNoneMatch).contains { file.tag.matches(ifNoneMatch: $0) }
    }

    private func found(_ file: StaticFile) -> Response {
        Response(.ok, fields: file.fields, body: .bytes(file.bytes))
    }

    /// RFC 9110 §15.4.5: what a 200 would have said about caching, and nothing about the content.
    private func notModified(_ file: StaticFile) -> Response {
        var fields = file.fields
        fields.remove(.contentType)
        return Response(.notModified, fields: fields)
    }
}
