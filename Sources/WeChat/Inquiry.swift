import FoundationEssentials
import Secure

/// A call under way: what is asked, how it was answered last, and whether to ask again.
///
/// Thousands of logins may wait for their answers at a time, and what a waiting function needs is held as long. So it is
/// here, once, and the functions that nobody waits in are never inlined into the one that waits.
final class Inquiry {
    private let platform: Platform
    private let operation: Operation
    private let field: String?
    private(set) var call: Call
    /// In seconds.
    private var pauses: [Double]
    /// When the last repetition must have its answer.
    private let deadline: Date
    /// Until there is an answer: nobody has given one.
    private(set) var outcome = Result<ReplyBody, UpstreamError>.failure(.unreachable(.interrupted))

    init(
        _ operation: Operation, _ query: [(name: String, value: String)], body: [UInt8]? = nil, wanted field: String?,
        repeats: Bool, at platform: Platform
    ) {
        self.platform = platform
        self.operation = operation
        self.field = field
        call = Call(
            method: body == nil ? .get : .post, path: operation.rawValue, query: query, body: body,
            timeout: platform.timeout)
        pauses = repeats && operation.isRepeatable ? [1, 2, 4] : []
        deadline = platform.timing.now() + platform.budget.inSeconds
    }

    /// Asks until there is an answer other than "busy".
    func end() async {
        while true {
            do throws(FetchError) {
                note(.success(try await platform.fetcher.fetch(call)))
            } catch {
                note(.failure(error))
            }
            guard let pause = pause(), await sleep(pause) else { return }
        }
    }

    /// Whether the pause is over and the task not cancelled.
    @inline(never)
    private func sleep(_ pause: Duration) async -> Bool {
        do {
            try await platform.timing.sleep(pause)
            return true
        } catch {
            return false
        }
    }

    /// How the call was answered.
    @inline(never)
    func note(_ reply: Result<Reply, FetchError>) {
        do throws(UpstreamError) {
            outcome = .success(try read(try reply.mapError(UpstreamError.unreachable).get()))
            platform.onAnswer(operation, nil)
        } catch {
            outcome = .failure(error)
            platform.onAnswer(operation, error)
        }
    }

    /// How long to wait before the call is made again; nil when it is not.
    @inline(never)
    private func pause() -> Duration? {
        guard case .failure(let failure) = outcome, failure.isBusy, !pauses.isEmpty else { return nil }
        let pause = pauses.removeFirst()
        let left = deadline.timeIntervalSince(platform.timing.now()) - pause
        // Below a second a further try is not worth its connection.
        guard left >= 1 else { return nil }
        call.timeout = min(platform.timeout, .milliseconds(Int(left * 1000)))
        return .seconds(pause)
    }

    private func read(_ reply: Reply) throws(UpstreamError) -> ReplyBody {
        guard reply.status == 200 else { throw .intermediate(status: reply.status) }
        let body: ReplyBody
        do {
            body = try ReplyBody(reply.body)
        } catch {
            // A page where JSON was due: a proxy's, or a captive portal's.
            let first = reply.body.first { $0 > 0x20 }
            throw first == UInt8(ascii: "<") ? .intermediate(status: reply.status) : .unreadable(error)
        }
        // Before the field is looked at: whoever WeChat refuses is not let in by what else stands in the refusal.
        let code = body.errorCode
        if code != .ok {
            let sent = [platform.account.appSecret.reveal()] + call.secrets
            throw .refused(APIError(code: code, errmsg: body.errorMessage, operation: operation, sent: sent))
        }
        if let field {
            guard body.text(field) != nil else { throw .unreadable(.missing(field: field)) }
            return body
        }
        // Some calls have nothing to say but `"errcode":0`, and must say that.
        guard body.integer("errcode") != nil else { throw .unreadable(.missing(field: "errcode")) }
        return body
    }
}

extension Call {
    private static let secretParameters: Set = ["code", "access_token", "refresh_token", "openid"]

    fileprivate var secrets: [String] { query.filter { Self.secretParameters.contains($0.name) }.map(\.value) }
}
