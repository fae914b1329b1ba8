import Reactor
import Synchronization

/// A server's options with what is worked out from them once. A connection keeps those it began with.
final class ServerSettings: Sendable {
    let options: ServerOptions
    let timeouts: Timeouts

    /// The options' durations in the form that costs nothing to add.
    struct Timeouts {
        let header: Timeout
        let body: Timeout
        let idle: Timeout
        let write: Timeout
        /// How long an idle connection keeps its buffers.
        let buffers = Timeout(.seconds(1))
        let lastFirstRequest: Timeout
    }

    init(_ options: ServerOptions) {
        self.options = options
        timeouts = Timeouts(
            header: Timeout(options.headerTimeout), body: Timeout(options.bodyTimeout),
            idle: Timeout(options.idleTimeout), write: Timeout(options.writeTimeout),
            lastFirstRequest: Timeout(options.lastFirstRequest))
    }

    /// Those in force, for all loops of a server.
    final class Current: Sendable {
        private let settings: Mutex<ServerSettings>

        init(_ options: ServerOptions) {
            settings = Mutex(ServerSettings(options))
        }

        var value: ServerSettings { settings.withLock { $0 } }

        func change(to options: ServerOptions) {
            let new = ServerSettings(options)
            settings.withLock { $0 = new }
        }
    }
}
