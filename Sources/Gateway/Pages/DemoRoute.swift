import FoundationEssentials
import Wire

/// `GET /magpie.json`: what the demo page must know of this server.
struct DemoRoute: Sendable {
    private let body: [UInt8]

    private struct Facts: Encodable {
        let account: String
        /// Where the page loads the JS-SDK from; null for WeChat's own.
        let sdkUrl: String?
        let sandbox: Bool
    }

    init(account: String, sandboxSDK: String?) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let facts = Facts(account: account, sdkUrl: sandboxSDK, sandbox: sandboxSDK != nil)
        guard let data = try? encoder.encode(facts) else {
            preconditionFailure("two strings and a flag always encode")
        }
        body = Array(data)
    }

    func facts(_ request: Request) -> Response {
        .json(body)
    }
}
