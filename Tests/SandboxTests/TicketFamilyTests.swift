import Testing

@testable import Sandbox

struct TicketFamilyTests {
    private let rules = TicketFamily.Rules(lifetime: 7_200, overlap: 7_200, reportsRemaining: false)

    @Test func `everybody gets the same ticket with the whole lifetime reported`() {
        var family = TicketFamily()
        let first = family.read(now: 0, rules: rules) { "A" }
        let again = family.read(now: 7_199, rules: rules) { "B" }
        #expect(again == .init(ticket: "A", expiresIn: 7_200, isNew: false))
        #expect(first.isNew)
    }

    @Test func `a ticket read late is accepted for as long as was reported`() {
        var family = TicketFamily()
        _ = family.read(now: 0, rules: rules) { "A" }
        let next = family.read(now: 7_200, rules: rules) { "B" }
        #expect(next.ticket == "B")
        #expect(family.standing(of: family.tickets[0], now: 14_399) == .accepted)
        #expect(family.standing(of: family.tickets[0], now: 14_405) == .dead(seconds: 5))
    }

    @Test func `the other reading reports what is left`() {
        var rules = rules
        rules.reportsRemaining = true
        var family = TicketFamily()
        _ = family.read(now: 0, rules: rules) { "A" }
        let again = family.read(now: 7_000, rules: rules) { "B" }
        #expect(again == .init(ticket: "A", expiresIn: 200, isNew: false))
    }

    @Test func `a killed ticket is not handed out again`() {
        var family = TicketFamily()
        _ = family.read(now: 0, rules: rules) { "A" }
        family.killAll(now: 5)
        #expect(family.standing(of: family.tickets[0], now: 5) == .dead(seconds: 0))
        let next = family.read(now: 5, rules: rules) { "B" }
        #expect(next.ticket == "B")
    }
}

struct QuotaTests {
    @Test func `a day ends at midnight in China`() {
        var count = DailyCount()
        // 1970-01-01 23:59:59 and 24:00:00 in China.
        let answers = [57_599, 57_599, 57_600].map { count.spend(limit: 1, now: $0) }
        #expect(answers == [true, false, true])
    }

    @Test func `a minute ends with the clock's minute`() {
        var count = MinuteCount()
        let answers = [119, 119, 120].map { count.spend(limit: 1, now: $0) }
        #expect(answers == [true, false, true])
    }
}
