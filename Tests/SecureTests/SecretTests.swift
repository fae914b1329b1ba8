import Secure
import Testing

@Suite struct SecretTests {
    private static let canary = "canary-6f1d2c"
    private let secret = Secret(canary)

    private struct Holder {
        var name = "main"
        var secret: Secret
        var optional: Secret?
    }

    @Test func `no way of printing a secret shows it`() {
        let holder = Holder(secret: secret, optional: secret)
        var dumped = ""
        dump(secret, to: &dumped)
        dump(holder, to: &dumped)
        dump(["list": [secret]], to: &dumped)
        let texts = [
            "\(secret)", "\(holder)", String(describing: secret), String(reflecting: secret),
            String(reflecting: holder),
            secret.description, secret.debugDescription, "\([secret])", "\(["key": secret])", dumped,
            "\(Mirror(reflecting: secret).children.map { "\($0)" })", "\(Optional(secret) as Any)",
        ]
        for text in texts {
            #expect(!text.contains("canary"))
            #expect(!text.contains("63, 61") && !text.contains("99, 97"))
        }
        #expect("\(secret)" == "***")
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test func `a secret cannot be encoded or hashed by accident`() {
        #expect(!((secret as Any) is any Encodable))
        #expect(!((secret as Any) is any Hashable))
    }

    @Test func `a secret gives back what went in`() {
        #expect(secret.reveal() == Self.canary)
        #expect(secret.revealBytes() == Array(Self.canary.utf8))
        #expect(secret.withBytes { $0.count } == Self.canary.utf8.count)
        #expect(Secret(bytes: [0, 255]).revealBytes() == [0, 255])
        #expect(Secret("").isEmpty && !secret.isEmpty)
        #expect(Secret("").reveal() == "")
    }

    @Test func `secrets are equal when their bytes are`() {
        #expect(secret == Secret(Self.canary))
        #expect(secret != Secret("canary-6f1d2d"))
        #expect(secret != Secret("canary"))
        #expect(Secret("") == Secret(""))
    }
}
