import Testing

struct ImportTests {
    /// Who may import whom, besides the parts of the toolchain below. Imports point down only.
    private static let table: [String: Set<String>] = [
        "Wire": [],
        "Reactor": ["CLinux"],
        "Secure": ["COpenSSL"],
        "HTTP": ["Wire", "Reactor", "Secure"],
        "Store": ["Secure", "CSQLite"],
        "WeChat": ["Store", "Secure", "Wire"],
        "Gateway": ["WeChat", "Store", "HTTP", "Reactor", "Secure", "Wire"],
        "Sandbox": ["HTTP", "Wire", "Secure", "Reactor"],
        "magpie": ["Gateway", "Sandbox", "WeChat", "Store", "HTTP", "Reactor", "Secure", "Wire"],
        // C, as the compiler sees it.
        "CLinux": [],
        "COpenSSL": [],
        "CSQLite": [],
    ]

    /// Of the toolchain, without ICU and without another network stack. Wire has no use even for these.
    private static let toolchain: Set<String> = ["FoundationEssentials", "Glibc", "Synchronization", "Dispatch"]

    private static func imports(of file: SourceTree.File) -> [String] {
        file.code(
            matching: #"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"#
                + #"(?:(?:typealias|struct|class|enum|protocol|let|var|func)\s+)?(\w+)"#)
    }

    @Test func `every room stands in the table`() throws {
        #expect(try SourceTree.rooms() == Set(Self.table.keys))
        #expect(SourceTree.sources.count > 50)
    }

    @Test(arguments: SourceTree.sources)
    func `a room imports only what lies below it`(_ file: SourceTree.File) throws {
        let allowed = try #require(Self.table[file.room])
        let toolchain = file.room == "Wire" ? [] : Self.toolchain
        #expect(Set(Self.imports(of: file)).subtracting(allowed).subtracting(toolchain) == [])
    }

    @Test func `the reader of imports sees every kind of them`() {
        let file = SourceTree.File(
            path: "Sources/X/Y.swift",
            text: """
                import A
                public import B
                @testable import C
                  internal import D
                import struct E.F
                @preconcurrency package import G // why
                // import H
                let importI = 1
                @_spi(X) import J
                """)
        #expect(Self.imports(of: file) == ["A", "B", "C", "D", "E", "G", "J"])
    }

    /// The promise to whoever builds it: the toolchain and two libraries of the system, and nothing to download.
    @Test func `the package depends on no other`() throws {
        let manifest = try SourceTree.text("Package.swift")
        #expect(!manifest.contains(".package("))
        #expect(!manifest.contains("http"))
    }

    @Test(arguments: SourceTree.tests)
    func `tests use Swift Testing alone`(_ file: SourceTree.File) {
        #expect(!Self.imports(of: file).contains("XCTest"))
    }
}
