/// The two versions this server speaks; any other is answered with 505.
package enum Version: String, Hashable, Sendable, CustomStringConvertible {
    case http10 = "HTTP/1.0"
    case http11 = "HTTP/1.1"

    package var description: String { rawValue }
}
