/// A binary heap of (when, seat): the loop asks it only for the earliest.
///
/// Nothing is ever removed from the middle. A seat that no longer cares leaves its entry behind, and the entry is
/// recognised as stale when it surfaces, or swept by `compact` once stale entries are the majority.
struct DeadlineHeap {
    struct Entry: Equatable {
        var when: UInt64
        var seat: Int32
        /// The seat's serial when the entry was made: seats are used again for other waits.
        var serial: UInt32
    }

    private var entries: [Entry] = []

    var count: Int { entries.count }
    var earliest: UInt64? { entries.first?.when }

    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].when < entries[parent].when else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the earliest entry if it is due.
    mutating func pop(due now: UInt64) -> Entry? {
        guard let first = entries.first, first.when <= now else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            sink(from: 0)
        }
        return first
    }

    mutating func compact(keeping isLive: (Entry) -> Bool) {
        entries.removeAll { !isLive($0) }
        for index in stride(from: entries.count / 2 - 1, through: 0, by: -1) { sink(from: index) }
    }

    private mutating func sink(from start: Int) {
        var parent = start
        while true {
            var child = 2 * parent + 1
            guard child < entries.count else { return }
            if child + 1 < entries.count, entries[child + 1].when < entries[child].when { child += 1 }
            guard entries[child].when < entries[parent].when else { return }
            entries.swapAt(child, parent)
            parent = child
        }
    }
}
