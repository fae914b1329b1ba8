import Testing
import Wire

@testable import HTTP

struct AdmissionTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func `one address gets its share, others and our own proxies theirs`() throws {
        let proxy = try #require(AddressBlock("10.0.0.0/8"))
        let admission = Admission(limit: 100, perAddress: 2, exempt: [proxy])
        let (greedy, other) = (try address("203.0.113.9"), try address("203.0.113.10"))
        #expect([greedy, greedy, greedy].map { admission.enter($0) } == [.admitted, .admitted, .refused])
        #expect(admission.enter(other) == .admitted)
        let proxied = try address("10.1.2.3")
        #expect((0..<10).allSatisfy { _ in admission.enter(proxied) == .admitted })
        admission.leave(greedy, .refused)
        #expect(admission.enter(greedy) == .refused)
        admission.leave(greedy, .admitted)
        #expect(admission.enter(greedy) == .admitted)
    }

    @Test func `the total counts for everybody, and comes back when connections end`() throws {
        let admission = Admission(limit: 2, perAddress: 0)
        #expect([nil, nil, nil].map { admission.enter($0) } == [.admitted, .admitted, .refused])
        for verdict in [Admission.Verdict.admitted, .admitted, .refused] { admission.leave(nil, verdict) }
        #expect(admission.count == 0)
        #expect(admission.enter(try address("::1")) == .admitted)
    }

    /// Those who read their 503 used to count, so that a flood kept a room full which was empty.
    @Test func `who is turned away takes no room, and few of them are told`() {
        let admission = Admission(limit: 8, perAddress: 0)
        #expect((0..<8).allSatisfy { _ in admission.enter(nil) == .admitted })
        #expect([nil, nil, nil].map { admission.enter($0) } == [.refused, .refused, .ignored])
        admission.leave(nil, .ignored)
        admission.leave(nil, .admitted)
        #expect(admission.enter(nil) == .admitted)
        admission.leave(nil, .refused)
        #expect(admission.enter(nil) == .refused)
    }
}
