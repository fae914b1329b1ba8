import Foundation
import Secure
import Testing
import WeChat

@testable import Gateway

/// What signed pages get wrong, with the values WeChat's documentation and its users published: the digests are theirs.
struct SignatureDiagnosisTests {
    static let ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    static let page = "https://m.example.com/p/1?from=singlemessage&isappinstalled=0"
    static let escaped = "https://m.example.com/%E5%95%86%E5%93%81?q=%E9%9E%8B"
    private let now = Date(timeIntervalSince1970: 1_414_587_500)

    private func evidence(
        _ signature: String, _ url: String = page, timestamp: String = "1414587457", real: [String] = [],
        entry: String? = nil, agent: String? = nil, appID: String = "wx01"
    ) -> SignatureEvidence {
        var evidence = SignatureEvidence(
            appId: appID, timestamp: timestamp, nonceStr: "Wm3WZYTPz0wzccnW", signature: signature, url: url)
        evidence.realAuthUrl = real
        evidence.entryUrl = entry
        evidence.userAgent = agent
        return evidence
    }

    private func examine(_ evidence: SignatureEvidence, accounts: [SuspectAccount]? = nil) -> SignatureReport {
        let main = SuspectAccount(
            name: "main", appID: "wx01", keys: [SigningKey(Secret(Self.ticket), .current)],
            covers: { $0.hasSuffix("example.com") })
        return SignatureDiagnosis(accounts: accounts ?? [main], now: now).examine(evidence)
    }

    /// What a server that signs like this would give the page.
    private func signature(
        of url: String, ticket: String = ticket, nonceName: String = "noncestr", timestamp: String = "1414587457"
    ) -> String {
        let text = "jsapi_ticket=\(ticket)&\(nonceName)=Wm3WZYTPz0wzccnW&timestamp=\(timestamp)&url=\(url)"
        return Hex.encode(Digest.sha1(Array(text.utf8)))
    }

    private func codes(_ report: SignatureReport) -> [String] { report.mistakes.map(\.code) }

    // MARK: - Published digests

    @Test(arguments: [
        ("c156b9704c08d27f86ffe9d142178a6f9b5a551e", page, "valid"),
        ("771b7c3ef8ad9bef64381fd86e2f29f6d043a686", page + "#/detail", "fragment_signed"),
        ("9e7426ebbcee080d696fdcf87f20dbdc61053bc7", page, "other_scheme"),
        ("b4d205618905b049e425c1783ce7d0c273e3a6fe", page, "query_dropped"),
        ("d9ffa819971e3ba1cfbb09c4993e0f4311da1cb2", page, "encoded_once_more"),
        ("cdd37a34a1af9f4e20a8a32689ae96a852c08b3a", page, "port_added"),
        ("af9390d0da889fe2c2f69de3c2a8951c892e9c8f", page, "ampersand_escaped"),
        ("63c79917c3a288dc732ac8466b815102c0972e71", page, "milliseconds"),
        ("f68ad023601955e815e6f576b7a15726fb578307", page, "parameter_name"),
        ("6f0cb0e0abe47e84c7b16b5c0d6e7056c2cc0707", page, "line_break"),
        ("ec0da70364771ee30de0bf0b675ce9fec4e85ca4", "https://m.example.com/", "trailing_slash"),
        ("e308073d7744670f8dfc7098fae241803246387b", "https://m.example.com/", "valid"),
        ("32976fa0e979c8b56d404c0d253aaabd9eed90b5", escaped, "decoded"),
        ("5a387a6b8d4809d65b98a19601466833a2219651", escaped, "valid"),
        // The example of WeChat's own page has a URL that no browser shows: with the slash it is the page's.
        ("0f9de62fce790f9a083d5c99e95740ceb90c27ed", "http://mp.weixin.qq.com?params=value", "trailing_slash"),
        ("f4d90daf4b3bca3078ab155816175ba34c443a7b", "http://mp.weixin.qq.com", "trailing_slash"),
    ])
    func `every published digest is explained by the mistake it was published for`(
        digest: String, url: String, code: String
    ) {
        let report = examine(evidence(digest, url))
        #expect(report.verdict == (code == "valid" ? .valid : .explained))
        #expect(codes(report) == (code == "valid" ? [] : [code]))
    }

    /// The client script tells the URL that it had signed as `url`, and what WeChat verified as `realAuthUrl`.
    @Test(arguments: [
        ("https://m.example.com/p/1", page, "query_dropped"),
        (
            "https://m.example.com/p/1?a=1&b=2", "https://m.example.com/p/1?a=1&b=2&from=timeline&isappinstalled=0",
            "share_parameters_dropped"
        ),
        ("http://m.example.com/p/1", "https://m.example.com/p/1", "other_scheme"),
        ("https://m.example.com/another", "https://m.example.com/p/1", "other_page_signed"),
    ])
    func `what WeChat verified tells the mistake, although another URL is there that was signed`(
        signed: String, verified: String, code: String
    ) {
        #expect(codes(examine(evidence(signature(of: signed), signed, real: [verified]))) == [code])
    }

    @Test(arguments: [
        ("c156b9704c08d27f86ffe9d142178a6f9b5a551e", page + "#/detail"),
        ("c156b9704c08d27f86ffe9d142178a6f9b5a551e", " \(page)\n"),
        (
            "c156b9704c08d27f86ffe9d142178a6f9b5a551e",
            page.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
        ),
        ("e308073d7744670f8dfc7098fae241803246387b", "https://m.example.com"),
        ("5a387a6b8d4809d65b98a19601466833a2219651", "https://m.example.com/商品?q=鞋"),
    ])
    func `a URL that was written down in another way is read as its browser shows it`(digest: String, url: String) {
        #expect(examine(evidence(digest, url)).verdict == .valid)
    }

    // MARK: - URLs

    @Test(arguments: [
        (page + "#/", page, ["fragment_signed"]),
        ("https://m.example.com/p/1?from=singlemessage", page, ["query_dropped"]),
        ("https://m.example.com/p/1?id=7", page + "&id=7", ["share_parameters_dropped"]),
        ("https%3A%2F%2Fm.example.com%2Fa", "https://m.example.com/a", ["encoded_once_more"]),
        ("https%253A%252F%252Fm.example.com%252Fa", "https://m.example.com/a", ["encoded_once_more"]),
        (escaped.replacing("%", with: "%25"), escaped, ["encoded_once_more"]),
        ("https://m.example.com/商品?q=%E9%9E%8B", escaped, ["decoded"]),
        ("https://m.example.com/%E5%95%86%E5%93%81?q=鞋", escaped, ["decoded"]),
        ("https://m.example.com/a?q=b c", "https://m.example.com/a?q=b+c", ["decoded"]),
        ("https://m.example.com/a", "https://m.example.com:443/a", ["port_dropped"]),
        ("https://m.example.com:80/a", "https://m.example.com/a", ["port_added"]),
        ("http://m.example.com:8080/a", "https://m.example.com/a", ["other_scheme", "port_added"]),
        ("http://m.example.com/p/1", page, ["other_scheme", "query_dropped"]),
        ("https://m.example.com/a/", "https://m.example.com/a", ["trailing_slash"]),
        ("https://m.example.com?a=1", "https://m.example.com/?a=1", ["trailing_slash"]),
        ("https://m.example.com/a\r\n", "https://m.example.com/a", ["line_break"]),
        ("https://m.example.com/a?id=3", "https://m.example.com/a?code=011&id=3&state=x", ["login_parameters_dropped"]),
        ("https://m.example.com/", "https://m.example.com/orders/7", ["other_page_signed"]),
        ("https://m.example.com/orders", "https://m.example.com/orders/7", ["other_page_signed"]),
        ("undefined", "https://m.example.com/a", ["url_missing"]), ("", "https://m.example.com/a", ["url_missing"]),
    ])
    func `every usual mistake in the signed URL is named, and two of them together`(
        signed: String, shown: String, expected: [String]
    ) {
        let report = examine(evidence(signature(of: signed), shown))
        #expect(codes(report) == expected)
        #expect(report.signedURL == signed)
    }

    // MARK: - The page that is verified

    private static let iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) MicroMessenger/8.0.49"
    private static let pixel = "Mozilla/5.0 (Linux; Android 14; Pixel 8) MicroMessenger/8.0.49"
    private static let entry = "https://m.example.com/?from=menu"

    @Test(arguments: [
        (page, iPhone, "current_url_signed"), (entry, iPhone, "valid"), (entry, pixel, "entry_url_signed"),
        (page, pixel, "valid"), (entry, iPhone + " wechatdevtools", "entry_url_signed"),
    ])
    func `iOS wants the URL that was entered, everything else the current one`(
        signed: String, agent: String, code: String
    ) {
        let report = examine(evidence(signature(of: signed), Self.page, entry: Self.entry, agent: agent))
        #expect(codes(report) == (code == "valid" ? [] : [code]))
    }

    @Test func `what WeChat says it verified counts more than anything`() {
        let real = "https://m.example.com/entry"
        let wrong = examine(evidence(signature(of: Self.page), real: [real]))
        #expect(codes(wrong) == ["other_page_signed"])
        #expect(wrong.url == real && wrong.signedURL == Self.page)
        #expect(
            codes(examine(evidence(signature(of: Self.page), real: [real], agent: Self.iPhone))) == [
                "current_url_signed"
            ])
        #expect(
            codes(examine(evidence(signature(of: real + "#a"), real: [Self.page, real + "#a"]))) == ["fragment_signed"])
        let right = examine(evidence(signature(of: real), real: [real]))
        #expect(right.verdict == .valid && right.next.map(\.code) == ["verified"])
    }

    // MARK: - The rest of the text

    @Test(arguments: [
        // Shown, signed, found.
        ("1414587457000", "1414587457000", ["milliseconds"]), ("1414587457123", "1414587457", ["milliseconds"]),
        ("1414587457", "1414587457123", ["milliseconds"]), ("1414587457.5", "1414587457.5", ["timestamp_shape"]),
        ("1414587457.5", "1414587457", ["timestamp_shape"]), ("now", "now", ["timestamp_shape"]),
    ])
    func `a timestamp that is not in seconds is named, on whichever side it went wrong`(
        shown: String, signed: String, expected: [String]
    ) {
        let report = examine(evidence(signature(of: Self.page, timestamp: signed), timestamp: shown))
        #expect(codes(report) == expected)
    }

    @Test func `a wrong timestamp is named even when nothing explains the signature`() {
        let report = examine(evidence(String(repeating: "0", count: 40), timestamp: "1414587457000"))
        #expect(codes(report) == ["milliseconds"])
    }

    @Test func `mistakes of different kinds are named together`() {
        let signed = signature(of: "http://m.example.com/a", nonceName: "nonceStr", timestamp: "1414587457000")
        let report = examine(evidence(signed, "https://m.example.com/a", timestamp: "1414587457000"))
        #expect(codes(report) == ["other_scheme", "parameter_name", "milliseconds"])
    }

    @Test(arguments: ["", "abc", "0f9de62fce790f9a083d5c99e95740c", String(repeating: "g", count: 40)])
    func `what is no SHA-1 is named`(_ signature: String) {
        #expect(codes(examine(evidence(signature))) == ["bad_signature_shape"])
    }

    @Test func `upper-case digits are named, and what else is wrong`() {
        let report = examine(evidence(signature(of: Self.page + "#/").uppercased()))
        #expect(codes(report) == ["bad_signature_shape", "fragment_signed"])
    }

    // MARK: - Tickets

    private func accounts() -> [SuspectAccount] {
        let earlier = now - 190
        return [
            SuspectAccount(
                name: "main", appID: "wx01",
                keys: [
                    SigningKey(Secret(Self.ticket), .current), SigningKey(Secret("OLD_A"), .replaced(at: earlier)),
                    SigningKey(Secret("TOKEN_A"), .accessToken),
                ]),
            SuspectAccount(
                name: "shop", appID: "wx02",
                keys: [
                    SigningKey(Secret("GONE_B"), .expired(at: now - 3 * 3_600)),
                    SigningKey(Secret("OLD_B"), .replaced(at: now - 1)),
                ]),
        ]
    }

    @Test(arguments: [
        ("OLD_A", "wx01", ["previous_ticket"], "replaced 3 minutes ago", "3 分钟前"),
        ("TOKEN_A", "wx01", ["access_token_signed"], "the access token in place of the ticket", "access_token"),
        ("GONE_B", "wx02", ["expired_ticket"], "expired 3 hours ago", "3 小时前"),
        ("GONE_B", "wx01", ["other_account"], "of account \"shop\" that expired 3 hours ago", "账号“shop”的"),
        ("OLD_B", "wx01", ["other_account"], "of account \"shop\" that was replaced 1 second ago", "1 秒前"),
        (ticket, "wx02", ["other_account"], "with the ticket of account \"main\"", "账号“main”的"),
        (ticket, "wx99", ["unknown_app_id", "other_account"], "with the ticket of account \"main\"", "账号“main”的"),
    ])
    func `the ticket that was used is named by its account and its age, never by its value`(
        used: String, appID: String, expected: [String], english: String, chinese: String
    ) throws {
        let report = examine(evidence(signature(of: Self.page, ticket: used), appID: appID), accounts: accounts())
        #expect(codes(report) == expected)
        let finding = try #require(report.mistakes.last)
        #expect(finding.english.contains(english) && finding.chinese.contains(chinese))
        let text = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
        for key in accounts().flatMap(\.keys) { #expect(!text.contains(key.value.reveal())) }
    }

    @Test func `a former ticket and a wrong URL are both named`() {
        let signed = signature(of: Self.page + "#/", ticket: "OLD_A")
        #expect(codes(examine(evidence(signed), accounts: accounts())) == ["previous_ticket", "fragment_signed"])
    }

    // MARK: - What else to look at

    @Test func `where nothing explains the signature there is advice`() {
        let stranger = signature(of: "https://elsewhere.example.org/", ticket: "NOBODYS")
        func advice(_ evidence: SignatureEvidence) -> [String] { examine(evidence).next.map(\.code) }
        #expect(examine(evidence(stranger)).verdict == .unexplained)
        #expect(advice(evidence(stranger)) == ["other_ticket"])
        #expect(advice(evidence(stranger, "https://other.example.net/")) == ["domain", "other_ticket"])
        #expect(advice(evidence(stranger, agent: "Mozilla/5.0 Chrome/120")) == ["not_wechat", "other_ticket"])
        #expect(advice(evidence(stranger, agent: Self.iPhone + " wxwork/4.1")) == ["wecom", "other_ticket"])
        #expect(advice(evidence(stranger, timestamp: "1414500000")) == ["old_signature", "other_ticket"])
        let right = signature(of: Self.page)
        #expect(advice(evidence(right)) == ["client_url"])
        let empty = SuspectAccount(name: "main", appID: "wx01", keys: [])
        #expect(examine(evidence(right), accounts: [empty]).next.map(\.code) == ["no_ticket", "other_ticket"])
    }

    @Test func `the longest evidence that is taken makes no more work than a page may cost`() {
        let long = "https://m.example.com/" + String(repeating: "a/%E5?&", count: 560)
        let evidence = evidence(
            String(repeating: "0", count: 40), long, real: (0..<8).map { long + "\($0)" }, entry: long + "e")
        #expect(evidence.isReasonable)
        #expect(URLVariant.all(of: evidence).count < 4_000)
    }
}
