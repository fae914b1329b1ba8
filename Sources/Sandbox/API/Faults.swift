import Wire

/// Carries out a scripted fault on the way of an answer.
struct FaultInjector: Sendable {
    let platform: Platform
    /// Waits so many milliseconds, or until the connection's task is cancelled.
    let pause: @Sendable (Int) async -> Void

    /// The request's answer was cut off on purpose: the server ends the connection.
    struct Severed: Error {}

    func answer(
        _ request: Request, countedAs path: String, _ handle: (Request) async -> Response
    ) async -> Response {
        let (fault, latency, time) = platform.with { state in
            state.journal.count(path)
            let fault = state.script.strike(request.path)
            if let fault { state.record("fault", request.path, fault.name) }
            return (fault, state.knobs.latency, state.now)
        }
        if latency > 0 { await pause(latency) }
        let response = await carryOut(fault, on: request, handle)
        platform.with { $0.traffic.record(request, response, fault: fault?.name, since: time, at: $0.now) }
        return response
    }

    private func carryOut(
        _ fault: Fault.Kind?, on request: Request, _ handle: (Request) async -> Response
    ) async -> Response {
        switch fault {
        case nil: return await handle(request)
        case .errcode(let code, let text): return refusal(Refusal(code, text), request)
        case .status(let code): return Self.intermediary(Status(code))
        case .delay(let milliseconds):
            await pause(milliseconds)
            return await handle(request)
        case .hang(let milliseconds):
            await pause(milliseconds)
            return Response(.ok, body: .abort)
        case .garbage: return Self.garbage
        case .reset: return Response(.ok, body: .abort)
        case .drip(let milliseconds): return drip(await handle(request), every: milliseconds)
        case .truncate: return Self.truncated(await handle(request))
        }
    }

    private func refusal(_ refusal: Refusal, _ request: Request) -> Response {
        if request.path.hasPrefix("/connect/") {
            let error = PageError(scripted: refusal)
            return ErrorPage(error: error, say: Language(request)).page.response()
        }
        if request.path == PreverifyEndpoint.path { return PreverifyEndpoint.refusal(refusal.text) }
        let dress: Dress = request.path.hasPrefix("/sns/") ? .web : .api
        return PlatformAPI.dressed(platform.with { $0.reply(to: refusal) }, dress)
    }

    /// What a gateway between us and the platform shows when it cannot go on.
    private static func intermediary(_ status: Status) -> Response {
        let text: HTML = """
            <html><head><title>\(status.description)</title></head><body><h1>\(status.description)</h1></body></html>
            """
        return .html(text.text, status: status)
    }

    private static let garbage = Response(
        .ok, [(.contentType, "text/plain")],
        body: .bytes(Array("{\"access_token\":".utf8) + [0x00, 0xFF, 0xFE] + Array("<!doctype html><p>{{{".utf8)))

    private func drip(_ response: Response, every milliseconds: Int) -> Response {
        guard case .bytes(let bytes) = response.body else { return response }
        var slow = response
        let pause = pause
        slow.body = .stream(length: bytes.count) { sink in
            for byte in bytes {
                try await sink.write([byte])
                await pause(milliseconds)
            }
        }
        return slow
    }

    private static func truncated(_ response: Response) -> Response {
        guard case .bytes(let bytes) = response.body, !bytes.isEmpty else { return response }
        var cut = response
        cut.body = .stream(length: bytes.count) { sink in
            try await sink.write(Array(bytes.prefix(bytes.count / 2)))
            throw Severed()
        }
        return cut
    }
}

extension Fault.Kind {
    var name: String {
        switch self {
        case .errcode(let code, _): "errcode \(code)"
        case .status(let code): "status \(code)"
        case .delay(let milliseconds): "delay \(milliseconds)"
        case .hang(let milliseconds): "hang \(milliseconds)"
        case .garbage: "garbage"
        case .reset: "reset"
        case .drip(let milliseconds): "drip \(milliseconds)"
        case .truncate: "truncate"
        }
    }
}
