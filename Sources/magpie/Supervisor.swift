import Gateway
import Glibc
import Reactor

/// What serves until it is told to stop.
protocol Serving: Sendable {
    /// Takes the configuration as it is now, if it can.
    func reload() async
    /// Stops accepting, finishes what has begun, and returns in the time the configuration gives for that.
    func stop() async
}

/// Starts what serves, passes signals on to it, and ends it in order.
enum Supervisor {
    /// To be called on a loop. SIGTERM and SIGINT end the service in order, a second one at once; SIGHUP, which a
    /// closing terminal sends, too, has it open its log file anew and read its configuration again.
    ///
    /// - Parameter start: the running service, or the exit code when it does not serve and has said why. The gate opens
    ///   when it is told to stop, for a start that takes long.
    static func run(
        _ log: EventLog, _ start: @Sendable (_ end: Gate) async -> Result<any Serving, Failure>
    ) async -> ExitCode {
        let wishes = Wishes()
        return await withTaskGroup(of: Void.self) { group in
            // At once: another loop may serve, and be told to stop, before this one gets to a task of its queue.
            group.addImmediateTask { await watch(wishes, log) }
            defer { group.cancelAll() }
            switch await start(wishes.end) {
            case .failure(let failure): return failure.code
            case .success(let service):
                SystemdNotice.ready.send()
                group.addTask { await reload(service, wishes) }
                // Only cancellation could end this wait early, and nobody cancels it.
                try? await wishes.end.wait()
                SystemdNotice.stopping.send()
                await service.stop()
                log.info("stopped")
                return .success
            }
        }
    }

    struct Failure: Error {
        let code: ExitCode
    }

    /// What signals ask for. Those that come while one reload is under way are one more.
    private struct Wishes {
        let reload = Gate()
        let end = Gate()
    }

    private static func reload(_ service: any Serving, _ wishes: Wishes) async {
        while (try? await wishes.reload.wait()) != nil {
            wishes.reload.close()
            if wishes.end.isOpen { return }
            SystemdNotice.reloading.send()
            await service.reload()
            SystemdNotice.ready.send()
        }
    }

    private static func watch(_ wishes: Wishes, _ log: EventLog) async {
        do throws(IOError) {
            let signals = try Signals()
            var echoEnds = Deadline.now()
            while true {
                let signal = try await signals.next()
                switch signal {
                case .hangUp:
                    log.reopen()
                    log.info("reloading", [.signal("SIGHUP")])
                    wishes.reload.open()
                case .interrupt, .terminate:
                    let name = signal == .interrupt ? "SIGINT" : "SIGTERM"
                    if wishes.end.isOpen {
                        // `timeout`, `make` and other wrappers pass a keystroke on that reached us already.
                        if Deadline.now() < echoEnds { continue }
                        log.warn("ended at once", [.signal(name)])
                        log.flush()
                        exit(128 + signal.rawValue)
                    }
                    log.info("stopping", [.signal(name), .reason("a second signal ends it at once")])
                    echoEnds = .after(.milliseconds(500))
                    wishes.end.open()
                }
            }
        } catch {
            if error != .cancelled { log.error("signals cannot be watched", [.reason(error.description)]) }
        }
    }
}
