package import HTTP
import Reactor
import Secure
package import WeChat
package import Wire

/// Carries WeChat's calls over our HTTP client: the one place where a call meets a socket. A class, so that a call that
/// waits holds it with one reference.
package final class ClientFetcher: Fetcher {
    let client: Client
    /// `https://api.weixin.qq.com`, or what stands in for it.
    let api: WebURL
    let metrics: Metrics

    package init(client: Client, api: WebURL, metrics: Metrics) {
        self.client = client
        self.api = api
        self.metrics = metrics
    }

    package func fetch(_ call: Call) async throws(FetchError) -> Reply {
        let start = Deadline.now()
        let exchange = begin(call)
        await exchange.end()
        return try reply(of: exchange, to: call.path, since: start)
    }

    // These two are `fetch` in steps, for who waits without a task. Never inlined: thousands may wait in `fetch`, each with
    // the room that it needs.
    @inline(never)
    func begin(_ call: Call) -> ClientCall {
        var request = ClientRequest(
            call.method == .get ? .get : .post, to: api, path: call.path, query: call.query,
            fields: call.body == nil ? [] : [(.contentType, "application/json")], body: call.body ?? [],
            timeout: call.timeout)
        // WeChat's GETs are not idempotent: one spends a code, another ends the token before.
        request.mayRepeat = false
        return client.call(request)
    }

    @inline(never)
    func reply(of exchange: ClientCall, to path: String, since start: Deadline) throws(FetchError) -> Reply {
        metrics.observe(upstream: path, took: Deadline.now().since(start))
        do throws(ClientError) {
            let response = try exchange.response()
            return Reply(status: response.status.code, body: response.body)
        } catch {
            throw Self.failure(error)
        }
    }

    /// In the terms of the room that asked. Only what is certain not to have reached WeChat is called unreachable.
    private static func failure(_ error: ClientError) -> FetchError {
        switch error.kind {
        case .timedOut: .timedOut
        case .refused, .unreachable, .resolution: .unreachable(host: error.host)
        case .tls(let fault): .tls(fault.description)
        case .protocolError, .invalidRequest: .malformed
        case .tooLarge: .tooLarge
        case .interrupted: .interrupted
        case .cancelled: .cancelled
        }
    }
}
