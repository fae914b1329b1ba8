import Testing

@testable import Gateway
@testable import magpie

struct DiagnoseTests {
    private static let options = [
        "app-id": "wx01", "timestamp": "1414587457", "noncestr": "Wm3WZYTPz0wzccnW",
        "signature": "0f9de62fce790f9a083d5c99e95740ceb90c27ed", "url": "http://mp.weixin.qq.com?params=value",
    ]
    private static let json = """
        {"appId": "wx01", "timestamp": 1414587457, "nonceStr": "Wm3WZYTPz0wzccnW",
         "signature": "0f9de62fce790f9a083d5c99e95740ceb90c27ed", "url": "http://mp.weixin.qq.com?params=value"}
        """

    private func evidence(_ values: [String: String], input: String = "") throws -> SignatureEvidence {
        try DiagnoseCommand.evidence(Arguments(values: values)) { Array(input.utf8) }
    }

    @Test func `options and standard input say the same`() throws {
        let typed = try evidence(Self.options)
        #expect(try evidence([:], input: Self.json) == typed)
        #expect(try evidence(["json": "", "ticket": "T"], input: Self.json) == typed)
        // As a console shows an object.
        let shown = Self.json.replacing("\"appId\"", with: "appId").replacing("\"url\"", with: "url")
        #expect(try evidence([:], input: shown) == typed)
    }

    @Test func `every field has its option`() throws {
        let more = ["real-url": "https://a.example/", "entry-url": "https://b.example/", "user-agent": "iPhone"]
        let typed = try evidence(Self.options.merging(more) { old, _ in old })
        #expect(typed.realAuthUrl == ["https://a.example/"])
        #expect(typed.entryUrl == "https://b.example/" && typed.userAgent == "iPhone")
    }

    @Test(arguments: [
        (["app-id": "wx01"], "", "missing: --"), ([:], #"{"appId": "wx01"}"#, "the JSON on standard input has no "),
        ([:], "config:invalid signature", "standard input is no JSON object"), ([:], "", "standard input is no JSON"),
        ([:], #"{"appId": 7}"#, "standard input is no JSON object"),
        // At this Foundation's reader ends the process.
        ([:], "{appId: 1e+ }", "standard input is no JSON object"),
        (["url": String(repeating: "u", count: 5_000)].merging(options) { long, _ in long }, "", "a text is longer"),
    ])
    func `what cannot be examined is a wrong command line`(
        _ values: [String: String], _ input: String, _ says: String
    ) throws {
        let mistake = try #require(throws: Invocation.Mistake.self) { try evidence(values, input: input) }
        #expect(mistake.text.hasPrefix(says), "\(mistake.text)")
        #expect(mistake.command == "diagnose")
    }

    @Test func `the findings come in both languages, with both URLs, and show what ends one`() {
        let finding = SignatureReport.Finding(code: "line_break", english: "A line break.", chinese: "换行。")
        let report = SignatureReport(
            verdict: .explained, url: "https://a.example/", signedURL: "https://a.example/\n", mistakes: [finding],
            next: [])
        #expect(
            DiagnoseCommand.text(of: report) == """
                ✗ The signature is wrong, and this is why: 签名无效，原因如下：
                  line_break
                    A line break.
                    换行。
                  signed  https://a.example/\\n
                  wanted  https://a.example/
                """)
    }
}
