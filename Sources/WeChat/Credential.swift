public import FoundationEssentials
package import Secure

/// An access token or a JS-SDK ticket, with its age. It prints without its value.
public struct Credential: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable, Codable {
        /// The account's access token, for `/cgi-bin/*`. Nothing to do with a visitor's `Grant`.
        case token
        /// The `jsapi_ticket` that pages are signed with.
        case ticket
    }

    public let kind: Kind
    package let secret: Secret
    /// When WeChat handed it out, in whole seconds.
    public let obtainedAt: Date
    /// Until when it is used, in whole seconds: well before WeChat ends it.
    public let expiresAt: Date
    /// Until when WeChat keeps it, as far as it ever told.
    let validUntil: Date
    /// Counts the values this account has had, so that "which one failed?" can be asked without telling it.
    public let generation: Int

    /// The value itself, for the one line that must send it. It belongs in no log, page or error.
    public func reveal() -> String { secret.reveal() }
}

/// The account's access token.
public typealias AccessToken = Credential
/// The ticket that pages are signed with.
public typealias Ticket = Credential

/// A ticket that another has taken the place of. Signatures made with it are refused from then on.
public struct ReplacedTicket: Sendable, Equatable {
    public let ticket: Ticket
    public let replacedAt: Date
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "\(kind.rawValue) #\(generation)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror {
        Mirror(self, children: ["kind": kind, "generation": generation, "expiresAt": expiresAt])
    }
}

extension Credential {
    /// How long to use what is good for `seconds`.
    ///
    /// A stable token may come with only 300 seconds left, so that a fixed margin of five minutes would leave none (as
    /// in silenceper/wechat); re-asking is cheap.
    static func usableSeconds(of seconds: Int) -> Int {
        max(10, seconds - min(300, seconds / 4))
    }

    /// WeChat documents 7,200 seconds at most. What it did not say in a usable way is asked again soon.
    static func saneSeconds(_ expiresIn: Int?) -> Int {
        guard let expiresIn, expiresIn > 0 else { return 60 }
        return min(expiresIn, 7200)
    }

    /// A credential just handed out, after `previous`.
    ///
    /// WeChat returns one ticket for as long as it lives and says "7200 seconds" every time (EasyWeChat #1771), so that
    /// a value seen before is never believed to live longer than it was first told to. Once that time is over and it
    /// still comes, WeChat has prolonged it.
    init(kind: Kind, issued: Issued, at now: Date, after previous: Credential?) {
        let secret = Secret(issued.value)
        let obtainedAt = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
        var seconds = Self.saneSeconds(issued.expiresIn)
        if let previous, previous.secret == secret {
            let left = Int(previous.validUntil.timeIntervalSince(obtainedAt))
            if left > 0 { seconds = min(seconds, left) }
        }
        self.init(
            kind: kind, secret: secret, obtainedAt: obtainedAt,
            expiresAt: obtainedAt + Double(Self.usableSeconds(of: seconds)), validUntil: obtainedAt + Double(seconds),
            generation: (previous?.generation ?? 0) + (previous?.secret == secret ? 0 : 1))
    }

    /// Whether it may be used. One from the future was obtained before somebody set the clock back: its age is unknown.
    func isUsable(at now: Date) -> Bool {
        now < expiresAt && obtainedAt <= now + 60
    }

    /// Whether WeChat still takes it, though it should have been replaced.
    func isAlive(at now: Date) -> Bool {
        now < validUntil - 10 && obtainedAt <= now + 60
    }

    /// When to fetch the next one while this one serves: a ticket at half its life, a token shortly before its end, as
    /// asking earlier brings the same one.
    var refreshAt: Date {
        let life = expiresAt.timeIntervalSince(obtainedAt)
        switch kind {
        case .ticket: return obtainedAt + life / 2
        case .token: return expiresAt - min(120, life / 4)
        }
    }

    /// Whether it was handed out later than `other`.
    func isNewer(than other: Credential) -> Bool {
        (obtainedAt, generation) > (other.obtainedAt, other.generation)
    }
}
