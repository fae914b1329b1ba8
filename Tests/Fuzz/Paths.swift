import Dispatch
import FoundationEssentials
import Glibc
import Synchronization
@testable import HTTP
@testable import Wire

/// Paths of requests, read for the router and for the files: no spelling of one reaches a file outside the folder, a dot
/// file or a directory, and what is read as segments can be read in one way only.
func examine(_ input: [UInt8]) {
    guard input.count < 1024, let target = String(validating: input, as: UTF8.self),
        var request = try? Request(target: target)
    else { return }
    if let path = RequestPath(request.path) {
        for segment in path.segments {
            require(segment != "." && segment != "..", "a dot segment in \(target)")
            require(!segment.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == 0x2F || $0 == 0x5C }, "hidden: \(target)")
        }
        let again = RequestPath("/" + path.segments.map(PercentCoding.encodeComponent).joined(separator: "/"))
        let isSame = again?.segments.elementsEqual(path.segments) { $0.utf8.elementsEqual($1.utf8) }
        require(isSame == true, "\(target) is \(path.segments), and then \(again?.segments ?? [])")
    }
    let response = answer(request)
    request.method = .head
    require(answer(request).status == response.status, "HEAD \(target) is another answer than GET's")
    request.method = .get
    try? request.fields.append(.ifNoneMatch, "*")
    let unchanged = answer(request)
    require(unchanged.status == (response.status == .ok ? .notModified : response.status), "\(target) is not current")
    switch response.status {
    case .ok:
        guard case .bytes(let bytes) = response.body else { fatalError("a file that is no bytes") }
        require(Site.published.contains(String(decoding: bytes, as: UTF8.self)), "\(target) serves \(bytes)")
    default:
        require([.notFound, .badRequest].contains(response.status), "\(target) answers \(response.status.code)")
        if case .empty = response.body { return }
        fatalError("\(target) is refused with a body")
    }
}

/// What a task answers, once it was compared with what is answered at once.
private func answer(_ request: Request) -> Response {
    // First: the task may read another version.
    let atOnce: [UInt8]? = request.lend { request in
        var sink = AnswerSink(ResponseSerializer(to: request), date: [])
        return Site.files.respondNow(to: request, into: &sink) ? sink.take() : nil
    }
    let response = waiting { await Site.files.respond(to: request) }
    if let atOnce {
        var whole: [UInt8] = []
        _ = ResponseSerializer(to: request).append(response, date: [], to: &whole)
        require(atOnce == whole, "\(request.path) is answered at once by \(String(decoding: atOnce, as: UTF8.self))")
    }
    return response
}

private enum Site {
    static let published: Set = ["index", "public", "deep", "kelvin"]

    /// A folder with what may be served and what may not, and a neighbour with the same beginning.
    static let files: StaticFiles = {
        let folder = "\(FileManager.default.temporaryDirectory.path)/magpie-fuzz-\(getpid())"
        for (name, text) in [
            ("site/index.html", "index"), ("site/a.txt", "public"), ("site/s/b", "deep"), ("site/\u{212A}", "kelvin"),
            ("site/.env", "secret"), ("site/s/.git/config", "secret"), ("site-old/c", "secret"), ("secret", "secret"),
        ] {
            let file = "\(folder)/\(name)"
            let parent = file.prefix(upTo: file.lastIndex(of: "/") ?? file.endIndex)
            do {
                try FileManager.default.createDirectory(atPath: String(parent), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: URL(filePath: file))
            } catch {
                fatalError("no site to serve: \(error)")
            }
        }
        require(symlink("../secret", "\(folder)/site/l") == 0 && symlink("a.txt", "\(folder)/site/m") == 0, "no links")
        require(symlink("../site-old", "\(folder)/site/n") == 0, "no links")
        atexit { Site.remove() }
        return StaticFiles(directory: "\(folder)/site")
    }()

    static func remove() {
        try? FileManager.default.removeItem(
            atPath: "\(FileManager.default.temporaryDirectory.path)/magpie-fuzz-\(getpid())")
    }
}

/// The result of what is asynchronous, for a caller that may not be.
private func waiting<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) -> Value {
    let result = Mutex<Value?>(nil)
    let done = DispatchSemaphore(value: 0)
    Task {
        let value = await work()
        result.withLock { $0 = value }
        done.signal()
    }
    done.wait()
    guard let value = result.withLock({ $0 }) else { fatalError("signalled without a result") }
    return value
}
