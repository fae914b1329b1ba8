import Foundation
import Testing

@testable import WeChat

struct ProfileTests {
    private func profile(_ fields: String) throws -> Profile {
        try Profile(ReplyBody(Array(#"{"openid":"oA",\#(fields)}"#.utf8)))
    }

    @Test func `a profile of today is mostly empty`() throws {
        let profile = try profile(
            #""nickname":"鹊","sex":0,"language":"","province":"","city":"","country":"","privilege":[],"#
                + #""headimgurl":"https:\/\/thirdwx.qlogo.cn\/mmopen\/vi_32\/x\/132","unionid":"o6_bmasdasdsad6_2sgVt7hMZOPfL""#
        )
        #expect(profile.nickname == "鹊" && profile.sex == 0 && profile.city == nil && profile.privileges.isEmpty)
        #expect(profile.avatarURL == "https://thirdwx.qlogo.cn/mmopen/vi_32/x/132")
        #expect(profile.unionID == "o6_bmasdasdsad6_2sgVt7hMZOPfL")
    }

    @Test func `a nasty name loses what could do harm and keeps its emoji`() throws {
        let profile = try profile(#""nickname":"a\u0000\r\n\u202eb\u2028👨‍👩‍👧\ud83d<b>","city":"\u0007""#)
        #expect(profile.nickname == "ab👨‍👩‍👧\u{FFFD}<b>")
        #expect(profile.city == nil)
    }

    @Test func `a long name is cut`() throws {
        #expect(try profile("\"nickname\":\"\(String(repeating: "鹊", count: 1000))\"").nickname?.count == 128)
        let zalgo = "a" + String(repeating: "\u{301}", count: 10_000)
        #expect(try profile("\"nickname\":\"\(zalgo)\"").nickname?.unicodeScalars.count == 1024)
    }

    @Test(arguments: [
        "javascript:alert(1)", "//evil.example/x", "https://a.example/\\u0022onload=x", "https://a.example/ x",
        "data:x",
        "https://a.example/<x>", "",
    ])
    func `an avatar that is no plain address is none`(address: String) throws {
        #expect(try profile("\"headimgurl\":\"\(address)\"").avatarURL == nil)
    }

    @Test func `values of the wrong kind do no harm`() throws {
        let profile = try profile(#""nickname":[],"sex":"7","privilege":"x","headimgurl":0,"city":123"#)
        #expect(profile.nickname == nil && profile.sex == 0 && profile.privileges.isEmpty && profile.city == "123")
    }

    @Test func `a profile survives being stored`() throws {
        let profile = try profile(#""nickname":"鹊","privilege":["chinaunicom"],"sex":2"#)
        #expect(try JSONDecoder().decode(Profile.self, from: JSONEncoder().encode(profile)) == profile)
        #expect(profile.privileges == ["chinaunicom"] && profile.sex == 2)
    }
}
