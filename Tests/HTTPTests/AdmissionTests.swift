import Testing
import Wire

@testable import HTTP

struct AdmissionTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func `one address gets its share, others and our own proxies theirs`() throws {
        let proxy = try #require(AddressBlock("10.0.0.0/8"))
        let admission = Admission(limit: 100, perAddress: 2, exempt: [proxy])
        let (greedy, other) = (try address("203.0.113.9"), try address("203.0.113.10"))
        #expect([greedy, greedy, greedy].map { admission.enter($0) } == [true, true, false])
        #expect(admission.enter(other))
        #expect((0..<10).allSatisfy { _ in admission.enter(try? address("10.1.2.3")) })
        for _ in 0..<3 { admission.leave(greedy) }
        #expect(admission.enter(greedy))
    }

    @Test func `the total counts for everybody, and comes back when connections end`() throws {
        let admission = Admission(limit: 2, perAddress: 0)
        #expect([nil, nil, nil].map { admission.enter($0) } == [true, true, false])
        for _ in 0..<3 { admission.leave(nil) }
        #expect(admission.count == 0)
        #expect(admission.enter(try address("::1")))
    }
}
