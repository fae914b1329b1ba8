import Foundation
import Gateway
import Testing

/// The documented example must stay true: it loads, it names every key, and its values are the defaults.
struct ConfigurationExampleTests {
    private static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("config/magpie.example.json5").path

    private let text: String

    init() throws {
        text = try String(contentsOfFile: Self.path, encoding: .utf8)
    }

    private static let sources = ConfigurationSources { name in
        switch name {
        case "WECHAT_APP_SECRET", "SECRET": ConfigurationText.secret
        case "WECHAT_TOKEN": "token"
        case "WECHAT_ENCODING_AES_KEY": String(repeating: "A", count: 43)
        case "MAGPIE_ADMIN_TOKEN": "0123456789abcdef"
        case "SHOP_SECRET": String(repeating: "s", count: 32)
        default: nil
        }
    }

    @Test func `the example loads without a complaint or a warning`() throws {
        let loaded = try ConfigurationLoader(sources: Self.sources).load(file: Self.path)
        #expect(loaded.warnings.isEmpty)
    }

    @Test func `every key the loader knows occurs in the example`() throws {
        let known = try ConfigurationLoader.knownKeys(readingWith: Array(text.utf8))
        #expect(known.count > 50)
        for key in known {
            // `accounts[].menus.*.to` is written `to:`.
            let name = try #require(key.split(separator: ".").last.map { $0.replacingOccurrences(of: "[]", with: "") })
            #expect(name == "*" || text.contains("\(name):"), "\(key) is not in the example")
        }
    }

    /// It is commented out, since the secret of its site has no default.
    @Test func `the example of a site is one`() throws {
        let start = try #require(text.firstRange(of: "    // sites: [")).lowerBound
        let end = try #require(text[start...].firstRange(of: "    // ],\n")).upperBound
        let section = text[start..<end].split(separator: "\n").map { String($0.dropFirst("    // ".count)) }
        let json = ConfigurationText.with(root: section.joined(separator: "\n"))
        let sites = try ConfigurationText.load(json, sources: Self.sources).configuration.sites
        #expect(sites.map(\.name) == ["shop"] && sites.map(\.origin.description) == ["https://shop.example.org"])
    }

    @Test func `the example's values are the defaults`() throws {
        let example = try ConfigurationLoader(sources: Self.sources).load(file: Self.path).configuration
        let plain = try ConfigurationText.load(ConfigurationText.with()).configuration
        #expect(example.listen == plain.listen && example.adminListen == plain.adminListen)
        #expect(example.trustedProxies == plain.trustedProxies)
        #expect(example.publicDirectory == plain.publicDirectory)
        #expect(example.store == plain.store)
        #expect(example.session == plain.session)
        #expect(example.limits == plain.limits)
        #expect(example.log == plain.log)
        #expect(example.upstream.api == plain.upstream.api && example.upstream.open == plain.upstream.open)
        #expect(example.upstream.timeout == plain.upstream.timeout)
        #expect(example.sandboxListen == plain.sandboxListen)
    }
}
