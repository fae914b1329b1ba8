import Foundation
import Synchronization
import Testing

@testable import Store

/// The writers' queue: how commits are gathered, and how it ends.
@Suite struct CommitterTests {
    /// Remembers what it was asked, and waits where a test tells it to.
    private struct Recorder: CommitEngine, ~Copyable {
        let log: Log
        mutating func apply(_ batch: [Commit]) -> [Result<Bool, StoreError>] {
            log.gate.withLock { _ in }
            log.events.withLock { $0.append("apply \(batch.count)") }
            return batch.map { _ in .success(true) }
        }
        mutating func tidy() { log.events.withLock { $0.append("tidy") } }
        mutating func close() { log.events.withLock { $0.append("close") } }
    }

    private final class Log: Sendable {
        let events = Mutex<[String]>([])
        let gate = Mutex<Void>(())
        var all: [String] { events.withLock { $0 } }
    }

    private let commit = Commit(changes: [], conditions: [])

    @Test func `commits that arrive while the engine works are made together`() async throws {
        let log = Log()
        let committer = Committer(Recorder(log: log))
        let commit = commit
        try await withThrowingTaskGroup { group in
            for _ in 0..<300 { group.addTask { try await committer.commit(commit) } }
            for try await result in group { #expect(result) }
        }
        await committer.close()
        let batches = log.all.filter { $0.hasPrefix("apply") }.compactMap { Int($0.dropFirst(6)) }
        #expect(batches.reduce(0, +) == 300)
        #expect(batches.allSatisfy { $0 <= 256 })
        #expect(log.all.last == "close")
    }

    @Test func `work is done in its turn, between the commits before it and those after it`() async throws {
        let log = Log()
        let committer = Committer(Recorder(log: log))
        _ = try await committer.commit(commit)
        let value = try await committer.perform { engine throws(StoreError) in
            engine.log.events.withLock { $0.append("work") }
            return 7
        }
        #expect(value == 7)
        await #expect(throws: StoreError.full) {
            try await committer.perform { _ throws(StoreError) in throw StoreError.full }
        }
        _ = try await committer.commit(commit)
        await committer.close()
        #expect(log.all == ["apply 1", "tidy", "work", "apply 1", "tidy", "close"])
    }

    @Test func `closing answers everybody: what was asked before with its result, what comes later with closed`()
        async throws
    {
        let log = Log()
        let committer = Committer(Recorder(log: log))
        let commit = commit
        let (made, refused) = try await withThrowingTaskGroup { group in
            for index in 0..<200 {
                group.addTask {
                    if index % 50 == 49 { await committer.close() }
                    do throws(StoreError) {
                        return try await committer.commit(commit)
                    } catch {
                        #expect(error == .closed)
                        return false
                    }
                }
            }
            var counts = (0, 0)
            for try await result in group { if result { counts.0 += 1 } else { counts.1 += 1 } }
            return counts
        }
        #expect(made + refused == 200 && refused >= 4)
        #expect(committer.isClosed)
        let applied = log.all.filter { $0.hasPrefix("apply") }.compactMap { Int($0.dropFirst(6)) }.reduce(0, +)
        #expect(applied == made)
        #expect(log.all.filter { $0 == "close" }.count == 1)
        await #expect(throws: StoreError.closed) { try await committer.perform { _ throws(StoreError) in } }
        await committer.close()
    }

    @Test func `a committer that is let go finishes and closes by itself`() async throws {
        let log = Log()
        do {
            let committer = Committer(Recorder(log: log))
            _ = try await committer.commit(commit)
        }
        while log.all.last != "close" { await Task.yield() }
    }
}
