import Testing

@testable import Wire

struct EntityTagTests {
    @Test(arguments: [
        "\"abc\"", "W/\"abc\"", "*", " * ", "\"x\", \"abc\"", "\"x\",W/\"abc\"", ",, \"abc\" ,", "\"a,b\", \"abc\"",
        "W/\"x\" , W/\"abc\"",
    ])
    func `a list with the tag matches`(_ field: String) throws {
        #expect(try #require(EntityTag("abc")).matches(ifNoneMatch: field.utf8Span.span))
    }

    @Test(arguments: [
        "", "abc", "\"abc", "abc\"", "\"ab\"", "\"abcd\"", "\"ABC\"", "w/\"abc\"", "**", "*, \"abc\"",
        "\"x\" y \"abc\"", "\"x\\\"abc\"",
        "W/ \"abc\"", "'abc'",
    ])
    func `anything else does not`(_ field: String) throws {
        #expect(try !#require(EntityTag("abc")).matches(ifNoneMatch: field.utf8Span.span))
    }

    @Test func `what may not stand between quotes makes no tag`() {
        for text in ["a\"b", "a b", "a\r\n", "ä", "a\u{7F}"] { #expect(EntityTag(text) == nil) }
        #expect(EntityTag("0aF-_")?.description == "\"0aF-_\"")
    }
}
