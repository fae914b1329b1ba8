package import Reactor
package import Secure
package import Wire

/// Why a call has no answer. It names scheme, host and path only: WeChat's queries carry secrets and tokens.
package struct ClientError: Error, Hashable, Sendable {
    package enum Stage: Hashable, Sendable {
        case connect
        case handshake
        case answer
    }

    package enum Kind: Error, Hashable, Sendable {
        /// A deadline passed, at this stage.
        case timedOut(Stage)
        /// No address of the host takes connections.
        case refused
        /// The network says no for another reason.
        case unreachable(IOError)
        /// The host's name has no address.
        case resolution(IOError)
        case tls(SecureError)
        /// The answer is not HTTP as the standard has it.
        case protocolError(WireError)
        /// The answer is longer than the client reads.
        case tooLarge(limit: Int)
        /// The connection ended, or broke, before the answer was complete.
        case interrupted
        /// The task that called was cancelled.
        case cancelled
        /// The request cannot be sent as it is: a path or a field is not valid.
        case invalidRequest(WireError)
    }

    package let kind: Kind
    package let scheme: WebURL.Scheme
    package let host: String
    package let path: String

    init(_ kind: Kind, of request: ClientRequest) {
        self.kind = kind
        scheme = request.base.scheme
        host = request.base.authority.description
        // A caller's mistake could put a query here; what follows a "?" is not ours to show.
        path = String(request.fullPath.prefix { $0 != "?" && $0 != "#" })
    }
}

extension ClientError: CustomStringConvertible {
    package var description: String { "\(scheme.rawValue)://\(host)\(path): \(kind)" }
}

extension ClientError.Kind: CustomStringConvertible {
    package var description: String {
        switch self {
        case .timedOut(.connect): "timed out while connecting"
        case .timedOut(.handshake): "timed out in the TLS handshake"
        case .timedOut(.answer): "timed out waiting for the answer"
        case .refused: "connection refused"
        case .unreachable(let error): "unreachable: \(error)"
        case .resolution(let error): "cannot resolve the host: \(error)"
        case .tls(let error): "\(error)"
        case .protocolError(let error): "the answer is not valid HTTP: \(error)"
        case .tooLarge(let limit): "the answer is longer than \(limit) bytes"
        case .interrupted: "the connection ended before the answer did"
        case .cancelled: "cancelled"
        case .invalidRequest(let error): "the request is not valid: \(error)"
        }
    }
}
