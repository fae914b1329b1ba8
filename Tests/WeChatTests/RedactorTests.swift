import Testing

@testable import WeChat

struct RedactorTests {
    private let token = "80_abcdefghijklmnopqrstuvwxyz0123456789"

    @Test func `what was sent is never repeated, whole or in part`() {
        let redactor = Redactor(sent: ["sh0rt", token])
        #expect(redactor.clean("appsecret sh0rt is wrong") == "appsecret *** is wrong")
        #expect(redactor.clean("token \(token) is wrong") == "token *** is wrong")
        #expect(redactor.clean("token 80_abcdefgh is wrong") == "token *** is wrong")
        #expect(redactor.clean("tail uvwxyz0123456789,") == "tail ***,")
        // Glued to a name, in capitals, and too short to be taken for a credential by its length.
        #expect(redactor.clean("no token_abcdefgh") == "no ***")
        #expect(redactor.clean("token 80_ABCDEFGHIJ is wrong") == "token *** is wrong")
        #expect(redactor.clean("token-abcdefg") == "token-abcdefg")
    }

    @Test func `what looks like a credential is masked, even if we did not send it`() {
        let clean = Redactor(sent: []).clean(
            "code 041cQ8ll2nWy5c42enol2R2DZX2cQ8ly of openid on_I362w6EIVWnpo4ttq7i5-Sc9s")
        #expect(clean == "code *** of openid ***")
    }

    @Test func `WeChat's own words stay readable`() {
        let text =
            "invalid credential, access_token is invalid or not latest, could get access_token by "
            + "getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"
        #expect(Redactor(sent: [token]).clean(text + " rid: 658cff8e-7783352d-44cb33e5") == text)
        let hint = "invalid code, hint: [1684833894235730688668522]"
        #expect(Redactor(sent: []).clean(hint) == hint)
    }

    @Test func `a message is one printable line of limited length`() {
        #expect(Redactor(sent: []).clean("a\r\nb\u{1b}[31m\u{202e}c\u{0}") == "a b [31m c")
        #expect(Redactor(sent: []).clean(String(repeating: "word ", count: 100)).count <= 200)
    }

    @Test func `the rid is found behind any message`() {
        #expect(Redactor.rid(in: "ok rid: 658cff8e-7783352d-44cb33e5") == "658cff8e-7783352d-44cb33e5")
        #expect(Redactor.rid(in: "x, rid:658cff8e-7783352d-44cb33e5, y") == "658cff8e-7783352d-44cb33e5")
        #expect(Redactor.rid(in: "rid: nothing") == nil)
        #expect(Redactor.rid(in: "invalid code, hints: [ req_id: plAv90053th21 ]") == nil)
    }

    @Test(arguments: [
        (
            "invalid ip 101.45.43.1 ipv6 ::ffff:101.45.43.1, not in whitelist rid: 658cff8e-7783352d-44cb33e5",
            "101.45.43.1"
        ),
        ("invalid ip 101.45.43.1, not in whitelist", "101.45.43.1"),
        ("access clientip is not registered requestIP: 10.2.3.4 rid: 658cff8e", "10.2.3.4"),
        ("invalid ip 2001:db8::1, not in whitelist", "2001:db8::1"),
        ("from ip: 11.177.150.119.", "11.177.150.119"),
    ])
    func `the refused address is read out of the message`(message: String, address: String) {
        #expect(Redactor.address(in: message) == address)
    }

    @Test func `a message without an address has none`() {
        #expect(Redactor.address(in: "invalid ip, not in whitelist: abc: 1.2.3 999.1.1.1 dead-beef") == nil)
    }
}
