import Foundation
import WeChat

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Carries WeChat's calls by `URLSession`. A server program rather takes the HTTP client that it has anyway.
struct SessionFetcher: Fetcher {
    /// `https://api.weixin.qq.com`, or a sandbox.
    let api: String

    func fetch(_ call: Call) async throws(FetchError) -> Reply {
        let query = call.query.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }.joined(separator: "&")
        guard let url = URL(string: api + call.path + (query.isEmpty ? "" : "?" + query)) else { throw .malformed }
        var request = URLRequest(url: url, timeoutInterval: call.timeout / .seconds(1))
        request.httpMethod = call.method.rawValue
        if let body = call.body {
            request.httpBody = Data(body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        do {
            // WeChat redirects no call. What followed a redirect would carry the AppSecret to wherever it leads.
            let (body, response) = try await Exchange.send(request)
            return Reply(status: response.statusCode, body: Array(body))
        } catch {
            switch (error as? URLError)?.code {
            case .timedOut: throw .timedOut
            case .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed: throw .unreachable(host: url.host ?? api)
            case .secureConnectionFailed, .serverCertificateUntrusted: throw .tls(error.localizedDescription)
            case .cancelled: throw .cancelled
            default: throw .interrupted
            }
        }
    }

    /// A visitor's code is among the values, and must not add a parameter.
    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    /// RFC 3986 §2.3.
    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
