import Testing
import Wire

@testable import HTTP

struct AdmissionTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func `one address gets its share, others and our own proxies theirs`() throws {
        let proxy = try #require(AddressBlock("10.0.0.0/8"))
        let admission = Admission(limit: 100, perAddress: 2, exempt: [proxy])
        let (greedy, other) = (try address("203.0.113.9"), try address("203.0.113.10"))
        let entries = (0..<3).map { _ in admission.enter(greedy) }
        #expect(entries.map(\.verdict) == [.admitted, .admitted, .refused])
        #expect(admission.enter(other).verdict == .admitted)
        let proxied = try address("10.1.2.3")
        #expect((0..<10).allSatisfy { _ in admission.enter(proxied).verdict == .admitted })
        admission.leave(entries[2])
        #expect(admission.enter(greedy).verdict == .refused)
        admission.leave(entries[0])
        #expect(admission.enter(greedy).verdict == .admitted)
    }

    @Test func `the total counts for everybody, and comes back when connections end`() throws {
        let admission = Admission(limit: 2, perAddress: 0)
        let entries = (0..<3).map { _ in admission.enter(nil) }
        #expect(entries.map(\.verdict) == [.admitted, .admitted, .refused])
        for entry in entries { admission.leave(entry) }
        #expect(admission.count == 0)
        #expect(admission.enter(try address("::1")).verdict == .admitted)
    }

    /// Those who read their 503 used to count, so that a flood kept a room full which was empty.
    @Test func `who is turned away takes no room, and few of them are told`() {
        let admission = Admission(limit: 8, perAddress: 0)
        let entries = (0..<11).map { _ in admission.enter(nil) }
        #expect(entries.prefix(8).allSatisfy { $0.verdict == .admitted })
        #expect(entries.suffix(3).map(\.verdict) == [.refused, .refused, .ignored])
        admission.leave(entries[10])
        admission.leave(entries[0])
        #expect(admission.enter(nil).verdict == .admitted)
        admission.leave(entries[8])
        #expect(admission.enter(nil).verdict == .refused)
    }

    @Test func `with other rules a connection leaves as it came`() throws {
        let peer = try address("203.0.113.9")
        let admission = Admission(limit: 10, perAddress: 0)
        let uncounted = admission.enter(peer)
        admission.change(limit: 10, perAddress: 1, exempt: [])
        let counted = admission.enter(peer)
        #expect(counted.verdict == .admitted)
        // It was never counted for its address, so its end makes no room.
        admission.leave(uncounted)
        #expect(admission.enter(peer).verdict == .refused)
        admission.leave(counted)
        #expect(admission.enter(peer).verdict == .admitted)
        admission.change(limit: 0, perAddress: 0, exempt: [])
        #expect(admission.enter(peer).verdict != .admitted)
    }

    @Test func `when most of a crowd has gone it says so once`() {
        let admission = Admission(limit: 10_000, perAddress: 0)
        let crowd = (0..<1_000).map { _ in admission.enter(nil) }
        #expect(crowd.indices.filter { admission.leave(crowd[$0]) } == [749])
        let few = (0..<200).map { _ in admission.enter(nil) }
        #expect(!few.contains { admission.leave($0) })
    }
}
