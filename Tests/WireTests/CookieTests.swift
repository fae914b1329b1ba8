import Testing

@testable import Wire

struct CookieTests {
    private func cookie(_ name: String, _ lines: String...) throws -> CookieValue {
        try Request(target: "/", fields: lines.map { (.cookie, $0) }).cookie(name)
    }

    @Test func `a cookie is found by its exact name`() throws {
        #expect(try cookie("sid", "a=1; sid=x; b=2") == .one("x"))
        #expect(try cookie("sid", "sid=x") == .one("x"))
        #expect(try cookie("sid", "a=1;sid=x;b=2") == .one("x"))
        #expect(try cookie("sid", "a=1", "sid=x") == .one("x"))
        #expect(try cookie("SID", "sid=x") == .absent)
        #expect(try cookie("__Host-sid", "__host-sid=evil; __Host-sid=x") == .one("x"))
        #expect(try cookie("sid", "xsid=1; sidx=2; si=3") == .absent)
        #expect(try cookie("sid") == .absent)
    }

    @Test func `two of one name are ambiguous, even when they are equal`() throws {
        #expect(try cookie("sid", "sid=a; sid=b") == .ambiguous)
        #expect(try cookie("sid", "sid=a; sid=a") == .ambiguous)
        #expect(try cookie("sid", "sid=a", "b=1; sid=a") == .ambiguous)
    }

    @Test func `odd pairs have no effect`() throws {
        #expect(try cookie("sid", "=v; ; a; \"sid\"=q; ;; sid=x;") == .one("x"))
        #expect(try cookie("sid", "sid") == .absent)
        #expect(try cookie("", "=v") == .absent)
        #expect(try cookie("sid", "a=sid=x") == .absent)
    }

    @Test func `a value is taken as it stands`() throws {
        #expect(try cookie("sid", "sid=\"x\"") == .one("\"x\""))
        #expect(try cookie("sid", "sid=a=b") == .one("a=b"))
        #expect(try cookie("sid", "sid=%41+") == .one("%41+"))
        #expect(try cookie("sid", "sid=") == .one(""))
        #expect(try cookie("sid", "  sid  =  x y  ") == .one("x y"))
    }

    @Test func `a cookie to set names all its attributes`() throws {
        #expect(
            try SetCookie(name: "__Host-sid", value: "abc", maxAge: 60).serialized()
                == "__Host-sid=abc; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax")
        #expect(
            try SetCookie(
                name: "sid", value: "", path: "/a", secure: false, httpOnly: false, sameSite: .strict
            ).serialized() == "sid=; Path=/a; SameSite=Strict")
        #expect(try SetCookie(name: "sid", value: "", maxAge: -5).serialized().contains("Max-Age=0;"))
    }

    @Test(arguments: [
        SetCookie(name: "", value: "x"), SetCookie(name: "a b", value: "x"), SetCookie(name: "a=", value: "x"),
        SetCookie(name: "a;", value: "x"), SetCookie(name: "ä", value: "x"), SetCookie(name: "a", value: "x;y"),
        SetCookie(name: "a", value: "x y"), SetCookie(name: "a", value: "x\r\ny"), SetCookie(name: "a", value: "x,y"),
        SetCookie(name: "a", value: "\"x\""), SetCookie(name: "a", value: "x\\"), SetCookie(name: "a", value: "ä"),
        SetCookie(name: "a", value: "x", path: ""), SetCookie(name: "a", value: "x", path: "a"),
        SetCookie(name: "a", value: "x", path: "/;Domain=b"), SetCookie(name: "a", value: "x", path: "/\r\n"),
        SetCookie(name: "a", value: String(repeating: "x", count: 4096)),
        SetCookie(name: "__Host-a", value: "x", path: "/a"), SetCookie(name: "__Host-a", value: "x", secure: false),
        SetCookie(name: "__Secure-a", value: "x", secure: false),
        SetCookie(name: "__hOST-a", value: "x", secure: false),
        SetCookie(name: "a", value: "x", secure: false, sameSite: .none),
    ])
    func `a cookie that a browser would read otherwise is refused`(_ cookie: SetCookie) {
        #expect(throws: WireError.badCookie) { try cookie.serialized() }
    }
}
