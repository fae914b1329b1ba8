/// One text for both readers of a page.
package struct Bilingual: Equatable, Sendable {
    package let chinese: String
    package let english: String

    package init(_ chinese: String, _ english: String) {
        self.chinese = chinese
        self.english = english
    }
}

/// A person with a WeChat on the phone: what the platform would tell about them, and how it would treat them.
package struct User: Equatable, Sendable {
    package enum Snapshot: String, Sendable, CaseIterable {
        case never
        /// Only the first visit to an account is a snapshot; "use the full service" makes the next one real.
        case first
        case always
    }

    /// The name under which pages and control calls speak of this person.
    package var key: String
    /// Bytes, because a real nickname need not be UTF-8.
    package var nickname: [UInt8]
    /// What this person is an example of, for the page of consent.
    package var note: Bilingual
    package var color: String
    package var follows = false
    package var hasUnionID = true
    package var hasAvatar = true
    package var snapshot = Snapshot.never
    /// 50002: the person's own account is restricted.
    package var isLimited = false
    /// A changed password ends every web authorisation given before it (42007).
    package var passwordChangedAt: Int?

    package init(key: String, nickname: [UInt8], note: Bilingual, color: String) {
        self.key = key
        self.nickname = nickname
        self.note = note
        self.color = color
    }

    /// The nickname for a page: broken bytes become U+FFFD, control characters go.
    var displayName: String {
        let text = String(decoding: nickname, as: UTF8.self)
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }
}

extension User {
    /// One person for every kind of trouble.
    package static let samples: [User] = [plain, follower, nounion, snapshot, hostile, restricted]

    private static let plain = User(
        key: "plain", nickname: Array("林小满".utf8), note: Bilingual("普通用户，未关注公众号", "An ordinary user, not a follower"),
        color: "#0b6e4f")

    private static let follower: User = {
        var user = User(
            key: "follower", nickname: Array("Ada 😊".utf8),
            note: Bilingual("已关注公众号，静默授权", "A follower: consent is silent"),
            color: "#7a3e9d")
        user.follows = true
        return user
    }()

    private static let nounion: User = {
        var user = User(
            key: "nounion", nickname: Array("阿诺".utf8), note: Bilingual("没有 unionid", "Has no unionid"),
            color: "#a3480b")
        user.hasUnionID = false
        return user
    }()

    private static let snapshot: User = {
        var user = User(
            key: "snapshot", nickname: Array("快照访客".utf8),
            note: Bilingual("打开的是网页快照页（虚拟身份）", "Sees the snapshot page: a virtual identity"), color: "#1f5fa8")
        user.snapshot = .always
        return user
    }()

    private static let hostile: User = {
        // Quotes and markup, raw control bytes, a lone surrogate and a stray 0xFF as no UTF-8 has them, an emoji, an old
        // private-use emoji (U+E13C), and a right-to-left override.
        let nickname: [UInt8] =
            Array(#"</script><b>"O'Neil" \ & 😀"#.utf8) + [0x01, 0x08, 0x09, 0x0A, 0x1F]
            + [0xED, 0xA0, 0xBD, 0xFF] + Array("\u{E13C}\u{202E}坏".utf8)
        var user = User(
            key: "hostile", nickname: nickname,
            note: Bilingual("昵称含控制字符、坏 UTF-8 与标签", "Control bytes, broken UTF-8 and markup in the name"),
            color: "#b3261e")
        user.hasAvatar = false
        return user
    }()

    private static let restricted: User = {
        var user = User(
            key: "restricted", nickname: Array("受限用户".utf8),
            note: Bilingual("账号受限，返回 50002", "A limited account: 50002"),
            color: "#5f6368")
        user.isLimited = true
        return user
    }()
}

/// Which person is meant, as one account sees them.
struct Identity: Equatable, Sendable {
    let openID: String
    let unionID: String?

    init(of user: User, in appID: String, isSnapshot: Bool) {
        if isSnapshot {
            openID = Identifier.virtualOpenID(of: user.key, in: appID)
            unionID = user.hasUnionID ? Identifier.virtualUnionID : nil
            return
        }
        let derived = Identifier.openID(of: user.key, in: appID)
        // The hostile person's ids hold `-` and `_` at the places where careless patterns trip over them.
        openID = user.key == "hostile" ? "o-_" + derived.dropFirst(3).dropLast(2) + "_-" : derived
        unionID = user.hasUnionID ? Identifier.unionID(of: user.key) : nil
    }
}
