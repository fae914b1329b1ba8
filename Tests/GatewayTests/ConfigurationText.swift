import FoundationEssentials
import Gateway

/// Configuration files for tests: one that is right, and variations of it.
enum ConfigurationText {
    static let appID = "wx0123456789abcdef"
    static let secret = "0123456789abcdef0123456789abcdef"

    static func with(root: String = "", account: String = "") -> String {
        publicURL("https://h5.example.com", root: root, account: account)
    }

    static func publicURL(_ url: String?, root: String = "", account: String = "") -> String {
        """
        {
          \(url.map { "publicURL: \"\($0)\"," } ?? "")
          accounts: [{ name: "main", appId: "\(appID)", appSecret: { env: "SECRET" },
                       \(account) }],
          \(root)
        }
        """
    }

    static func account(name: String = "main", appID: String = appID, appSecret: String = "{ env: \"SECRET\" }")
        -> String
    {
        """
        { publicURL: "https://h5.example.com",
          accounts: [{ name: "\(name)", appId: "\(appID)", appSecret: \(appSecret) }] }
        """
    }

    static func twoAccounts(name: String = "second", appID: String = "wxfedcba9876543210") -> String {
        """
        { publicURL: "https://h5.example.com", accounts: [
            { name: "main", appId: "\(Self.appID)", appSecret: { env: "SECRET" } },
            { name: "\(name)", appId: "\(appID)", appSecret: { env: "SECRET" } } ] }
        """
    }

    static let sources = ConfigurationSources { name in
        switch name {
        case "SECRET": secret
        case "EMPTY": ""
        default: nil
        }
    }

    @discardableResult
    static func load(
        _ json: String, sources: ConfigurationSources = sources, isShared: Bool = false
    ) throws(ConfigurationRefusal) -> ConfigurationLoader.Loaded {
        try ConfigurationLoader(sources: sources).load(Array(json.utf8), source: "test.json5", isShared: isShared)
    }
}
