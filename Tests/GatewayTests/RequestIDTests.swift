import Gateway
import Testing
import Wire

struct RequestIDTests {
    private func id(_ given: String) throws -> String {
        try Request(target: "/", fields: [(.xRequestID, given)]).lend { RequestID.of($0) }.text
    }

    @Test(arguments: ["a", "0123456789abcdef", "A-b_c.9", String(repeating: "i", count: 64)])
    func `a proxy's id is kept`(_ given: String) throws {
        #expect(try id(given) == given)
    }

    @Test(arguments: ["a b", "a\"b", "a/b", "a=b", "a:b", String(repeating: "i", count: 65)])
    func `an id that could be more than an id is replaced`(_ given: String) throws {
        #expect(try id(given).wholeMatch(of: /[0-9a-f]{16}/) != nil)
    }

    @Test func `without one, each is sixteen digits of its own`() throws {
        let request = try Request(target: "/")
        let ids = (0..<1_000).map { _ in request.lend { RequestID.of($0) }.text }
        #expect(ids.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{16}/) != nil })
        #expect(Set(ids).count == 1_000)
        #expect(RequestID.drawn(0xF).text == "000000000000000f")
    }
}
