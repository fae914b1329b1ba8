import Testing

@testable import Reactor

@Suite struct DeadlineHeapTests {
    @Test func `entries come out by their time whatever the order they went in`() {
        var heap = DeadlineHeap()
        let times = (0..<1_000).map { UInt64(($0 * 7_919) % 1_000) }.shuffled()
        for when in times { heap.push(.init(when: when, seat: 0, serial: 0)) }
        var out: [UInt64] = []
        while let entry = heap.pop(due: .max) { out.append(entry.when) }
        #expect(out == times.sorted())
    }

    @Test func `what is not due stays`() {
        var heap = DeadlineHeap()
        for when in [30, 10, 20] as [UInt64] { heap.push(.init(when: when, seat: 0, serial: 0)) }
        #expect(heap.pop(due: 9) == nil)
        #expect(heap.pop(due: 10)?.when == 10)
        #expect(heap.pop(due: 10) == nil)
        #expect(heap.earliest == 20)
    }

    @Test func `compacting keeps the order of those that live`() {
        var heap = DeadlineHeap()
        for when in (0..<100 as Range<UInt64>).shuffled() { heap.push(.init(when: when, seat: 0, serial: 0)) }
        heap.compact { $0.when % 3 == 0 }
        var out: [UInt64] = []
        while let entry = heap.pop(due: .max) { out.append(entry.when) }
        #expect(out == stride(from: 0, to: 100, by: 3).map { $0 })
    }
}
