import Testing

@testable import WeChat

struct ReplyBodyTests {
    private func body(_ text: String) throws -> ReplyBody { try ReplyBody(Array(text.utf8)) }

    @Test func `numbers and their texts are the same`() throws {
        let reply = try body(#"{"expires_in":"7200","errcode":"40001","id":123,"fraction":7200.9,"empty":""}"#)
        #expect(reply.integer("expires_in") == 7200)
        #expect(reply.errorCode == 40001)
        #expect(reply.text("id") == "123")
        #expect(reply.integer("fraction") == 7200)
        #expect(reply.integer("empty") == nil)
    }

    @Test(arguments: [#""""#, "0", "[]", "null", "{}", "false"]) func `nothing has many spellings`(value: String) throws
    {
        let reply = try body("{\"unionid\":\(value)}")
        #expect(reply.text("unionid") == nil)
        #expect(try body("{}").text("unionid") == nil)
    }

    @Test func `huge numbers are clamped and nonsense is nothing`() throws {
        #expect(try body(#"{"n":1e300}"#).integer("n") == 1_000_000_000_000_000)
        #expect(try body(#"{"n":-1e300}"#).integer("n") == -1_000_000_000_000_000)
        #expect(try body(#"{"n":"99999999999999999999999"}"#).integer("n") == 1_000_000_000_000_000)
        #expect(try body(#"{"n":"nan"}"#).integer("n") == nil)
        #expect(try body(#"{"n":"soon"}"#).integer("n") == nil)
    }

    @Test(arguments: ["1", "true", #""1""#, #""true""#]) func `a flag has many spellings`(value: String) throws {
        #expect(try body("{\"is_snapshotuser\":\(value)}").flag("is_snapshotuser"))
    }

    @Test(arguments: ["0", "false", #""0""#, #""""#, "null", "[]"]) func `no flag has many spellings, too`(
        value: String
    ) throws {
        #expect(try !body("{\"is_snapshotuser\":\(value)}").flag("is_snapshotuser"))
    }

    @Test func `a list keeps its texts`() throws {
        #expect(try body(#"{"privilege":["a",1,null,"b"]}"#).list("privilege") == ["a", "b"])
        #expect(try body(#"{"privilege":""}"#).list("privilege") == [])
    }

    @Test func `a reply is an object`() {
        #expect(throws: Unreadable.notJSON) { try body("[]") }
        #expect(throws: Unreadable.notJSON) { try body(#""ok""#) }
    }

    @Test func `a credential is visible ASCII of sane length`() throws {
        #expect(try body(#"{"ticket":"a_-Z9"}"#).credential("ticket") == "a_-Z9")
        #expect(throws: Unreadable.missing(field: "ticket")) { try body(#"{"ticket":""}"#).credential("ticket") }
        for bad in [#"a b"#, #"a\nb"#, #"a\u0000"#, "票", String(repeating: "a", count: 1025)] {
            #expect(throws: Unreadable.invalid(field: "ticket")) {
                try body("{\"ticket\":\"\(bad)\"}").credential("ticket")
            }
        }
    }

    @Test func `a number is no credential, and no id`() {
        #expect(throws: Unreadable.invalid(field: "ticket")) { try body(#"{"ticket":12345}"#).credential("ticket") }
        #expect(throws: Unreadable.invalid(field: "openid")) { try body(#"{"openid":12345}"#).identifier("openid") }
    }

    @Test func `an id is made of letters, digits, hyphens and underscores`() throws {
        #expect(try body(#"{"openid":"on_I362-6EIVWnpo4ttq7i5-Sc9s"}"#).identifier("openid").hasPrefix("on_I362-"))
        for bad in ["../x", "a/b", "<b>", "a,b", "a%20", "o@x", "a b", "鹊", String(repeating: "o", count: 129)] {
            #expect(throws: Unreadable.invalid(field: "openid")) {
                try body("{\"openid\":\"\(bad)\"}").identifier("openid")
            }
        }
    }
}
