import Secure
import Wire

/// The `state` of a login: 256 random bits as 64 hexadecimal digits, which is what WeChat lets through.
struct LoginState: Sendable {
    let text: String

    static func random() -> LoginState {
        LoginState(checked: Random.hex(bytes: 32))
    }

    /// Exactly the shape of ours: browsers have been seen to append text to it (easywechat #2285).
    init?(_ text: String) {
        guard text.utf8.count == 64,
            text.utf8Span.span.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.text = text
    }

    private init(checked text: String) {
        self.text = text
    }
}
