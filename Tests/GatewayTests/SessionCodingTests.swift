import FoundationEssentials
import Secure
import Testing
import WeChat

@testable import Gateway

struct SessionCodingTests {
    private static let time = Date(timeIntervalSince1970: 1_795_240_800.123_456)

    private static func identity(_ openID: String, isFull: Bool) -> Identity {
        let profile = Profile(
            openID: openID, unionID: isFull ? "oUnion" : nil, nickname: isFull ? "小明 👩‍👩‍👧" : nil,
            avatarURL: isFull ? "https://thirdwx.qlogo.cn/0" : nil, sex: 2, language: "zh_CN", country: nil,
            province: "", city: nil, privileges: isFull ? ["chinaunicom", ""] : [])
        let grant = Grant(
            openID: openID, unionID: nil, scope: isFull ? .userinfo : .base, isSnapshot: !isFull,
            accessToken: Secret("ACCESS"), refreshToken: isFull ? Secret("REFRESH") : nil, obtainedAt: time,
            expiresAt: time + 7_200, refreshExpiresAt: .distantFuture)
        return Identity(
            openID: openID, unionID: isFull ? "oUnion" : nil, scope: isFull ? .userinfo : .base, isSnapshot: !isFull,
            profile: isFull ? profile : nil, grant: grant, signedInAt: time)
    }

    private let session = Session(
        identities: ["main": identity("oOne", isFull: true), "second": identity("oTwo", isFull: false)],
        createdAt: time, expiresAt: time + 0.000_1, touchedAt: .distantPast)

    @Test func `a session is read as it was written, to the last bit`() {
        #expect(SessionCoding.decode(SessionCoding.encode(session)) == session)
        let empty = Session(identities: [:], createdAt: Self.time, expiresAt: Self.time, touchedAt: Self.time)
        #expect(SessionCoding.decode(SessionCoding.encode(empty)) == empty)
    }

    @Test func `what is cut short, longer, or of another form is no session`() {
        let bytes = SessionCoding.encode(session)
        for count in bytes.indices { #expect(SessionCoding.decode(Array(bytes[..<count])) == nil) }
        #expect(SessionCoding.decode(bytes + [0]) == nil)
        #expect(SessionCoding.decode([2] + bytes.dropFirst()) == nil)
        #expect(SessionCoding.decode(Array("{\"identities\":{}}".utf8)) == nil)
    }

    @Test func `no byte of it can make the reader fail otherwise than by saying no`() {
        let bytes = SessionCoding.encode(session)
        for index in bytes.indices {
            for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
                var changed = bytes
                changed[index] = value
                if let read = SessionCoding.decode(changed) { #expect(SessionCoding.encode(read).count <= bytes.count) }
            }
        }
    }
}
