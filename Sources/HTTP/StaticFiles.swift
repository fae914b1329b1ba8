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
    private let further: @Sendable (String) -> Fields
    private let refusal: @Sendable (Status, Request) -> Response
    private let now: @Sendable () -> Int
    /// By the bytes of their names: a string is equal to others that are spelled otherwise, and a file is not.
    private let files = Mutex<[[UInt8]: StaticFile]>([:])

    /// A directory that is not there has no files until it is.
    ///
    /// - Parameters:
    ///   - further: the fields that the answers with a file have besides its own, made of its `Content-Type`; names that
    ///     this house knows.
    ///   - refusal: the text of a refusal; `Allow` is added here.
    ///   - now: nanoseconds since 1970, on the clock of the files' times.
    package init(
        directory: String, further: @escaping @Sendable (_ contentType: String) -> Fields = { _ in Fields() },
        refusal: @escaping @Sendable (Status, Request) -> Response = { status, _ in Response(status) },
        now: @escaping @Sendable () -> Int = StaticFiles.fileClock
    ) {
        self.directory = directory
        self.further = further
        self.refusal = refusal
        self.now = now
    }

    package func respond(to request: Request) async -> Response {
        guard let path = RequestPath(request.path) else { return refusal(.badRequest, request) }
        guard let name = Self.name(path.segments) else { return refusal(.notFound, request) }
        switch await find(name) {
        case .file(let file): return answer(request, with: file)
        case .nothing: return refusal(.notFound, request)
        case .unreadable: return refusal(.unavailable, request)
        }
    }

    /// Answers with a copy that is still good, or that the client has it; a large one leaves in pieces, by a task.
    package func respondNow(to request: borrowing RequestView, into sink: inout AnswerSink) -> Bool {
        guard request.method == .get || request.method == .head, let file = copy(at: request.path.span) else {
            return false
        }
        let isCurrent = file.isCurrent(by: request.fields)
        guard isCurrent || file.bytes.count <= Self.piece, file.isUnchanged else { return false }
        sink.put(isCurrent ? notModified(file) : found(file))
        return true
    }

    /// The copy of the file that has a path for its name as it stands. One with an escape reads otherwise.
    private func copy(at path: Span<UInt8>) -> StaticFile? {
        guard path.isPrefixed(by: "/"), path.first(UInt8(ascii: "%"), in: path.indices) == path.count else {
            return nil
        }
        let name = path.count == 1 ? Self.index : path.extracting(1...).withUnsafeBufferPointer { Array($0) }
        return files.withLock { $0[name] }
    }

    private func answer(_ request: Request, with file: StaticFile) -> Response {
        switch request.method {
        case .get, .head:
            return request.fields.lend(file.isCurrent) ? notModified(file) : found(file)
        case .options:
            return Response(.noContent, [(.allow, Router.allowed([.get, .head]))])
        default:
            var response = refusal(.methodNotAllowed, request)
            // A list of method names, which a field's value may hold.
            try? response.fields.set(.allow, Router.allowed([.get, .head]))
            return response
        }
    }

    private func found(_ file: StaticFile) -> Response {
        Response(.ok, fields: file.fields, body: Self.body(file.bytes))
    }

    private func notModified(_ file: StaticFile) -> Response {
        Response(.notModified, fields: file.fieldsWithoutContent)
    }

    private static let index = Array("index.html".utf8)

    /// The path below the directory. Dot files are where secrets and histories lie (`.env`, `.git`).
    private static func name(_ segments: [String]) -> [UInt8]? {
        if segments == [""] { return index }
        guard segments.allSatisfy({ !$0.isEmpty && $0.utf8.first != UInt8(ascii: ".") }) else { return nil }
        return Array(segments.joined(separator: "/").utf8)
    }

    private func find(_ name: [UInt8]) async -> StaticFile.Finding {
        let path = "\(directory)/\(String(decoding: name, as: UTF8.self))"
        guard let identity = StaticFile.Identity.ofFile(at: path) else {
            files.withLock { $0[name] = nil }
            return .nothing
        }
        if let known = files.withLock({ $0[name] }), known.identity == identity { return .file(known) }
        return await offLoop { self.read(name, path, identity) }
    }

    /// Blocks. Of a crowd that asks for a new file all at once, those who come to their turn after the first find its
    /// copy: one each would be the file's size for every connection.
    private func read(_ name: [UInt8], _ path: String, _ identity: StaticFile.Identity) -> StaticFile.Finding {
        if let known = files.withLock({ $0[name] }), known.identity == identity { return .file(known) }
        // Before it is read: what changes meanwhile may not show.
        let start = now()
        let finding = StaticFile.read(path, under: directory, limit: Self.largestFile, further: further)
        guard case .file(let fresh) = finding, fresh.identity.isSettled(at: start) else {
            files.withLock { $0[name] = nil }
            return finding
        }
        return files.withLock { files in
            if let known = files[name], known.identity == fresh.identity { return .file(known) }
            files[name] = fresh
            return finding
        }
    }

    package static func fileClock() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return now.tv_sec * 1_000_000_000 + now.tv_nsec
    }

    /// How much of a file leaves at a time.
    private static let piece = 32 << 10

    /// A large file leaves in pieces, each after the one before it: a crowd of clients that ask and do not read would
    /// else have a copy each.
    private static func body(_ bytes: [UInt8]) -> Response.Body {
        guard bytes.count > piece else { return .bytes(bytes) }
        return .stream(length: bytes.count) { sink in
            for start in stride(from: 0, to: bytes.count, by: piece) {
                try await sink.write(Array(bytes[start..<min(start + piece, bytes.count)]))
            }
        }
    }
}
