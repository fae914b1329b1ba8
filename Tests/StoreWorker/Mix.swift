import FoundationEssentials
import Store

/// Everything that a store can do, by eight tasks at once, beside other processes that do the same to the same records.
///
/// What must hold is printed at the end: `counted KEY n` = increments that were acknowledged, `guarded n` = those made
/// under a lease by reading and writing, `took n` for each record that is used once, and `torn …` for what must not be.
struct Mix: Sendable {
    let store: any Store
    let name: String
    let seed: UInt64

    static let counters = 16
    static let tickets = 512

    func run(_ count: Int) async throws {
        try await withThrowingTaskGroup(of: Tally.self) { group in
            for task in 0..<8 {
                group.addTask { try await work(task, count: count / 8) }
            }
            var total = Tally()
            for try await tally in group { total.add(tally) }
            for (key, count) in total.counted.sorted(by: { $0.key < $1.key }) { say("counted \(key) \(count)") }
            say("guarded \(total.guarded)")
            say("operations \(total.operations)")
        }
    }

    struct Tally: Sendable {
        var counted: [Int: Int] = [:]
        var guarded = 0
        var operations = 0

        mutating func add(_ other: Tally) {
            counted.merge(other.counted, uniquingKeysWith: +)
            guarded += other.guarded
            operations += other.operations
        }
    }

    private func work(_ task: Int, count: Int) async throws -> Tally {
        var dice = Dice(state: seed &+ UInt64(task) &* 0x9E37_79B9)
        var tally = Tally()
        for step in 0..<count {
            tally.operations += 1
            switch dice.roll(100) {
            case 0..<30:
                let counter = dice.roll(Self.counters)
                try await increment(Key(namespace: "counter", name: "\(counter)"))
                tally.counted[counter, default: 0] += 1
            case 30..<55:
                let key = Key(namespace: "counter", name: "\(dice.roll(Self.counters))")
                check(try await store.read(key)?.value, key.name)
            case 55..<70:
                let key = Key(namespace: "churn", name: "\(dice.roll(40))")
                let expires = dice.roll(2) == 0 ? store.now.addingTimeInterval(Double(dice.roll(50)) / 1000) : nil
                try await store.put(key, Record(value: Self.value(dice.roll(5000)), expires: expires))
            case 70..<80:
                try await store.remove(Key(namespace: "churn", name: "\(dice.roll(40))"))
            case 80..<90:
                let ticket = dice.roll(Self.tickets)
                if try await store.take(Key(namespace: "once", name: "\(ticket)")) != nil { say("took \(ticket)") }
            case 90..<97:
                if try await underLease(dice.roll(3)) { tally.guarded += 1 }
            case 97..<99:
                for (name, record) in try await store.scan(namespace: "churn", after: nil, limit: 100) {
                    check(record.value, name)
                }
            default:
                // A sweep of files reads all of them: not too often.
                if step % 4 == 0 { _ = try await store.sweep() }
            }
        }
        return tally
    }

    private func increment(_ key: Key) async throws {
        while true {
            let old = try await store.read(key)?.value
            let next = Record(value: Self.value((old.flatMap(Self.number) ?? 0) + 1))
            if try await store.replace(key, expecting: old, with: next) { return }
        }
    }

    /// Adds one by reading and writing, which only the lease makes safe. False when somebody else has it.
    private func underLease(_ number: Int) async throws -> Bool {
        let lease = try await store.acquireLease("mix-\(number)", owner: name, for: .seconds(300))
        guard let lease, let held = try await store.renew(lease, for: .seconds(300)) else { return false }
        let key = Key(namespace: "guarded", name: "\(number)")
        let old = try await store.read(key)?.value
        try await store.put(key, Record(value: Self.value((old.flatMap(Self.number) ?? 0) + 1)))
        try await store.release(held)
        return true
    }

    private func check(_ value: [UInt8]?, _ name: String) {
        if let value, Self.number(value) == nil { say("torn \(name)") }
    }

    /// A number, and after it as many bytes of one kind as the number says: half of one value and half of another are
    /// neither.
    static func value(_ number: Int) -> [UInt8] {
        Array("\(number) ".utf8) + [UInt8](repeating: 0x61 + UInt8(number % 26), count: number * 37 % 3000)
    }

    static func number(_ value: [UInt8]) -> Int? {
        guard let number = Int(String(decoding: value.prefix { $0 != 0x20 }, as: UTF8.self)) else { return nil }
        return Mix.value(number) == value ? number : nil
    }
}

private struct Dice {
    var state: UInt64

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    mutating func roll(_ sides: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        mixed ^= mixed >> 31
        return Int(mixed % UInt64(sides))
    }
}
