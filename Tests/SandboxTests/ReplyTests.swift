import Testing

@testable import Sandbox

struct ReplyTests {
    private func text(_ reply: Reply) -> String { String(decoding: reply.bytes, as: UTF8.self) }

    @Test func `members keep their order and slashes are escaped`() {
        let reply = Reply.object(["b": .text("http://a/b"), "a": .number(-1), "list": .list([.text("x"), .number(0)])])
        #expect(text(reply) == #"{"b":"http:\/\/a\/b","a":-1,"list":["x",0]}"#)
    }

    @Test func `quotes and backslashes are escaped and control bytes are not`() {
        #expect(
            Reply.text([0x22, 0x5C, 0x01, 0x0A, 0xFF]).bytes == [0x22, 0x5C, 0x22, 0x5C, 0x5C, 0x01, 0x0A, 0xFF, 0x22])
    }

    @Test func `nothing is added where there is nothing to say`() {
        #expect(text(.object([:]).adding("a", nil)) == "{}")
        #expect(text(.object([:]).adding("a", .number(1))) == #"{"a":1}"#)
    }
}

struct IdentifierTests {
    private let names = User.samples.map(\.key)

    @Test func `openids and unionids have the platform's shape and one cannot be told from the other`() {
        for user in User.samples {
            let identity = Identity(of: user, in: "wx0123456789abcdef", isSnapshot: false)
            for id in [identity.openID, identity.unionID ?? identity.openID] {
                #expect(id.utf8.count == 28)
                #expect(id.hasPrefix("o"))
                #expect(id.wholeMatch(of: /[A-Za-z0-9_-]+/) != nil)
            }
        }
    }

    @Test func `an openid belongs to one account and a unionid to all`() {
        for user in User.samples where user.hasUnionID {
            let one = Identity(of: user, in: "wx0000000000000001", isSnapshot: false)
            let other = Identity(of: user, in: "wx0000000000000002", isSnapshot: false)
            #expect(one.openID != other.openID)
            #expect(one.unionID == other.unionID)
        }
    }

    @Test func `a snapshot has another openid and one unionid for everybody`() {
        let identities = User.samples.filter(\.hasUnionID).map { Identity(of: $0, in: "wx1", isSnapshot: true) }
        #expect(Set(identities.map(\.openID)).count == identities.count)
        #expect(Set(identities.map(\.unionID)).count == 1)
        #expect(identities[0].openID != Identity(of: User.samples[0], in: "wx1", isSnapshot: false).openID)
    }

    @Test func `the hostile person's ids hold dashes and underscores at both ends`() throws {
        let hostile = try #require(User.samples.first { $0.key == "hostile" })
        let openID = Identity(of: hostile, in: "wx1", isSnapshot: false).openID
        #expect(openID.hasPrefix("o-_"))
        #expect(openID.hasSuffix("_-"))
        #expect(openID.utf8.count == 28)
        #expect(String(validating: hostile.nickname, as: UTF8.self) == nil)
        #expect(hostile.nickname.contains { $0 < 0x20 })
    }

    @Test func `drawn identifiers have the documented shapes`() {
        let entropy = Entropy.counting()
        #expect(entropy.token(157).utf8.count == 157)
        #expect(entropy.token(110).wholeMatch(of: /[0-9]+_[A-Za-z0-9_-]{107}/) != nil)
        #expect(entropy.alphanumeric(32).wholeMatch(of: /[0-9A-Za-z]{32}/) != nil)
        #expect(entropy.requestID(at: 0x658C_FF8E).wholeMatch(of: /658cff8e-[0-9a-f]{8}-[0-9a-f]{8}/) != nil)
        let account = Account.fresh(entropy: entropy)
        #expect(account.appID.wholeMatch(of: /wx[0-9a-f]{16}/) != nil)
        #expect(account.appSecret.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        #expect(account.encodingAESKey.wholeMatch(of: /[0-9A-Za-z]{43}/) != nil)
        for account in [Account.sample, .sampleWebsite] {
            #expect(account.appID.wholeMatch(of: /wx[0-9a-f]{16}/) != nil)
            #expect(account.appSecret.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        }
    }
}
