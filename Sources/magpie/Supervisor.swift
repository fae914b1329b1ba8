import Gateway
import Glibc
import Reactor

/// What serves until it is told to stop.
protocol Serving: Sendable {
    /// Stops accepting, finishes what has begun, and returns in the time the configuration gives for that.
    func stop() async
}

/// Starts what serves, waits for the signal that ends it, and ends it in order.
enum Supervisor {
    /// To be called on a loop. SIGTERM and SIGINT end the service in order, a second one at once; SIGHUP, which a
    /// closing terminal or a careless script sends, ends nothing.
    ///
    /// - Parameter start: the running service, or the exit code when it could not start and has said why.
    static func run(
        _ log: EventLog, _ start: @Sendable () async -> Result<any Serving, Failure>
    ) async -> ExitCode {
        let ending = Gate()
        return await withTaskGroup(of: Void.self) { group in
            // At once: another loop may serve, and be told to stop, before this one gets to a task of its queue.
            group.addImmediateTask { await watch(ending, log) }
            defer { group.cancelAll() }
            switch await start() {
            case .failure(let failure): return failure.code
            case .success(let service):
                // Only cancellation could end this wait early, and nobody cancels it.
                try? await ending.wait()
                await service.stop()
                log.info("stopped")
                return .success
            }
        }
    }

    struct Failure: Error {
        let code: ExitCode
    }

    private static func watch(_ ending: Gate, _ log: EventLog) async {
        do throws(IOError) {
            let signals = try Signals()
            var echoEnds = Deadline.now()
            while true {
                let signal = try await signals.next()
                switch signal {
                case .hangUp: log.info("signal ignored", [.signal("SIGHUP")])
                case .interrupt, .terminate:
                    let name = signal == .interrupt ? "SIGINT" : "SIGTERM"
                    if ending.isOpen {
                        // `timeout`, `make` and other wrappers pass a keystroke on that reached us already.
                        if Deadline.now() < echoEnds { continue }
                        log.warn("ended at once", [.signal(name)])
                        log.flush()
                        exit(128 + signal.rawValue)
                    }
                    log.info("stopping", [.signal(name), .reason("a second signal ends it at once")])
                    echoEnds = .after(.milliseconds(500))
                    ending.open()
                }
            }
        } catch {
            if error != .cancelled { log.error("signals cannot be watched", [.reason(error.description)]) }
        }
    }
}
