import FoundationEssentials
import Secure
@testable import WeChat

/// Replies of the platform: whatever comes, a reading of it has the documented shape or is none, keys come once, strict
/// JSON means what Foundation reads, and no secret that was sent comes back out of a message.
func examine(_ input: [UInt8]) {
    guard let json = try? LooseJSON.read(input) else { return }
    require(depth(of: json) <= 16, "nested \(depth(of: json)) deep")
    if let strict = try? JSONDecoder().decode(Strict.self, from: Data(input)) {
        require(strict.isSame(as: json), "Foundation reads \(strict), we \(json)")
    }
    checkRepetition(input, json)
    guard let reply = try? ReplyBody(input) else { return }
    checkGrant(reply)
    checkProfile(reply)
    checkError(reply)
    for name in ["access_token", "ticket"] {
        guard let value = try? reply.credential(name) else { continue }
        checkShape(of: value, name)
        let issued = Issued(value: value, expiresIn: reply.integer("expires_in"))
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let first = Credential(kind: .ticket, issued: issued, at: now, after: nil)
        let second = Credential(kind: .ticket, issued: issued, at: now + 100, after: first)
        for credential in [first, second] {
            let life = credential.expiresAt.timeIntervalSince(credential.obtainedAt)
            require((10...7200).contains(life), "a life of \(life) seconds")
            // Its own words hold a short value by chance.
            let mirror = Array(Mirror(reflecting: credential).children)
            let shown = "\(credential) \(String(reflecting: credential)) \(mirror)"
            require(value.utf8.count < 24 || !shown.contains(value), "a credential shows in \(shown)")
        }
        // Once its time is over and it still comes, WeChat has prolonged it.
        let isOver = first.validUntil <= second.obtainedAt
        require(isOver || second.validUntil <= first.validUntil, "a ticket seen before lives longer")
    }
}

private func depth(of json: LooseJSON) -> Int {
    switch json {
    case .array(let elements): 1 + (elements.map(depth).max() ?? 0)
    case .object(let members): 1 + (members.values.map(depth).max() ?? 0)
    default: 0
    }
}

/// The same document with one of its keys once more, in another spelling.
private func checkRepetition(_ input: [UInt8], _ json: LooseJSON) {
    guard case .object(let members) = json, let key = members.keys.min(), input.count < 60_000,
        let brace = input.firstIndex(of: UInt8(ascii: "{"))
    else { return }
    let spelled = key.utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).dropFirst() }
    let repeated = Array("{\"\(spelled.joined())\":0,".utf8) + input[(brace + 1)...]
    do throws(Unreadable) {
        _ = try LooseJSON.read(repeated)
        fatalError("\(key) twice is taken")
    } catch {
        require(error == .duplicateKey, "\(key) twice is \(error)")
    }
}

private func checkShape(of credential: String, _ name: String) {
    require((1...1024).contains(credential.utf8.count), "\(name) of \(credential.utf8.count) bytes")
    require(credential.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "\(name) is \(credential.debugDescription)")
}

private func checkGrant(_ reply: ReplyBody) {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    guard let grant = try? Grant(reply, at: now) else { return }
    checkShape(of: grant.openID, "openid")
    checkShape(of: grant.accessToken.reveal(), "access_token")
    if let unionID = grant.unionID { checkShape(of: unionID, "unionid") }
    if let token = grant.refreshToken { checkShape(of: token.reveal(), "refresh_token") }
    require((10...7200).contains(grant.expiresAt.timeIntervalSince(now)), "it expires at \(grant.expiresAt)")
    if let bytes = try? JSONEncoder().encode(grant) {
        require((try? JSONDecoder().decode(Grant.self, from: bytes)) == grant, "stored, it is another grant")
    } else {
        fatalError("a grant that cannot be stored")
    }
    guard let next = try? Grant(reply, at: now + 60, after: grant) else {
        fatalError("the same reply is refused later")
    }
    require(next.refreshExpiresAt == grant.refreshExpiresAt, "a refresh prolongs the login")
    require(!grant.isSnapshot || next.isSnapshot, "a snapshot user becomes a person")
}

private func checkProfile(_ reply: ReplyBody) {
    guard let profile = try? Profile(reply) else { return }
    checkShape(of: profile.openID, "openid")
    require((0...2).contains(profile.sex), "sex \(profile.sex)")
    require(profile.privileges.count <= 32, "\(profile.privileges.count) privileges")
    let texts = [profile.nickname, profile.language, profile.country, profile.province, profile.city]
    for text in texts.compactMap({ $0 }) + profile.privileges {
        require(!text.isEmpty && text.count <= 128 && text.utf8.count <= 4096, "a text of \(text.count) characters")
        let isShown = !text.unicodeScalars.contains { scalar in
            let value = scalar.value
            return value < 0x20 || (0x7F...0x9F).contains(value) || (0x202A...0x202E).contains(value)
        }
        require(isShown, "not fit to be shown: \(text.debugDescription)")
    }
    if let address = profile.avatarURL {
        require(address.hasPrefix("https://") || address.hasPrefix("http://"), address)
        require(address.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"'<>\\".utf8.contains($0) }, address)
    }
}

/// What is sent in each call of this target; the dictionary has it, so that replies echo it.
private let sent = ["5ecre7f00dfacade5ecre7f00dfacade", "C0DE-c0de_C0DE", "42_aT0ken"]

private func checkError(_ reply: ReplyBody) {
    for operation in Operation.allCases {
        let error = APIError(
            code: reply.errorCode, errmsg: reply.errorMessage, operation: operation, sent: sent)
        require(error.message.count <= 200, "a message of \(error.message.count) characters")
        for secret in sent {
            require(!"\(error)\(error.hint.english)\(error.hint.chinese)".contains(secret), "\(error) tells \(secret)")
        }
        require(!"\(error)".unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }, "\(error)")
        let reaction = error.reaction
        require(reaction != .refreshToken || error.code != .unauthorized, "48001 refreshes the token")
        require(Reaction.to(error.code, from: operation) == reaction, "two reactions to \(error.code)")
    }
}

/// A document as Foundation reads it.
private indirect enum Strict: Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([Strict])
    case object([String: Strict])

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: Name.self) {
            var members: [String: Strict] = [:]
            for key in keyed.allKeys { members[key.stringValue] = try keyed.decode(Strict.self, forKey: key) }
            self = .object(members)
        } else if var list = try? decoder.unkeyedContainer() {
            var elements: [Strict] = []
            while !list.isAtEnd { elements.append(try list.decode(Strict.self)) }
            self = .array(elements)
        } else {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if let flag = try? value.decode(Bool.self) {
                self = .bool(flag)
            } else if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else {
                self = .string(try value.decode(String.self))
            }
        }
    }

    func isSame(as loose: LooseJSON) -> Bool {
        switch (self, loose) {
        case (.null, .null): true
        case (.bool(let mine), .bool(let other)): mine == other
        case (.number(let mine), .number(let other)): Double(other) == mine
        case (.string(let mine), .string(let other)): mine.utf8.elementsEqual(other.utf8)
        case (.array(let mine), .array(let other)):
            mine.count == other.count && zip(mine, other).allSatisfy { $0.isSame(as: $1) }
        case (.object(let mine), .object(let other)):
            mine.count == other.count
                && mine.allSatisfy { name, value in other[name].map { value.isSame(as: $0) } ?? false }
        default: false
        }
    }
}
