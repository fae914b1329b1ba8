import Synchronization

/// Who answers a server's requests, and who is told of them.
package final class Answering: Sendable {
    let responder: any Responder
    let observer: (any ServerObserver)?

    /// Without an observer nothing is measured and nothing allocated for it.
    package init(_ responder: any Responder, observer: (any ServerObserver)? = nil) {
        self.responder = responder
        self.observer = observer
    }

    /// Those in force, which may be replaced while the server runs: the next request has the new ones.
    package final class Current: Sendable {
        private let answering: Mutex<Answering>
        /// How often they were replaced.
        private let changes = Atomic<Int>(0)

        package init(_ first: Answering) {
            answering = Mutex(first)
        }

        package func change(to next: Answering) {
            answering.withLock { $0 = next }
            changes.add(1, ordering: .releasing)
        }

        /// What a loop knows of it: every request asks, and two loops that take a lock and count references for each
        /// would wait for each other's cache lines.
        struct View {
            private let source: Current
            private var seen: Int
            private var known: Answering

            init(_ source: Current) {
                self.source = source
                seen = source.changes.load(ordering: .acquiring)
                known = source.answering.withLock { $0 }
            }

            var value: Answering {
                mutating get {
                    let changes = source.changes.load(ordering: .acquiring)
                    if changes != seen {
                        seen = changes
                        known = source.answering.withLock { $0 }
                    }
                    return known
                }
            }
        }
    }
}
