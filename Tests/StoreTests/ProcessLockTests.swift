import Foundation
import Synchronization
import Testing

@testable import Store

/// The lock between processes.
@Suite struct ProcessLockTests {
    @Test func `a lock that is held too long is unavailable, and one given back in time is taken`() throws {
        let folder = try Scratch()
        let path = folder.path + "/lock"
        var holder = try ProcessLock(path, timeout: .zero)
        try holder.acquire()
        var other = try ProcessLock(path, timeout: .milliseconds(30))
        #expect(throws: StoreError.unavailable) { try other.acquire() }
        holder.release()
        try other.acquire()
        #expect(throws: StoreError.unavailable) { try holder.acquire() }
    }

    @Test func `a lock file that was removed while waiting excludes nobody, so a new one is made`() throws {
        let folder = try Scratch()
        let path = folder.path + "/lock"
        var first = try ProcessLock(path, timeout: .milliseconds(20))
        unlink(path)
        try first.acquire()
        var second = try ProcessLock(path, timeout: .milliseconds(20))
        #expect(throws: StoreError.unavailable) { try second.acquire() }
        #expect(folder.mode("lock") == 0o600)
    }

    @Test func `a waiter's turn comes though the holder takes the lock again at once`() async throws {
        let folder = try Scratch()
        let path = folder.path + "/lock"
        let rounds = Mutex(0)
        let isOver = Mutex(false)
        let busy = Task.detached {
            var lock = try ProcessLock(path, timeout: .seconds(5))
            while !isOver.withLock({ $0 }) {
                try lock.acquire()
                rounds.withLock { $0 += 1 }
                // As long as a sync takes, so that the moment between two holdings is hard to hit.
                usleep(1000)
                lock.release()
            }
        }
        while rounds.withLock({ $0 }) == 0 { await Task.yield() }
        var lock = try ProcessLock(path, timeout: .seconds(5))
        let start = rounds.withLock { $0 }
        for _ in 0..<20 {
            try lock.acquire()
            lock.release()
        }
        isOver.withLock { $0 = true }
        // In turns, or nearly; without the queue it is hundreds to one.
        #expect(rounds.withLock { $0 } - start < 100)
        try await busy.value
    }

    @Test(arguments: StoreKind.onDisk)
    func `while another holds a store's lock reads go on, commits fail cleanly, and later work`(
        _ kind: StoreKind
    ) async throws {
        let folder = try Scratch()
        let store = try kind.open(folder.store, lockTimeout: .milliseconds(50))
        try await store.put(Key("a"), Record("x"))
        var lock = try ProcessLock(folder.store + (kind == .file ? "/store.lock" : "-lock"), timeout: .seconds(1))
        // Under SQLite 3.51.3 and later only opening takes the lock.
        if kind == .file || SQLiteEngine.libraryNeedsLock {
            try lock.acquire()
            await #expect(throws: StoreError.unavailable) { try await store.put(Key("a"), Record("y")) }
            #expect(try await store.text(Key("a")) == "x")
            #expect(throws: StoreError.unavailable) { try kind.open(folder.store, lockTimeout: .milliseconds(50)) }
            lock.release()
        }
        try await store.put(Key("a"), Record("y"))
        #expect(try await store.text(Key("a")) == "y")
        await store.close()
    }
}
