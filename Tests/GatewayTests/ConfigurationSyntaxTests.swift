import Gateway
import Testing

/// Where a file that is no JSON5 breaks, and that keys come once.
struct ConfigurationSyntaxTests {
    struct Break: Sendable {
        let text: String
        let line: Int
        let column: Int
        let says: String
    }

    static let breaks = [
        Break(text: "", line: 1, column: 1, says: "the text ends"),
        Break(text: "{\n  listen: \"a\"\n  hosts: []\n}", line: 2, column: 14, says: "a comma is missing"),
        Break(text: "{\n  listen \"a\"\n}", line: 2, column: 10, says: "a \":\" is missing"),
        Break(text: "{\n  listen: \"a,\n}", line: 2, column: 11, says: "never closed by its quotation mark"),
        Break(text: "{ hosts: [1, 2", line: 1, column: 10, says: "this \"[\" is never closed"),
        Break(text: "{ a: 1,\n\n", line: 1, column: 1, says: "this \"{\" is never closed"),
        Break(text: "{ a: 1 /* no end", line: 1, column: 8, says: "this comment is never closed"),
        Break(text: "{ a: main }", line: 1, column: 6, says: "a text needs quotation marks"),
        Break(text: "{ a: 01 }", line: 1, column: 6, says: "this is no value"),
        // These used to end the process.
        Break(text: "{ a: 1e+ }", line: 1, column: 6, says: "this is no value"),
        Break(text: "{ a: .5e-}", line: 1, column: 6, says: "this is no value"),
        Break(text: "{ a: 1e+", line: 1, column: 6, says: "this is no value"),
        Break(text: "{ a: 127.0.0.1 }", line: 1, column: 6, says: "this is no value"),
        Break(text: "{ a: 1,, }", line: 1, column: 8, says: "two commas in a row"),
        Break(text: "{ 中: '文', a: }", line: 1, column: 14, says: "a value should stand here"),
        Break(text: "{ : 1 }", line: 1, column: 3, says: "a key should stand here"),
        Break(text: "{} x", line: 1, column: 4, says: "something follows"),
        Break(text: String(repeating: "[", count: 5_000), line: 1, column: 34, says: "too deeply nested"),
    ]

    @Test(arguments: breaks)
    func `a syntax error is shown with its line and column`(_ broken: Break) throws {
        let refusal = try #require(throws: ConfigurationRefusal.self) { try ConfigurationText.load(broken.text) }
        let complaint = try #require(refusal.complaints.first)
        #expect(complaint.position == .init(line: broken.line, column: broken.column))
        #expect(complaint.problem.contains(broken.says))
    }

    /// Such a byte in a key without quotation marks used to end the process: Foundation's reader of JSON5 traps there.
    @Test(arguments: [
        "{ a\u{7F}: 1, \u{7F}: 2 }", "{ a: \"\u{7F}\" }", "{ // \u{7F}\n a: 1 }",
    ])
    func `a file in another encoding than UTF-8 is refused with the place`(_ text: String) throws {
        let bytes = text.utf8.map { $0 == 0x7F ? 0xFF : $0 }
        let refusal = try #require(throws: ConfigurationRefusal.self) {
            try ConfigurationLoader(sources: ConfigurationText.sources).load(bytes, source: "test.json5")
        }
        let problem = "not valid JSON5: this is not UTF-8; save the file in that encoding"
        #expect(refusal.complaints.map(\.problem) == [problem])
        let before = text.utf8.prefix { $0 != 0x7F }
        #expect(refusal.complaints.first?.position == .init(line: 1, column: before.count + 1))
    }

    @Test func `a file that is no object is refused`() throws {
        let refusal = try #require(throws: ConfigurationRefusal.self) { try ConfigurationText.load("[1]") }
        #expect(refusal.description.contains("the file holds a list; expected one object"))
    }

    @Test func `a key that comes twice is refused, and both places are named`() throws {
        let json =
            "{\n  listen: \"127.0.0.1:1\",\n  limits: { \"drain\": \"1s\",\n 'dr\\u0061in': \"2s\" },\n listen: \"127.0.0.1:2\" }"
        let refusal = try #require(throws: ConfigurationRefusal.self) { try ConfigurationText.load(json) }
        #expect(
            refusal.complaints.map(\.description) == [
                "limits.drain (line 4, column 2): the key came before (first at line 3, column 13)",
                "listen (line 5, column 2): the key came before (first at line 2, column 3)",
            ])
    }

    @Test func `JSON5's own forms are read`() throws {
        let json = """
            \u{FEFF}// a comment
            { 'publicURL': "https://h5\\u002eexample.com", /* another */ accounts: [{ name: "m\\u0061in", "appId": '\(ConfigurationText.appID)',
              appSecret: { env: "SECRET", }, },], limits: { connections: +0x10, }, }
            """
        let configuration = try ConfigurationText.load(json).configuration
        #expect(configuration.publicURL.host == "h5.example.com")
        #expect(configuration.accounts[0].name == "main")
        #expect(configuration.limits.connections == 16)
    }

    @Test func `a syntax error never quotes the text around it`() throws {
        let json = "{ accounts: [{ appSecret: CANARYcanary }] }"
        let refusal = try #require(throws: ConfigurationRefusal.self) { try ConfigurationText.load(json) }
        #expect(!refusal.description.lowercased().contains("canary"))
    }

    @Test(arguments: [("conections", "connections"), ("lisetn", "listen"), ("AppID", "appId"), ("zzzzzz", nil)])
    func `the nearest word is the one a slip of the hand away`(_ typed: String, _ meant: String?) {
        #expect(nearest(to: typed, among: ["connections", "listen", "appId", "hosts"]) == meant)
    }
}
