package import Secure
package import WeChat

extension Configuration {
    /// One Official Account (公众号) with what the operator copied from its console.
    package struct Account: Sendable, Equatable {
        /// Names the account in paths, answers, logs and metrics.
        package var name: String
        package var appID: String
        package var appSecret: Secret
        /// For the console's server verification; nil when it is not used.
        package var token: Secret?
        package var encodingAESKey: Secret?
        package var stableToken = true
        /// JS接口安全域名: pages of these hosts and of their sub-domains get signatures.
        package var jsDomains: [Domain] = []
        /// Hosts to which a login may return, each exactly as written.
        package var returnDomains: [Domain] = []
        /// By name, which is the `state` a menu carries.
        package var menus: [String: Menu] = [:]

        package init(name: String, appID: String, appSecret: Secret) {
            self.name = name
            self.appID = appID
            self.appSecret = appSecret
        }
    }

    /// A login whose link is fixed, because it was pasted into the account's menu.
    package struct Menu: Sendable, Equatable {
        /// A path of ours, or a URL whose host is one of `returnDomains`.
        package var to: String
        package var scope = Scope.base

        package init(to: String) {
            self.to = to
        }
    }

    package func account(named name: String) -> Account? {
        accounts.first { $0.name == name }
    }
}
