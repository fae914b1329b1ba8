import Foundation
import Store
import Testing

/// Leases, on every store.
@Suite struct LeaseTests {
    @Test(arguments: StoreKind.allCases)
    func `a lease is held by one, its owner's second try included, until it is released`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, clock in
            let lease = try #require(try await store.acquireLease("token", owner: "a", for: .seconds(10)))
            #expect(lease.owner == "a" && lease.expires == clock.now + 10)
            #expect(try await store.acquireLease("token", owner: "b", for: .seconds(10)) == nil)
            #expect(try await store.acquireLease("token", owner: "a", for: .seconds(10)) == nil)
            #expect(try await store.acquireLease("ticket", owner: "b", for: .seconds(10)) != nil)
            #expect(try await store.release(lease))
            #expect(try await store.acquireLease("token", owner: "b", for: .seconds(10)) != nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a lease that ran out is another's, and its former holder can do nothing to it`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, clock in
            let first = try #require(try await store.acquireLease("token", owner: "same", for: .seconds(10)))
            clock.advance(by: 10)
            let second = try #require(try await store.acquireLease("token", owner: "same", for: .seconds(10)))
            #expect(try await store.release(first) == false)
            #expect(try await store.renew(first, for: .seconds(10)) == nil)
            #expect(try await store.acquireLease("token", owner: "third", for: .seconds(10)) == nil)
            #expect(try await store.release(second))
            #expect(try await store.release(second) == false)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a renewed lease lasts from the renewal, and one that is lost cannot be renewed`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, clock in
            var lease = try #require(try await store.acquireLease("token", owner: "a", for: .milliseconds(500)))
            clock.advance(by: 0.4)
            lease = try #require(try await store.renew(lease, for: .milliseconds(500)))
            clock.advance(by: 0.4)
            #expect(try await store.acquireLease("token", owner: "b", for: .seconds(1)) == nil)
            clock.advance(by: 0.1)
            #expect(try await store.renew(lease, for: .seconds(1)) == nil)
            #expect(try await store.acquireLease("token", owner: "b", for: .seconds(1)) != nil)
        }
    }

    @Test(arguments: StoreKind.allCases) func `of a hundred who want a lease at once, one gets it`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, _ in
            let granted = try await withThrowingTaskGroup { group in
                for index in 0..<100 {
                    group.addTask { try await store.acquireLease("token", owner: "\(index)", for: .seconds(10)) }
                }
                return try await group.reduce(0) { $0 + ($1 == nil ? 0 : 1) }
            }
            #expect(granted == 1)
        }
    }
}
