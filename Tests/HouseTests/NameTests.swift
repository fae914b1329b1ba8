import Testing

struct NameTests {
    /// A type named like its module makes every name of the module ambiguous: `HTTP.Server` is looked up in the type.
    @Test(arguments: SourceTree.sources)
    func `no type is named like a module, but for the store's protocol`(_ file: SourceTree.File) throws {
        let modules = try SourceTree.rooms().union(["Glibc", "Dispatch", "Synchronization", "Testing"])
        let declared = file.code(matching: #"\b(?:struct|class|enum|protocol|actor|typealias)\s+(\w+)"#)
        #expect(modules.intersection(declared).subtracting(["Store"]) == [])
    }

    /// `==` on bytes stops at the first difference, and so tells how far a guess was right. The one type for secrets
    /// compares in constant time; a new hand-written `==` has to be looked at before it comes into this list.
    @Test func `equality is written by hand only where it has been looked at`() {
        let lookedAt = [
            "Sources/Secure/Secret.swift", "Sources/Store/Store.swift", "Sources/Wire/FieldName.swift",
            "Sources/Wire/Fields.swift",
        ]
        let found = SourceTree.sources.filter { !$0.code(matching: #"static func (?:==|!=)"#).isEmpty }.map(\.path)
        #expect(Set(found).subtracting(lookedAt) == [])
    }

    @Test func `secrets are equal in constant time`() throws {
        let file = try #require(SourceTree.sources.first { $0.path == "Sources/Secure/Secret.swift" })
        #expect(!file.code(matching: #"constantTime|CRYPTO_memcmp"#).isEmpty)
        #expect(file.code(matching: #"struct Secret\b.*\b(?:Hashable|Codable|Encodable)\b"#) == [])
    }

    @Test(arguments: SourceTree.sources)
    func `a revealed secret is compared nowhere`(_ file: SourceTree.File) {
        #expect(file.code(matching: #"reveal(?:Bytes)?\(\)\s*(?:==|!=)|(?:==|!=)\s*[\w.]*reveal(?:Bytes)?\(\)"#) == [])
    }

    /// A test's name is a sentence about behaviour; a name without a space is one about code.
    @Test(arguments: SourceTree.tests)
    func `a test is named by a sentence`(_ file: SourceTree.File) {
        let code = file.codeLines
        let unnamed = code.indices.filter { index in
            guard code[index].drop(while: { $0 == " " }).hasPrefix("@Test") else { return false }
            // The attribute's arguments may take several lines.
            let declaration = code[index...].first { $0.contains("func ") }
            let name = declaration?.split(separator: "`", omittingEmptySubsequences: false).dropFirst().first
            return name?.contains(" ") != true
        }
        #expect(unnamed.map { code[$0] } == [])
    }
}
