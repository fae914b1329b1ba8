import Foundation
import Testing

@testable import WeChat

/// Answers computed by others, in `Vectors/crypto-vectors.json`.
struct Vectors: Decodable {
    struct Page: Decodable, Sendable, CustomTestStringConvertible {
        let ticket: String
        let noncestr: String
        let timestamp: String
        let url: String
        let signature: String
        var testDescription: String { url }

        private enum CodingKeys: String, CodingKey {
            case ticket = "jsapi_ticket"
            case noncestr
            case timestamp
            case url
            case signature
        }
    }

    struct Verification: Decodable, Sendable, CustomTestStringConvertible {
        let token: String
        let timestamp: String
        let nonce: String
        let signature: String
        var testDescription: String { nonce }
    }

    let jssdk: [Page]
    let serverVerification: [Verification]

    static func load() throws -> Vectors {
        let file = try #require(Bundle.module.url(forResource: "Vectors/crypto-vectors", withExtension: "json"))
        return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
    }
}

struct SignatureTests {
    private static let ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"

    private func sign(_ url: String, timestamp: String = "1414587457") -> String {
        Signature.sign(ticket: Self.ticket, nonce: "Wm3WZYTPz0wzccnW", timestamp: timestamp, url: url)
    }

    @Test func `every page of the vectors gets its signature`() throws {
        let pages = try Vectors.load().jssdk
        #expect(pages.count >= 6)
        for page in pages {
            let signature = Signature.sign(
                ticket: page.ticket, nonce: page.noncestr, timestamp: page.timestamp, url: page.url)
            #expect(signature == page.signature, "\(page.url)")
        }
    }

    @Test(arguments: [
        ("https://m.example.com/p/1?from=singlemessage&isappinstalled=0", "c156b9704c08d27f86ffe9d142178a6f9b5a551e"),
        (
            "https://m.example.com/p/1?from=singlemessage&isappinstalled=0#/detail",
            "771b7c3ef8ad9bef64381fd86e2f29f6d043a686"
        ),
        ("http://m.example.com/p/1?from=singlemessage&isappinstalled=0", "9e7426ebbcee080d696fdcf87f20dbdc61053bc7"),
        ("https://m.example.com/p/1", "b4d205618905b049e425c1783ce7d0c273e3a6fe"),
        (
            "https%3A%2F%2Fm.example.com%2Fp%2F1%3Ffrom%3Dsinglemessage%26isappinstalled%3D0",
            "d9ffa819971e3ba1cfbb09c4993e0f4311da1cb2"
        ),
        (
            "https://m.example.com:443/p/1?from=singlemessage&isappinstalled=0",
            "cdd37a34a1af9f4e20a8a32689ae96a852c08b3a"
        ),
        (
            "https://m.example.com/p/1?from=singlemessage&amp;isappinstalled=0",
            "af9390d0da889fe2c2f69de3c2a8951c892e9c8f"
        ),
        (
            "https://m.example.com/p/1?from=singlemessage&isappinstalled=0\n",
            "6f0cb0e0abe47e84c7b16b5c0d6e7056c2cc0707"
        ),
        ("https://m.example.com", "ec0da70364771ee30de0bf0b675ce9fec4e85ca4"),
        ("https://m.example.com/", "e308073d7744670f8dfc7098fae241803246387b"),
        ("https://m.example.com/商品?q=鞋", "32976fa0e979c8b56d404c0d253aaabd9eed90b5"),
        ("https://m.example.com/%E5%95%86%E5%93%81?q=%E9%9E%8B", "5a387a6b8d4809d65b98a19601466833a2219651"),
    ])
    func `every way to write a page's URL has a signature of its own`(url: String, signature: String) {
        #expect(sign(url) == signature)
    }

    @Test func `a timestamp in milliseconds gives another signature`() {
        let url = "https://m.example.com/p/1?from=singlemessage&isappinstalled=0"
        #expect(sign(url, timestamp: "1414587457000") == "63c79917c3a288dc732ac8466b815102c0972e71")
    }

    @Test(arguments: [
        ("https://a.example/p#/detail", "https://a.example/p"),
        ("https://a.example/p?x=1#a#b", "https://a.example/p?x=1"),
        ("https://a.example/?x=null&y=1", "https://a.example/?x=null&y=1"), ("#", ""), ("", ""),
        ("https://a.example/%23/鞋", "https://a.example/%23/鞋"),
        ("https://a.example/e\u{301}#x", "https://a.example/e\u{301}"),
    ])
    func `the fragment goes and nothing else`(url: String, rest: String) {
        #expect(Array(Signature.withoutFragment(url).utf8) == Array(rest.utf8))
    }

    @Test func `a mark before the fragment that joins it is no obstacle`() {
        // "#" with a combining accent is one Character, and still the fragment's beginning to a browser.
        #expect(Signature.withoutFragment("https://a.example/p#\u{301}") == "https://a.example/p")
    }
}
