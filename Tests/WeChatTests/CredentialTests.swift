import Foundation
import Testing

@testable import WeChat

struct CredentialTests {
    private let now = FakeClock.start

    private func ticket(_ value: String, _ expiresIn: Int?, at seconds: Double = 0, after old: Credential? = nil)
        -> Credential
    {
        Credential(kind: .ticket, issued: Issued(value: value, expiresIn: expiresIn), at: now + seconds, after: old)
    }

    @Test(arguments: [(7200, 6900), (1200, 900), (400, 300), (300, 225), (40, 30), (12, 10), (1, 10), (0, 10)])
    func `the use of a credential leaves a margin, and never nothing`(seconds: Int, usable: Int) {
        #expect(Credential.usableSeconds(of: seconds) == usable)
    }

    @Test(arguments: [(7200, 7200), (6173, 6173), (1, 1), (7201, 7200), (1_000_000_000_000_000, 7200)])
    func `a lifetime is believed up to what WeChat documents`(said: Int, sane: Int) {
        #expect(Credential.saneSeconds(said) == sane)
    }

    @Test(arguments: [nil, 0, -1, -7200] as [Int?])
    func `a lifetime that is none is asked again soon`(said: Int?) {
        #expect(Credential.saneSeconds(said) == 60)
    }

    @Test func `a ticket is due at half its life, a token shortly before its end`() {
        #expect(ticket("a", 7200).refreshAt == now + 3450)
        let token = Credential(kind: .token, issued: Issued(value: "a", expiresIn: 7200), at: now, after: nil)
        #expect(token.refreshAt == now + 6900 - 120)
        let short = Credential(kind: .token, issued: Issued(value: "a", expiresIn: 300), at: now, after: nil)
        #expect(short.refreshAt == now + 225 - 56.25)
    }

    @Test func `the same ticket never lives longer than it was first told to`() {
        let first = ticket("a", 7200)
        let again = ticket("a", 7200, at: 3450, after: first)
        #expect(again.validUntil == now + 7200)
        #expect(again.expiresAt == now + 6900)
        #expect(again.generation == first.generation)
        let later = ticket("a", 7200, at: 7100, after: again)
        #expect(later.validUntil == now + 7200)
        // WeChat has prolonged it: it outlived what it was told.
        #expect(ticket("a", 7200, at: 7201, after: later).validUntil == now + 7201 + 7200)
        // Another ticket has a life of its own.
        let other = ticket("b", 7200, at: 3450, after: first)
        #expect(other.validUntil == now + 3450 + 7200)
        #expect(other.generation == first.generation + 1)
    }

    @Test func `a credential from the future is not used, because its age is unknown`() {
        let credential = ticket("a", 7200)
        #expect(
            credential.isUsable(at: now) && credential.isUsable(at: now + 6899) && credential.isUsable(at: now - 60))
        #expect(!credential.isUsable(at: now + 6900))
        #expect(!credential.isUsable(at: now - 3600))
    }

    @Test func `times are whole seconds, as the store keeps them`() {
        #expect(ticket("a", 7200, at: 0.9).obtainedAt == now)
    }
}
