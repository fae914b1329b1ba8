import Foundation
import TestSupport
import Testing

@testable import Store

extension TortureTests {
    /// What was read is kept for as long as its stamp is current, while others write and are killed.
    @Suite struct StampTests {
        private struct Kept {
            let value: Int
            let stamp: Stamp
        }

        /// What a worker has acknowledged so far: its last whole line.
        private func acknowledged(_ worker: ChildProcess) -> Int {
            let output = worker.output
            let whole = output.lastIndex(of: "\n").map { output[..<$0] } ?? ""
            return whole.split(separator: "\n").last.flatMap { Int($0) } ?? 0
        }

        @Test func `nothing kept is older than what another process has acknowledged, however it ends`() async throws {
            let folder = StoreFolder(.sqlite)
            let store = try SQLiteStore(path: folder.path)
            // Commits of our own, checkpoints among them, leave what is kept standing.
            let writing = Task {
                var round = 0
                while !Task.isCancelled {
                    let value = [UInt8](repeating: UInt8(round % 256), count: round % 50 == 0 ? 100_000 : 10)
                    try await store.put(Key(namespace: "test", name: "ours-\(round % 500)"), Record(value: value))
                    round += 1
                }
                return round
            }
            let rounds = Torture.count(short: 8, long: 300)
            var random = Torture.random("stamps")
            var (uses, readings, told) = (0, 0, 0)
            for round in 0..<rounds {
                let names = (0..<3).map { "\(round).\($0)" }
                let workers = try names.map { try folder.worker("tell", $0, "1000000") }
                var kept: [String: Kept] = [:]
                let end = ContinuousClock.now + .milliseconds(Int.random(in: 100...400, using: &random))
                var isKilled = false
                while true {
                    for (name, worker) in zip(names, workers) {
                        let said = acknowledged(worker)
                        if isKilled { told += said }
                        for _ in 0..<20 {
                            if let kept = kept[name], store.isCurrent(kept.stamp) {
                                #expect(kept.value >= said, "\(name)")
                                uses += 1
                                continue
                            }
                            let key = Key(namespace: "test", name: "told-\(name)")
                            let stamp = store.stamp(key)
                            let value = try await store.text(key).flatMap { Int($0) } ?? 0
                            #expect(value >= said, "\(name)")
                            kept[name] = stamp.map { Kept(value: value, stamp: $0) }
                            readings += 1
                        }
                    }
                    if isKilled { break }
                    // The writers want the processor, too.
                    usleep(500)
                    if ContinuousClock.now > end {
                        for worker in workers { worker.signal(SIGKILL) }
                        for worker in workers { _ = try worker.wait() }
                        // Once more, with all that they have said.
                        isKilled = true
                    }
                }
            }
            writing.cancel()
            let commits = try await writing.value
            await store.close()
            #expect(uses > 0 && readings > 0 && told > 0 && commits > 0)
            Torture.figure(
                "what is kept under stamps beside writers killed with -9",
                "\(rounds * 3) writers, \(told) commits of theirs, \(commits) of ours, \(readings) readings, \(uses) uses, 0 stale"
            )
        }
    }
}
