import Testing
import Wire

@testable import HTTP

@Suite struct AdmissionTests {
    @Test func `those within the limit enter, and leaving makes room`() {
        let admission = Admission(limit: 2, perAddress: 0)
        #expect(admission.enter(nil))
        #expect(admission.enter(nil))
        #expect(!admission.enter(nil))
        #expect(admission.count == 3, "who is turned down is there until it leaves")
        admission.leave(nil)
        admission.leave(nil)
        #expect(admission.enter(nil))
    }

    @Test func `addresses are counted apart from each other, and forgotten when they have left`() throws {
        let admission = Admission(limit: 100, perAddress: 2)
        let (one, other) = (try #require(IPAddress("192.0.2.1")), try #require(IPAddress("::1")))
        for _ in 0..<2 { #expect(admission.enter(one)) }
        #expect(!admission.enter(one))
        #expect(admission.enter(other))
        for _ in 0..<3 { admission.leave(one) }
        #expect(admission.enter(one))
    }

    @Test func `a client without an address counts towards the total only`() {
        let admission = Admission(limit: 100, perAddress: 1)
        for _ in 0..<5 { #expect(admission.enter(nil)) }
    }
}
