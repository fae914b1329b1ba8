import Secure
import TestSupport

/// A blocking client with TLS between the bytes and the wire.
final class SecureClient {
    private let raw: RawClient
    let engine: TLSEngine

    /// Connects and agrees upon TLS with a server whose certificate is for `localhost`.
    init(port: UInt16, trusting caFile: String) throws {
        raw = try RawClient(port: port)
        engine = try TLSEngine(client: .client(caFile: caFile), hostName: "localhost")
        while try !engine.handshake() {
            try raw.send(engine.takeCiphertext())
            try engine.feed(raw.receiveSome())
        }
        try raw.send(engine.takeCiphertext())
    }

    func send(_ text: String) throws {
        try engine.write(Array(text.utf8))
        try raw.send(engine.takeCiphertext())
    }

    /// Receives until the text has come, or the server has said farewell. Throws `.truncated` if it just closes.
    func receive(until text: String? = nil) throws -> String {
        var received: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 20_000)
        while text.map({ !String(decoding: received, as: UTF8.self).hasSuffix($0) }) ?? true {
            if let count = try space.withUnsafeMutableBytes({ try engine.read(into: $0) }) {
                if count == 0 { break }
                received += space.prefix(count)
            } else {
                let bytes = try raw.receiveSome()
                if bytes.isEmpty { engine.feedEnd() } else { engine.feed(bytes) }
            }
        }
        return String(decoding: received, as: UTF8.self)
    }
}
