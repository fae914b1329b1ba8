/// What a server answered.
package struct ReceivedResponse: Sendable {
    package var status: Status
    package var version: Version
    package var fields: Fields
    package var body: [UInt8]
    /// Whether the server lets the connection live on (RFC 9112 §9.3).
    package var keepsAlive: Bool
}
