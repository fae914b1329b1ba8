import Glibc
import HTTP
import Reactor
import Wire

/// One browser: a connection that is kept, and what it knows of the login it began.
struct Visitor: ~Copyable {
    enum Failure: Error {
        case status(Int, of: String)
        case noState
        case cutOff
    }

    private let server: SocketAddress
    private let host: String
    private var stream: Stream?
    private var parser = ResponseParser()
    private var state = ""
    private var binding = ""

    init(to server: SocketAddress) {
        self.server = server
        host = server.description
    }

    /// Begins a login: the state and the cookie that go with it.
    mutating func start() async throws {
        let answer = try await ask("/redirect?to=/orders")
        guard answer.status == .found, let location = answer.fields[.location] else {
            throw Failure.status(answer.status.code, of: "start")
        }
        let parameters = location.split(whereSeparator: { "?&#".contains($0) })
        guard let found = parameters.first(where: { $0.hasPrefix("state=") }),
            let cookie = answer.fields[.setCookie]?.prefix(while: { $0 != ";" })
        else { throw Failure.noState }
        state = String(found.dropFirst("state=".count))
        binding = String(cookie)
    }

    /// Comes back from WeChat with a code of its own; a session must be the answer.
    mutating func comeBack() async throws {
        // The state is random and used once: so is a code made of it.
        let answer = try await ask("/redirect?code=\(state.prefix(32))&state=\(state)", cookie: binding)
        guard answer.status == .found, answer.fields[.location] == "/orders", answer.fields[.setCookie] != nil else {
            throw Failure.status(answer.status.code, of: "callback")
        }
    }

    /// Asks for the smallest thing there is, to have a connection that has served.
    mutating func greet() async throws {
        let answer = try await ask("/session")
        guard answer.status == .unauthorized else { throw Failure.status(answer.status.code, of: "session") }
    }

    /// Closes the connection.
    mutating func leave() { stream = nil }

    private mutating func ask(_ target: String, cookie: String? = nil) async throws -> ReceivedResponse {
        let deadline = Deadline.after(.seconds(60))
        if stream == nil {
            parser = ResponseParser()
            stream = try await Stream.connect(to: server, deadline: deadline)
        }
        let cookie = cookie.map { "Cookie: \($0)\r\n" } ?? ""
        let request = Array("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\(cookie)\r\n".utf8)
        let answer = try await exchange(request, by: deadline)
        if !parser.isReusable { stream = nil }
        return answer
    }

    private mutating func exchange(_ request: [UInt8], by deadline: Deadline) async throws -> ReceivedResponse {
        parser.begin(.get)
        try await stream?.write(request, deadline: deadline)
        while true {
            if case .response(let answer) = try parser.next() { return answer }
            guard let bytes = try await stream?.read(upTo: 4_096, deadline: deadline), !bytes.isEmpty else {
                throw Failure.cutOff
            }
            parser.feed(bytes)
        }
    }
}

/// Waits for the end of standard input, which is how a parent says that it has seen enough.
func endOfInput() async {
    await offLoop {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(0, &bytes, bytes.count) > 0 {}
    }
}
