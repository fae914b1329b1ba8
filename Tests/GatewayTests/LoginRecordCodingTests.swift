import FoundationEssentials
import Testing
import WeChat

@testable import Gateway

struct LoginRecordCodingTests {
    private static let pending = PendingLogin(
        account: "main", target: ReturnTarget(checked: "/orders?page=%E8%AE%A2#a"), scope: .userinfo,
        binding: String(repeating: "a", count: 64), restarts: 2)

    private static let records: [LoginRecord] = {
        var ofMenu = pending
        ofMenu.binding = nil
        let completed = CompletedLogin(
            account: "second", target: pending.target, scope: .base, binding: "b", restarts: 0,
            sealedSession: Data([0, 255, 10]))
        var ofSite = pending
        ofSite.visit = SiteVisit(site: "shop", nonce: "0123456789abcdef")
        var completedForSite = completed
        completedForSite.visit = SiteVisit(site: "shop", nonce: nil)
        return [
            .open(pending), .claimed(pending), .spent(pending), .open(ofMenu), .claimed(ofMenu), .done(completed),
            .open(ofSite), .claimed(ofSite), .spent(ofSite), .done(completedForSite),
        ]
    }()

    @Test(arguments: records)
    func `a login is read as it was written, and equal logins are equal bytes`(record: LoginRecord) {
        let bytes = LoginRecordCoding.encode(record)
        #expect(LoginRecordCoding.decode(bytes) == record)
        #expect(LoginRecordCoding.encode(record) == bytes)
        #expect(Self.records.filter { LoginRecordCoding.encode($0) == bytes } == [record])
    }

    @Test(arguments: records)
    func `what is cut short, longer, or of another form is no login`(record: LoginRecord) {
        let bytes = LoginRecordCoding.encode(record)
        for count in bytes.indices { #expect(LoginRecordCoding.decode(Array(bytes[..<count])) == nil) }
        #expect(LoginRecordCoding.decode(bytes + [0]) == nil)
        #expect(LoginRecordCoding.decode([3] + bytes.dropFirst()) == nil)
        #expect(LoginRecordCoding.decode(Array("{\"open\":{}}".utf8)) == nil)
    }

    @Test func `only a login with a browser can have ended well`() {
        var pending = Self.pending
        pending.binding = nil
        var bytes = LoginRecordCoding.encode(.open(pending))
        bytes[1] = 3
        #expect(LoginRecordCoding.decode(bytes + [0, 0, 0, 0]) == nil)
    }
}
