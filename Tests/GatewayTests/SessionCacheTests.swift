import Foundation
import Secure
import Store
import Testing
import WeChat

@testable import Gateway

/// The memory of sessions by itself: what it holds, how much, and what has to go.
struct SessionCacheTests {
    private static let start = Date(timeIntervalSince1970: 1_760_000_000)
    private static let minute = SessionCache.Window(from: start - 60, until: start + 60)
    private let stamp = Stamp(moment: 7, place: 11)

    private func digest() -> SessionDigest {
        guard let digest = SessionDigest(of: SessionID.random().reveal()) else { preconditionFailure("an odd id") }
        return digest
    }

    private func identity(
        _ openID: String, unionID: String? = nil, scope: Scope = .base, isSnapshot: Bool = false
    ) -> Identity {
        let grant = Grant(
            openID: openID, unionID: unionID, scope: scope, isSnapshot: isSnapshot, accessToken: Secret("ACCESS"),
            refreshToken: nil, obtainedAt: Self.start, expiresAt: Self.start + 7_200,
            refreshExpiresAt: Self.start + 9_000)
        return Identity(
            openID: openID, unionID: unionID, scope: scope, isSnapshot: isSnapshot, profile: nil, grant: grant,
            signedInAt: Self.start)
    }

    private func cache(entries: Int) throws -> SessionCache {
        // 16 shards take the same number each.
        try #require(SessionCache(bytes: entries * SessionCache.bytesPerEntry))
    }

    private func keep(_ name: String, _ digest: SessionDigest, in cache: SessionCache, at time: Date = start) {
        cache.keep(identity(name), of: digest, account: 0, in: Self.minute, stamp: stamp, at: time)
    }

    @Test func `an entry is 128 bytes, as the size of the cache is told in sessions`() throws {
        #expect(SessionCache.bytesPerEntry == 136)
        let bytes = Configuration.Limits().sessionCache
        #expect(bytes / SessionCache.bytesPerEntry > 1_200_000)
        #expect(SessionCache(bytes: 0) == nil)
        #expect(SessionCache(bytes: 16 * 136 - 1) == nil)
    }

    @Test func `what was kept is told to the byte, and the stamp with it`() throws {
        let cache = try cache(entries: 1_600)
        let openID = "oABCDEFGHIJKLMNOPQRSTUVWXYZ-"
        for (unionID, scope, isSnapshot) in [
            (nil, Scope.base, false), ("u" + String(repeating: "-", count: 28), .userinfo, false), (nil, .base, true),
            ("uShort", .userinfo, true),
        ] {
            let digest = digest()
            cache.keep(
                identity(openID, unionID: unionID, scope: scope, isSnapshot: isSnapshot), of: digest, account: 0,
                in: Self.minute, stamp: stamp, at: Self.start)
            let found = try #require(cache.find(digest, account: 0, at: Self.start))
            #expect(found.openID == openID && found.unionID == unionID)
            #expect(found.scope == scope && found.isSnapshot == isSnapshot)
            #expect(found.stamp.moment == 7 && found.stamp.place == 11)
        }
    }

    @Test func `what does not fit an entry is not kept, and never in part`() throws {
        let cache = try cache(entries: 1_600)
        for (openID, unionID) in [
            (String(repeating: "o", count: 59), nil), (String(repeating: "o", count: 300), nil),
            (String(repeating: "o", count: 30), String(repeating: "u", count: 29)), ("o", ""),
        ] {
            let digest = digest()
            cache.keep(
                identity(openID, unionID: unionID), of: digest, account: 0, in: Self.minute, stamp: stamp,
                at: Self.start)
            #expect(cache.find(digest, account: 0, at: Self.start) == nil)
        }
        #expect(cache.count == 0)
    }

    @Test func `an entry is one account's, and another session's digest finds nothing`() throws {
        let cache = try cache(entries: 1_600)
        let mine = digest()
        cache.keep(identity("oMain"), of: mine, account: 0, in: Self.minute, stamp: stamp, at: Self.start)
        #expect(cache.find(mine, account: 1, at: Self.start) == nil)
        cache.keep(identity("oSecond"), of: mine, account: 1, in: Self.minute, stamp: stamp, at: Self.start)
        #expect(cache.find(mine, account: 0, at: Self.start)?.openID == "oMain")
        #expect(cache.find(mine, account: 1, at: Self.start)?.openID == "oSecond")
        for _ in 0..<100 { #expect(cache.find(digest(), account: 0, at: Self.start) == nil) }
    }

    @Test func `an entry says nothing before its time and after it`() throws {
        let cache = try cache(entries: 1_600)
        let digest = digest()
        keep("o", digest, in: cache)
        for (offset, isTold) in [(-60.001, false), (-60, true), (0, true), (59.999, true), (60, false), (1e9, false)] {
            #expect((cache.find(digest, account: 0, at: Self.start + offset) != nil) == isTold, "\(offset)")
        }
    }

    @Test func `what is kept again takes the place of what was there`() throws {
        let cache = try cache(entries: 1_600)
        let digest = digest()
        for round in 0..<10 { keep("o\(round)", digest, in: cache) }
        #expect(cache.find(digest, account: 0, at: Self.start)?.openID == "o9")
        #expect(cache.count == 1)
    }

    @Test func `thousands in one another's buckets are each found as what they are, while others come and go`() throws {
        let cache = try cache(entries: 1_600)
        var names: [(SessionDigest, String)] = []
        for round in 0..<10_000 {
            let one = (digest(), "o\(round)")
            names.append(one)
            keep(one.1, one.0, in: cache)
            #expect(cache.find(one.0, account: 0, at: Self.start)?.openID == one.1)
        }
        var found = 0
        for (digest, name) in names {
            guard let entry = cache.find(digest, account: 0, at: Self.start) else { continue }
            #expect(entry.openID == name)
            found += 1
        }
        // Every entry is reached, and there are as many as there is room for.
        #expect(found == cache.count)
        #expect(cache.count == 1_600)
    }

    @Test func `who is asked for again and again stays while others pass through`() throws {
        let cache = try cache(entries: 1_600)
        let regulars = (0..<200).map { _ in digest() }
        for digest in regulars { keep("oRegular", digest, in: cache) }
        var isThere = 0
        for round in 0..<20_000 {
            keep("oPassing", digest(), in: cache)
            if round % 20 == 0 {
                for digest in regulars where cache.find(digest, account: 0, at: Self.start) != nil { isThere += 1 }
            }
        }
        // Of 200 × 1,000 questions. Without regard to who is asked for, all would be gone after a twelfth of them.
        #expect(isThere > 150_000)
    }

    @Test func `the place of what is over is taken before there is more`() throws {
        let cache = try cache(entries: 160_000)
        for _ in 0..<2_000 { keep("oOver", digest(), in: cache) }
        let later = Self.start + 600
        let window = SessionCache.Window(from: Self.start, until: later + 60)
        for _ in 0..<2_000 {
            cache.keep(identity("oNew"), of: digest(), account: 0, in: window, stamp: stamp, at: later)
        }
        #expect(cache.count < 2_400)
    }
}
