import Reactor
import Testing

@Suite struct DeadlineTests {
    @Test func `a deadline lies as far ahead as was asked`() {
        let start = Deadline.now()
        #expect((start + .seconds(2)).nanoseconds == start.nanoseconds + 2_000_000_000)
        #expect((start + .milliseconds(1)).nanoseconds == start.nanoseconds + 1_000_000)
        #expect(Deadline.after(.seconds(60)).remaining > .seconds(59))
        #expect(Deadline.after(.seconds(60)).remaining <= .seconds(60))
    }

    @Test func `a duration beyond the clock means never, a negative one means now`() {
        #expect(Deadline.now() + .seconds(Int64.max) == .never)
        #expect(Deadline(nanoseconds: .max - 1) + .seconds(1) == .never)
        let start = Deadline.now()
        #expect(start + .seconds(-5) == start)
    }

    @Test func `what has passed has nothing left`() {
        #expect(Deadline(nanoseconds: 1).remaining == .zero)
        #expect(Deadline(nanoseconds: 1).hasPassed)
        #expect(!Deadline.never.hasPassed)
    }
}
