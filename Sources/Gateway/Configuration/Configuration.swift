package import Reactor
package import Secure
package import Wire

/// Everything an operator decides, checked and complete: whoever holds one need not look for mistakes any more.
///
/// `ConfigurationLoader` makes it from a file; tests and the demonstration make it by hand. The defaults stand here
/// and nowhere else.
package struct Configuration: Sendable, Equatable {
    /// The public listener.
    package var listen = SocketAddress.ipv4(0x7F00_0001, port: 8080)
    /// The listener of health, metrics and the token centre.
    package var adminListen = SocketAddress.ipv4(0x7F00_0001, port: 8081)
    /// What callers of the admin listener must bear; nil only while that listener is out of others' reach.
    package var adminToken: Secret?
    /// The origin visitors see: every absolute URL is built from it, never from a request's `Host`.
    package var publicURL: Origin
    /// The peers whose `X-Forwarded-*` are believed.
    package var trustedProxies = ["127.0.0.1"].compactMap(AddressBlock.init)
    /// Host names to answer besides those that follow from the rest; see `hosts`.
    package var furtherHosts: [Domain] = []
    package var publicDirectory = "Public"
    package var store = StoreKind.sqlite(path: "var/magpie.sqlite")
    package var session = Session()
    /// At least one; the first is meant when a request names none.
    package var accounts: [Account]
    var accountNames: [String] { accounts.map(\.name) }
    /// Whose visitors log in here, too.
    package var sites: [Site] = []
    package var upstream = Upstream()
    package var limits = Limits()
    /// Nil when a proxy in front ends TLS, or nobody does.
    package var tls: TLS?
    package var log = Log()
    /// Where the sandbox listens when it is started along with the gateway.
    package var sandboxListen = SocketAddress.ipv4(0x7F00_0001, port: 8090)

    package init(publicURL: Origin, accounts: [Account]) {
        self.publicURL = publicURL
        self.accounts = accounts
    }

    package enum StoreKind: Sendable, Equatable {
        case sqlite(path: String)
        case file(path: String)
        case memory
    }

    package struct Session: Sendable, Equatable {
        /// From login to the end, whatever happens in between.
        package var lifetime = Duration.seconds(7 * 86_400)
        /// From the last visit to the end.
        package var idleTimeout = Duration.seconds(86_400)
        package var sameSite = SameSitePolicy.lax
        /// Without the `__Host-` that an https `publicURL` puts before it; see `Configuration.cookieName`.
        package var cookieName = "magpie_session"

        package init() {}
    }

    package enum SameSitePolicy: String, CaseIterable, Sendable {
        case lax = "Lax"
        case strict = "Strict"
        case none = "None"
    }

    /// Where WeChat is; elsewhere only for the sandbox, or behind a proxy with a fixed address.
    package struct Upstream: Sendable, Equatable {
        package var api = Origin.wechatAPI
        package var open = Origin.wechatOpen
        /// Certificates to trust besides the system's.
        package var caFile: String?
        package var timeout = Duration.seconds(5)

        package init() {}
    }

    package struct Limits: Sendable, Equatable {
        package var connections = 10_000
        /// 0: no limit of its own. Trusted proxies are exempt.
        package var connectionsPerAddress = 0
        /// Logins begun within ten minutes: 333 a second without a pause, and some 200 MB in the store at worst.
        package var logins = 200_000
        /// Requests of `/redirect` in a minute from one address, behind which a carrier may have put thousands of
        /// phones; a login takes two. 0: no limit. Trusted proxies and this machine's own programs are exempt.
        package var loginsPerAddress = 1_200
        /// The same for `/get-signature`.
        package var signaturesPerAddress = 12_000
        /// The same for wrong tokens at the admin listener, and wrong signatures at `/api/wechat`.
        package var guessesPerAddress = 60
        /// What decides whom the limits on logins, signatures and guesses refuse.
        var perVisitor: [Int] { [logins, loginsPerAddress, signaturesPerAddress, guessesPerAddress] }
        /// The memory in which `/auth` keeps what it tells, in bytes: 1,200,000 sessions of one account. 0: none.
        package var sessionCache = 167_772_160
        package var requestLine = 8_208
        package var headerBytes = 16_384
        package var headerFields = 100
        package var bodyBytes = 65_536
        package var headerTimeout = Duration.seconds(10)
        package var bodyTimeout = Duration.seconds(15)
        package var idleTimeout = Duration.seconds(75)
        package var writeTimeout = Duration.seconds(15)
        /// After SIGTERM: how long `/ready` says no while everything is still served.
        package var drain = Duration.seconds(5)
        /// After SIGTERM: when the last connection is cut.
        package var shutdown = Duration.seconds(25)

        package init() {}
    }

    package struct TLS: Sendable, Equatable {
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    package struct Log: Sendable, Equatable {
        package enum Format: String, CaseIterable, Sendable {
            /// Text on a terminal, JSON lines elsewhere.
            case auto
            case json
            case text
        }

        package var level = EventLog.Level.info
        /// Nil for standard output.
        package var file: String?
        package var format = Format.auto
        /// One line per request.
        package var access = true

        package init() {}
    }
}
