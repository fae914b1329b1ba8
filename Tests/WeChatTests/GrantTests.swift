import Foundation
import Testing

@testable import WeChat

struct GrantTests {
    @Test func `a grant survives being stored`() throws {
        let text =
            #"{"access_token":"a1","expires_in":7200,"refresh_token":"r1","openid":"oA","unionid":"oU","#
            + #""scope":"snsapi_userinfo","is_snapshotuser":"1"}"#
        let grant = try Grant(ReplyBody(Array(text.utf8)), at: FakeClock.start)
        let stored = try JSONEncoder().encode(grant)
        #expect(try JSONDecoder().decode(Grant.self, from: stored) == grant)
    }

    @Test func `a grant without refresh token and unionid survives, too`() throws {
        let grant = try Grant(
            ReplyBody(Array(#"{"access_token":"a1","openid":"oA","unionid":""}"#.utf8)), at: FakeClock.start)
        #expect(grant.unionID == nil && grant.scope == .base && !grant.isRefreshable(at: FakeClock.start))
        #expect(try JSONDecoder().decode(Grant.self, from: JSONEncoder().encode(grant)) == grant)
    }
}
