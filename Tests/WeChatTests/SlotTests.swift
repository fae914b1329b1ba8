import Foundation
import Testing

@testable import WeChat

struct SlotTests {
    private let now = FakeClock.start
    private let timedOut = Fault(error: .unreachable(.timedOut))

    private func token(_ value: String, at seconds: Double = 0, after old: Credential? = nil) -> Credential {
        Credential(kind: .token, issued: Issued(value: value, expiresIn: 7200), at: now + seconds, after: old)
    }

    private func slot(_ credential: Credential) -> Slot {
        var slot = Slot()
        slot.adopt(credential)
        return slot
    }

    @Test func `an empty slot fetches`() {
        guard case .fetch(.use, force: false) = Slot().step(for: .use, at: now) else {
            Issue.record("should fetch")
            return
        }
    }

    @Test func `after a failure everybody is refused until the pause is over`() {
        var slot = Slot()
        let error = slot.fail(timedOut, at: now, random: 0.5)
        #expect(error == .unavailable(last: .unreachable(.timedOut), retryAfter: .seconds(1)))
        guard case .refuse(.unavailable(_, let wait)) = slot.step(for: .use, at: now + 0.25) else {
            Issue.record("should refuse")
            return
        }
        #expect(wait == .milliseconds(750))
        guard case .fetch = slot.step(for: .use, at: now + 1) else {
            Issue.record("should fetch")
            return
        }
        #expect(slot.fail(timedOut, at: now + 1, random: 0.5).wait == 2)
        #expect(slot.fail(timedOut, at: now + 3, random: 0.5).wait == 4)
        slot.adopt(token("a"))
        #expect(slot.setback == nil)
    }

    @Test func `a clock set back ends a pause`() {
        var slot = Slot()
        _ = slot.fail(Fault(error: nil, retryAfter: 600), at: now, random: 0)
        guard case .fetch = slot.step(for: .use, at: now - 3600) else {
            Issue.record("should fetch")
            return
        }
    }

    @Test func `while WeChat is down the old value serves to the end of its validity`() {
        var slot = slot(token("a"))
        #expect(slot.usable(at: now + 6950) == nil)
        _ = slot.fail(timedOut, at: now + 6901, random: 0.5)
        #expect(slot.usable(at: now + 7189) != nil)
        #expect(slot.usable(at: now + 7190) == nil)
    }

    @Test func `the same token failing again after it was confirmed is replaced by force`() {
        let dead = token("a")
        var slot = slot(dead)
        guard case .fetch(.replace, force: false) = slot.step(for: .replace(dead, because: nil), at: now) else {
            Issue.record("the first failure asks without force")
            return
        }
        slot.receive(dead, for: .replace(dead, because: nil), at: now)
        // Whoever failed before that learns nothing new.
        guard case .serve = slot.step(for: .replace(dead, because: nil), at: now + 0.5) else {
            Issue.record("an older failure is served")
            return
        }
        guard case .fetch(.replace, force: true) = slot.step(for: .replace(dead, because: nil), at: now + 2) else {
            Issue.record("the second failure forces")
            return
        }
        slot.receive(token("b", at: 2, after: dead), for: .replace(dead, because: nil), at: now + 2)
        guard case .serve(let fresh) = slot.step(for: .replace(dead, because: nil), at: now + 2) else {
            Issue.record("the old one is no longer current")
            return
        }
        #expect(fresh.reveal() == "b")
    }

    @Test func `a condemned token serves nobody and is replaced by force`() {
        let dead = token("a")
        var slot = slot(dead)
        slot.condemn(dead, because: .unreachable(.timedOut))
        #expect(slot.usable(at: now) != nil, "one failure does not condemn")
        slot.receive(dead, for: .replace(dead, because: nil), at: now)
        slot.condemn(dead, because: .unreachable(.timedOut))
        #expect(slot.usable(at: now) == nil)
        for errand in [Slot.Errand.use, .renew] {
            guard case .fetch(.supersede, force: true) = slot.step(for: errand, at: now) else {
                Issue.record("should force")
                return
            }
        }
        guard case .fetch(.replace, force: true) = slot.step(for: .replace(dead, because: nil), at: now) else {
            Issue.record("should force")
            return
        }
        slot.receive(dead, for: .supersede(dead), at: now)
        #expect(slot.usable(at: now) == dead, "WeChat insists on it")
    }

    @Test func `an older token left in the store does not replace a failed one`() {
        let old = token("old")
        let failed = token("failed", at: 100, after: old)
        #expect(!Slot.Errand.replace(failed, because: nil).accepts(old, at: now + 200))
        #expect(Slot.Errand.replace(old, because: nil).accepts(failed, at: now + 200))
    }
}
