import HTTP
import Reactor
import Store
import WeChat
import Wire

/// The one door between handlers, which throw, and the server, which takes responses: here every error becomes a
/// status, a text for its reader and a line in the log, and every response gets the fields that protect it.
struct Door: Sendable {
    let log: EventLog
    let metrics: Metrics

    /// Runs a handler, whatever it throws.
    func answering(
        _ request: Request, _ handler: () async throws -> Response
    ) async -> Response {
        var response: Response
        do {
            response = try await handler()
        } catch {
            response = reply(to: error, request)
        }
        Self.protect(&response)
        return response
    }

    /// The same for a handler that may have others' work waited for; what comes after that meets the same door.
    func answer(
        _ request: Request, _ handler: () async throws -> ThrowingAnswer
    ) async -> Answer {
        do {
            switch try await handler() {
            case .response(var response):
                Self.protect(&response)
                return .response(response)
            case .after(let work, let then):
                return .after(work) { request in await answering(request) { try await then(request) } }
            }
        } catch {
            return .response(refusal(error, request))
        }
    }

    /// The same for a handler that does not wait; false where it would have to. What it puts itself it has protected.
    func answeringNow(
        _ request: borrowing RequestView, into sink: inout AnswerSink,
        _ handler: (inout AnswerSink) throws -> Bool
    ) -> Bool {
        do {
            return try handler(&sink)
        } catch {
            sink.put(refusal(error, request.copy()))
            return true
        }
    }

    /// What the router and the files refuse, in the form of every other error.
    func refusal(_ status: Status, _ request: Request) -> Response {
        let failure: Failure =
            switch status {
            case .badRequest: .malformed(isRepeated: false)
            case .methodNotAllowed: .methodNotAllowed
            case .notImplemented: .methodUnknown
            case .unavailable: .fileUnavailable
            default: .notFound
            }
        return refusal(failure, request)
    }

    /// What is refused before there is a handler, or without a response.
    func refusal(_ error: any Error, _ request: Request) -> Response {
        var response = reply(to: error, request)
        Self.protect(&response)
        return response
    }

    /// The response for an error, with a line in the log where the fault is not the client's.
    ///
    /// Never inlined, as `protect`: a handler that waits would hold the room that they need.
    @inline(never)
    func reply(to error: any Error, _ request: Request) -> Response {
        let failure = Failure(error)
        let id = request.lend { RequestID.of($0) }
        // A flood of logins is told where it is refused, now and then; an unknown method is the client's fault.
        if failure.status.code >= 500, failure != .tooManyLogins, failure != .methodUnknown {
            log.error(
                "request failed",
                [
                    .method("\(request.method)"), .path(request.path), .status(failure.status.code),
                    .requestID(id.text), .outcome(failure.code), .reason(Self.cause(of: error)),
                ])
        }
        var response = ErrorReply(failure).response(to: request, id: id.text)
        if let error = error as? CrossOriginError {
            request.fields.lend {
                try? error.origin.grant(on: &response, to: $0, takesCredentials: error.takesCredentials)
            }
        }
        return response
    }

    /// What the operator may know of a cause. The rooms below keep their errors free of secrets.
    private static func cause(of error: any Error) -> String {
        switch error {
        case let error as CrossOriginError: cause(of: error.cause)
        case let error as StoreError: error.description
        case let error as KeeperError: error.description
        case let error as OAuthError: error.description
        case let error as IOError: error.description
        case let error as Failure: error.message
        default: "an unexpected \(type(of: error))"
        }
    }

    /// Nothing dynamic is stored by caches, sniffed, framed or told to other sites.
    @inline(never)
    static func protect(_ response: inout Response) {
        response.fields.append(missing: protection)
    }

    private static let protection = Response(
        .ok,
        [
            (.cacheControl, "no-store"),
            (.xContentTypeOptions, "nosniff"),
            (.referrerPolicy, "no-referrer"),
            (
                .contentSecurityPolicy,
                "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
            ),
            (.crossOriginResourcePolicy, "same-origin"),
        ]
    ).fields
}

/// As `HTTP.Answer`, before the door: it may throw to the very end.
enum ThrowingAnswer: Sendable {
    case response(Response)
    case after(any Awaited, then: @Sendable (Request) async throws -> Response)
}

extension Failure {
    /// What any error means for the client.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as CrossOriginError: self = Failure(error.cause)
        case let error as WireError: self = .malformed(isRepeated: error == .duplicateParameter)
        case is StoreError: self = .storeUnavailable
        case let error as KeeperError: self = .tokenUnavailable(seconds: error.retryAfterSeconds)
        default: self = .internal
        }
    }
}
