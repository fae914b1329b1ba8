import FoundationEssentials
import Glibc
import Store

/// A process that uses a store, for tests that need several of them or kill them.
///
/// `store-worker file|sqlite|sqlite-unlocked PATH COMMAND …`; what has been acknowledged is printed, a line each, at once.
@main struct Main {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count >= 3 else { exit(64) }
        if arguments[2] == "umask" { umask(0o777) }
        let path = arguments[1]
        let store: any Store =
            switch arguments[0] {
            case "file": try FileStore(directory: path)
            // As with a library that needs no lock of ours, whatever the library's version.
            case "sqlite-unlocked": try SQLiteStore(path: path, locksEveryWrite: false)
            default: try SQLiteStore(path: path)
            }
        try await Script(store: store).run(arguments[2], Array(arguments.dropFirst(3)))
        await (store as? FileStore)?.close()
        await (store as? SQLiteStore)?.close()
    }
}

struct Script {
    let store: any Store

    func run(_ command: String, _ arguments: [String]) async throws {
        let count = arguments.last.flatMap { Int($0) } ?? 0
        switch command {
        case "increment": for _ in 0..<count { try await increment() }
        case "take": try await take(count)
        case "write": try await write(prefix: arguments[0])
        case "hold": try await hold(seconds: count)
        case "guarded": for _ in 0..<count { try await incrementUnderLease() }
        case "tell": for index in 1...count { try await tell(index, as: arguments[0]) }
        case "limit": try await fill(limit: count)
        case "mix": try await Mix(store: store, name: arguments[0], seed: UInt64(arguments[1]) ?? 0).run(count)
        case "replace": try await replace(arguments[0], start: arguments.dropFirst().first)
        case "umask": try await store.put(Key(namespace: "test", name: "a"), Record(value: [1]))
        default: exit(64)
        }
    }

    private let counter = Key(namespace: "test", name: "counter")

    /// Adds one by compare-and-swap.
    private func increment() async throws {
        while true {
            let old = try await store.read(counter)?.value
            if try await store.replace(counter, expecting: old, with: number(value(old) + 1)) { return }
        }
    }

    /// Prints a number once its record has it.
    private func tell(_ index: Int, as name: String) async throws {
        try await store.put(key("told-\(name)"), number(index))
        say("\(index)")
    }

    /// Adds one by reading and writing, which only the lease makes safe.
    private func incrementUnderLease() async throws {
        while true {
            if let lease = try await store.acquireLease("counter", owner: "\(getpid())", for: .seconds(30)) {
                let old = try await store.read(counter)?.value
                try await store.put(counter, number(value(old) + 1))
                try await store.release(lease)
                return
            }
            await Task.yield()
        }
    }

    /// Prints the numbers of the records that this process got.
    private func take(_ count: Int) async throws {
        for index in 0..<count where try await store.take(Key(namespace: "test", name: "once-\(index)")) != nil {
            say("\(index)")
        }
    }

    /// For ever: writes a pair of records, and removes every second pair again. Prints `+n` and `-n`.
    private func write(prefix: String) async throws {
        for index in 0... {
            let a = Key(namespace: "test", name: "\(prefix)-a-\(index)")
            let b = Key(namespace: "pair", name: "\(prefix)-b-\(index)")
            _ = try await store.commit([.put(a, number(index)), .put(b, number(index))], if: [.absent(a)])
            say("+\(index)")
            if index % 2 == 1 {
                _ = try await store.commit([.remove(a), .remove(b)], if: [])
                say("-\(index)")
            }
        }
    }

    /// One commit that makes the records a, b and c something else; the tests kill it at each step, or have it fail, in
    /// which case it waits until the file `start` is there.
    private func replace(_ what: String, start: String?) async throws {
        if let start {
            say("ready")
            while access(start, F_OK) != 0 { usleep(1000) }
        }
        let (a, b, c) = (key("a"), key("b"), Key(namespace: "other", name: "c"))
        let new = Record(value: Array("new".utf8))
        let changes: [Change] =
            switch what {
            case "one": [.put(a, new)]
            case "removal": [.remove(a)]
            default: [.put(a, new), .put(c, new), .remove(b)]
            }
        do throws(StoreError) {
            if try await store.commit(changes, if: []) { say("done") }
        } catch {
            say("refused \(error)")
        }
    }

    private func key(_ name: String) -> Key { Key(namespace: "test", name: name) }

    /// Takes a lease and keeps it until this process is killed.
    private func hold(seconds: Int) async throws {
        let lease = try await store.acquireLease("token", owner: "worker", for: .seconds(seconds))
        say(lease == nil ? "refused" : "held")
        while true { pause() }
    }

    /// Writes under a limit of file sizes, which stands for a full disk.
    private func fill(limit: Int) async throws {
        var sizes = rlimit()
        getrlimit(__rlimit_resource_t(1), &sizes)
        sizes.rlim_cur = rlim_t(limit)
        signal(SIGXFSZ, SIG_IGN)
        // 1 = RLIMIT_FSIZE, which glibc declares as an enum that Swift does not take.
        setrlimit(__rlimit_resource_t(1), &sizes)
        let small = Key(namespace: "test", name: "small")
        let big = Key(namespace: "test", name: "big")
        for (key, size) in [(small, 100), (big, 2 * limit), (small, 200)] {
            do throws(StoreError) {
                try await store.put(key, Record(value: [UInt8](repeating: 1, count: size)))
                say("stored")
            } catch {
                say("\(error)")
            }
        }
        do throws(StoreError) {
            let record = Record(value: [UInt8](repeating: 1, count: 2 * limit))
            _ = try await store.commit([.put(small, record), .remove(big), .put(big, record)], if: [])
        } catch {
            say("\(error)")
        }
    }

    private func number(_ value: Int) -> Record { Record(value: Array("\(value)".utf8)) }

    private func value(_ bytes: [UInt8]?) -> Int {
        bytes.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
    }

}

func say(_ text: String) {
    let line = Array("\(text)\n".utf8)
    // One write: a line of a pipe is whole or not there.
    _ = Glibc.write(1, line, line.count)
}
