import Glibc
import Reactor
import Testing

@Suite struct SignalsTests {
    // In a process of its own: the signals are the process's.
    @Test func `every signal is seen, the second one of a kind too`() async {
        await #expect(processExitsWith: .success) {
            try await LoopGroup.running { _ in
                let signals = try Signals()
                for (number, signal) in [
                    (SIGTERM, Signals.Signal.terminate), (SIGTERM, .terminate), (SIGINT, .interrupt), (SIGHUP, .hangUp),
                ] {
                    kill(getpid(), number)
                    guard try await signals.next(deadline: .after(.seconds(60))) == signal else { exit(2) }
                }
                kill(getpid(), SIGPIPE)
                guard (try? await signals.next(deadline: .after(.milliseconds(5)))) == nil else { exit(3) }
            }
        }
    }

    @Test func `without a watcher a signal has its usual effect again`() async {
        await #expect(processExitsWith: .signal(SIGTERM)) {
            try await LoopGroup.running { _ in
                _ = try Signals()
            }
            kill(getpid(), SIGTERM)
            while true { pause() }
        }
    }
}
