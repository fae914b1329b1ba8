import Foundation
import Testing

@testable import WeChat

struct JSSDKTests {
    private let scene = Scene()

    private struct Answer: Decodable {
        let appId: String
        let nonceStr: String
        let timestamp: String
        let signature: String
        let url: String
        let entry: Entry?
    }

    private struct Entry: Decodable {
        let nonceStr: String
        let timestamp: String
        let signature: String
        let url: String
    }

    private func expected(_ nonce: String, _ timestamp: String, _ url: String) -> String {
        Signature.sign(ticket: scene.weChat.ticket ?? "", nonce: nonce, timestamp: timestamp, url: url)
    }

    @Test func `a page is signed with a fresh nonce and the time in seconds`() async throws {
        let jssdk = JSSDK(keeper: scene.keeper())
        let page = try await jssdk.sign(url: "https://h5.example.com/p?x=null&y=1#/route")
        #expect(page.appID == "wx0123456789abcdef" && page.url == "https://h5.example.com/p?x=null&y=1")
        #expect(page.timestamp == "1795248000")
        #expect(page.nonce.utf8.count == 16 && page.nonce.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
        #expect(page.signature == expected(page.nonce, page.timestamp, page.url))
        let again = try await jssdk.sign(url: "https://h5.example.com/p?x=null&y=1")
        #expect(again.nonce != page.nonce && again.signature != page.signature)
        #expect(scene.weChat.calls.count == 2)
    }

    @Test func `signing at once needs a ticket in memory`() async throws {
        let keeper = scene.keeper()
        let jssdk = JSSDK(keeper: keeper)
        var output = Array("before".utf8)
        #expect(jssdk.signNow(url: "https://h5.example.com/") == nil)
        #expect(!jssdk.append(url: "https://h5.example.com/", to: &output))
        #expect(output == Array("before".utf8))
        _ = try await keeper.ticket()
        #expect(jssdk.signNow(url: "https://h5.example.com/")?.signature.utf8.count == 40)
        #expect(jssdk.append(url: "https://h5.example.com/", to: &output))
        #expect(output.starts(with: Array("before{\"appId\":\"wx0123456789abcdef\",\"nonceStr\":\"".utf8)))
    }

    @Test func `the appended JSON is what a signed page encodes to`() async throws {
        let keeper = scene.keeper()
        _ = try await keeper.ticket()
        let url = "https://h5.example.com/鞋?a=\"b\"&c=\\d\u{1}\u{1f}#frag\"ment"
        var output: [UInt8] = []
        #expect(JSSDK(keeper: keeper).append(url: url, to: &output))
        let page = try JSONDecoder().decode(SignedPage.self, from: Data(output))
        #expect(page.url == "https://h5.example.com/鞋?a=\"b\"&c=\\d\u{1}\u{1f}")
        #expect(page.signature == expected(page.nonce, page.timestamp, page.url))
        let keys = try #require(JSONSerialization.jsonObject(with: JSONEncoder().encode(page)) as? [String: Any]).keys
        let ours = try #require(JSONSerialization.jsonObject(with: Data(output)) as? [String: Any]).keys
        #expect(Set(keys) == Set(ours) && Set(ours) == ["appId", "nonceStr", "timestamp", "signature", "url"])
    }

    @Test func `the landing page is signed along with the current one`() async throws {
        let keeper = scene.keeper()
        _ = try await keeper.ticket()
        var output: [UInt8] = []
        #expect(
            JSSDK(keeper: keeper).append(
                url: "https://h5.example.com/b", entry: "https://h5.example.com/a#x", to: &output))
        let answer = try JSONDecoder().decode(Answer.self, from: Data(output))
        let entry = try #require(answer.entry)
        #expect(answer.url == "https://h5.example.com/b" && entry.url == "https://h5.example.com/a")
        #expect(answer.signature == expected(answer.nonceStr, answer.timestamp, answer.url))
        #expect(entry.signature == expected(entry.nonceStr, entry.timestamp, entry.url))
    }

    @Test func `without a ticket the error says what WeChat said`() async {
        scene.weChat.always(.stableToken, .error(40164, "invalid ip 101.45.43.1, not in whitelist"))
        let jssdk = JSSDK(keeper: scene.keeper())
        let error = await failure { () async throws(KeeperError) in try await jssdk.sign(url: "https://h5.example.com/")
        }
        #expect(error?.code == .addressNotAllowed)
    }
}
