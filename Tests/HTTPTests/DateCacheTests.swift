import Synchronization
import Testing

@testable import HTTP

@Suite struct DateCacheTests {
    @Test func `the date follows the clock`() {
        let second = Counter()
        var cache = DateCache { second.value.add(1, ordering: .relaxed).oldValue / 2 }
        let texts = (0..<4).map { _ in String(decoding: cache.current(), as: UTF8.self) }
        #expect(
            texts == [
                "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:01 GMT",
                "Thu, 01 Jan 1970 00:00:01 GMT",
            ])
    }

    private final class Counter: Sendable {
        let value = Atomic(0)
    }
}
