import FoundationEssentials
import Wire

/// An error as its reader gets it: JSON for programs, a page for a person who navigated here.
struct ErrorReply: Sendable {
    let failure: Failure

    init(_ failure: Failure) {
        self.failure = failure
    }

    func response(to request: Request, id: String) -> Response {
        var response =
            Self.isNavigation(request)
            ? Response(
                failure.status,
                [(.contentType, "text/html; charset=utf-8"), (.contentSecurityPolicy, ErrorPage.policy)],
                body: .bytes(Array(ErrorPage.html(failure, requestID: id, PageLanguage(request)).utf8)))
            : .json(json(id: id), status: failure.status)
        // The id has been checked, and the rest is written here.
        try? response.fields.append(.xRequestID, id)
        if failure.status == .unauthorized {
            // RFC 9110 §15.5.2 asks for a challenge; there is no registered one for a login by redirect.
            let scheme =
                switch failure {
                case .unauthorizedAdmin: Self.isNavigation(request) ? "Basic" : "Bearer"
                case .unauthorizedSite: "Basic"
                default: "Cookie"
                }
            try? response.fields.append(.wwwAuthenticate, "\(scheme) realm=\"magpie\"")
        }
        if let seconds = failure.retryAfter { try? response.fields.append(.retryAfter, String(seconds)) }
        return response
    }

    /// A browser that goes to an address, and not a script or a program that fetches it.
    static func isNavigation(_ request: Request) -> Bool {
        guard request.method == .get || request.method == .head else { return false }
        if let mode = request.fields[.secFetchMode] { return mode == "navigate" }
        return request.fields[.accept]?.contains("text/html") ?? false
    }

    /// The answer to bytes that are no request, or to one connection too many: there is no header to read and nobody to
    /// make a page for.
    static func refusal(_ status: Status, _ error: WireError?) -> Response {
        error == nil ? tooManyConnections : refusal(status, RefusalText(error))
    }

    /// Made once: a flood gets it by the thousand.
    private static let tooManyConnections = refusal(.unavailable, RefusalText(nil))

    private static func refusal(_ status: Status, _ text: RefusalText) -> Response {
        let detail = Body.Detail(
            code: status.reason.lowercased().replacing(" ", with: "_"), message: text.message, hint: text.hint)
        var response = Response.json(json(Body(error: detail)), status: status)
        Door.protect(&response)
        return response
    }

    private struct Body: Encodable {
        struct Detail: Encodable {
            let code: String
            let message: String
            let hint: String?
            var requestId: String?
        }

        let error: Detail
        var login: String?
    }

    private func json(id: String) -> [UInt8] {
        Self.json(
            Body(
                error: .init(code: failure.code, message: failure.message, hint: failure.hint, requestId: id),
                login: failure.loginPath))
    }

    private static func json(_ body: Body) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(body) else {
            preconditionFailure("a value of strings always encodes")
        }
        return Array(data)
    }
}
