import HTTP
import Wire

/// The files of `Public/`, with the fields that protect a page and its readers but bind no operator's own page: what it
/// may load is its own affair, who may frame it is not.
struct PublicFiles: Responder {
    let files: any Responder

    func respond(to request: Request) async -> Response {
        var response = await files.respond(to: request)
        // A refusal has its own, which are stricter.
        guard !response.fields.contains(.referrerPolicy) else { return response }
        // Constants; they cannot be refused.
        try? response.fields.append(.referrerPolicy, "strict-origin-when-cross-origin")
        if response.fields[.contentType]?.hasPrefix("text/html") == true {
            try? response.fields.append(.contentSecurityPolicy, "frame-ancestors 'self'")
        }
        return response
    }
}
