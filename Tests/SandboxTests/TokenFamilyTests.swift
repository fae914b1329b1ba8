import Testing

@testable import Sandbox

struct TokenFamilyTests {
    private let rules = TokenFamily.Rules(lifetime: 7_200, overlap: 300, forcesPerDay: 20, forceKillsAtOnce: false)
    private let mint = Minting()

    private final class Minting {
        private var count = 0
        func next() -> String {
            count += 1
            return "T\(count)"
        }
    }

    @Test func `every legacy call gives another token and leaves the last one five minutes`() {
        var family = TokenFamily()
        let first = family.renew(now: 0, rules: rules, mint: mint.next)
        let second = family.renew(now: 1_000, rules: rules, mint: mint.next)
        #expect(first.token != second.token)
        #expect(second.expiresIn == 7_200)
        #expect(family.standing(of: first.token, now: 1_299) == .valid)
        #expect(family.standing(of: first.token, now: 1_300) == .replaced)
        #expect(family.standing(of: second.token, now: 1_300) == .valid)
    }

    @Test func `a second replacement ends the first token at once`() {
        var family = TokenFamily()
        let first = family.renew(now: 0, rules: rules, mint: mint.next)
        _ = family.renew(now: 10, rules: rules, mint: mint.next)
        _ = family.renew(now: 20, rules: rules, mint: mint.next)
        #expect(family.standing(of: first.token, now: 20) == .replaced)
    }

    @Test func `a token that nobody replaced dies of age`() {
        var family = TokenFamily()
        let issue = family.renew(now: 0, rules: rules, mint: mint.next)
        #expect(family.standing(of: issue.token, now: 7_199) == .valid)
        #expect(family.standing(of: issue.token, now: 7_200) == .expired)
        #expect(family.standing(of: "T99", now: 0) == .unknown)
    }

    @Test func `a replaced token never outlives its own two hours`() {
        var family = TokenFamily()
        let first = family.renew(now: 0, rules: rules, mint: mint.next)
        _ = family.renew(now: 7_100, rules: rules, mint: mint.next)
        #expect(family.standing(of: first.token, now: 7_199) == .valid)
        #expect(family.standing(of: first.token, now: 7_200) == .expired)
    }

    @Test func `the stable token stays the same and tells what is left`() {
        var family = TokenFamily()
        let first = family.steady(now: 0, rules: rules, mint: mint.next)
        let again = family.steady(now: 1_000, rules: rules, mint: mint.next)
        #expect(again == TokenFamily.Issue(token: first.token, expiresIn: 6_200, isNew: false))
    }

    @Test func `in its last five minutes the stable token has a successor and both work`() {
        var family = TokenFamily()
        let first = family.steady(now: 0, rules: rules, mint: mint.next)
        let last = family.steady(now: 6_900, rules: rules, mint: mint.next)
        #expect(last.expiresIn == 300)
        let second = family.steady(now: 6_901, rules: rules, mint: mint.next)
        #expect(second.isNew)
        #expect(family.standing(of: first.token, now: 7_199) == .valid)
        #expect(family.standing(of: first.token, now: 7_200) == .expired)
        #expect(family.standing(of: second.token, now: 7_200) == .valid)
    }

    @Test func `the stable token never reports less than five minutes`() {
        var family = TokenFamily()
        for now in stride(from: 0, to: 30_000, by: 7) {
            let issue = family.steady(now: now, rules: rules, mint: mint.next)
            #expect(issue.expiresIn >= 300)
        }
    }

    @Test func `a force within thirty seconds of the last changes nothing`() throws {
        var family = TokenFamily()
        let first = try family.force(now: 0, rules: rules, mint: mint.next)
        let second = try family.force(now: 29, rules: rules, mint: mint.next)
        let third = try family.force(now: 30, rules: rules, mint: mint.next)
        #expect(second.token == first.token)
        #expect(third.token != first.token)
    }

    @Test func `two forces thirty seconds apart end a leaked token`() throws {
        var family = TokenFamily()
        let leaked = family.steady(now: 0, rules: rules, mint: mint.next)
        _ = try family.force(now: 100, rules: rules, mint: mint.next)
        #expect(family.standing(of: leaked.token, now: 101) == .valid)
        _ = try family.force(now: 130, rules: rules, mint: mint.next)
        #expect(family.standing(of: leaked.token, now: 130) == .replaced)
    }

    @Test func `by the other reading one force is enough`() throws {
        var rules = rules
        rules.forceKillsAtOnce = true
        var family = TokenFamily()
        let leaked = family.steady(now: 0, rules: rules, mint: mint.next)
        _ = try family.force(now: 100, rules: rules, mint: mint.next)
        #expect(family.standing(of: leaked.token, now: 100) == .replaced)
    }

    @Test func `the twenty-first force of a day is over the quota and the next day begins at midnight in China`() throws
    {
        var family = TokenFamily()
        // 15:00 in China.
        let noon = 7 * 3_600
        for count in 0..<20 { _ = try family.force(now: noon + count * 30, rules: rules, mint: mint.next) }
        #expect(throws: Refusal.dailyQuota) { try family.force(now: noon + 600, rules: rules, mint: mint.next) }
        #expect(throws: Never.self) { try family.force(now: 16 * 3_600, rules: rules, mint: mint.next) }
    }

    @Test func `a killed token is told replaced, and the stable endpoint then gives another`() {
        var family = TokenFamily()
        let first = family.steady(now: 0, rules: rules, mint: mint.next)
        family.killCurrent(now: 50)
        #expect(family.standing(of: first.token, now: 50) == .replaced)
        let second = family.steady(now: 50, rules: rules, mint: mint.next)
        #expect(second.token != first.token)
    }

    @Test func `a lifetime shorter than the overlap still gives the same token twice`() {
        var rules = rules
        rules.lifetime = 60
        var family = TokenFamily()
        let first = family.steady(now: 0, rules: rules, mint: mint.next)
        let again = family.steady(now: 20, rules: rules, mint: mint.next)
        #expect(again.token == first.token)
    }
}
