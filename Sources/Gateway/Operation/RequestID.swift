import Secure
package import Wire

/// The id that ties a visitor's error page to the log: the proxy's, when it is harmless, else one of ours.
package enum RequestID: Sendable {
    case given(String)
    /// Sixteen hexadecimal digits. Hardly any is asked for as text.
    case drawn(UInt64)

    /// A new one at each call, where the proxy gave none.
    package static func of(_ request: borrowing RequestView) -> RequestID {
        if let given = request.fields[.xRequestID], (1...longest).contains(given.utf8.count),
            given.utf8.allSatisfy(isPlain)
        {
            return .given(given)
        }
        return .drawn(Random.number())
    }

    package var text: String {
        switch self {
        case .given(let text): text
        case .drawn(let number):
            String(unsafeUninitializedCapacity: 16) { memory in
                var writer = ByteWriter(memory)
                writer.put(hexadecimal: number)
                return writer.count
            }
        }
    }

    private static let longest = 64

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
