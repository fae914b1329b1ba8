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

    @Test func `a signal that the parent left blocked is seen, too`() async {
        await #expect(processExitsWith: .success) {
            try await LoopGroup.running { _ in
                var set = sigset_t()
                sigemptyset(&set)
                sigaddset(&set, SIGTERM)
                pthread_sigmask(SIG_BLOCK, &set, nil)
                let signals = try Signals()
                kill(getpid(), SIGTERM)
                guard try await signals.next(deadline: .after(.seconds(10))) == .terminate else { exit(2) }
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
