import Testing

@testable import Wire

struct QueryTests {
    @Test func `a query is of one parameter only if nothing else could be in it`() {
        for raw in ["url=", "url=a", "url=a=b", "url=%26account=x"] {
            #expect(Query(raw: raw).lend { $0.isOnly("url") }, "\(raw)")
        }
        for raw in ["", "url", "ur=a", "urls=a", "url=a&", "&url=a", "url=a&account=b", "u%72l=a", "URL=a", "a=url="] {
            #expect(!Query(raw: raw).lend { $0.isOnly("url") }, "\(raw)")
        }
    }

    @Test func `a parameter is decoded when it is asked for`() throws {
        let query = Query(raw: "url=https%3A%2F%2Fa.b%2F%3Fc%3Dd&name=a+b&empty=&flag&n=1")
        #expect(try query.first("url") == "https://a.b/?c=d")
        #expect(try query.first("name") == "a b")
        #expect(try query.first("empty") == "")
        #expect(try query.first("flag") == "")
        #expect(try query.first("missing") == nil)
    }

    @Test func `a name is found however it is escaped`() throws {
        let query = Query(raw: "%63ode=1&a%20b=2&a+c=3")
        #expect(try query.only("code") == "1")
        #expect(try query.only("a b") == "2")
        #expect(try query.only("a c") == "3")
    }

    @Test func `two of a name are told apart from one`() throws {
        let query = Query(raw: "state=a&x=1&%73tate=b")
        #expect(try query.all("state") == ["a", "b"])
        #expect(try query.first("state") == "a")
        #expect(throws: WireError.duplicateParameter) { try query.only("state") }
        #expect(try query.only("x") == "1")
        #expect(try query.only("y") == nil)
    }

    @Test(arguments: ["", "&", "&&&", "=", "=a", "&=&"])
    func `odd queries hold nothing that has a name`(_ raw: String) throws {
        #expect(try Query(raw: raw).first("a") == nil)
        #expect(try Query(raw: raw).all("a") == [])
    }

    /// Between the two of "&&" the value "" of the name "" used to be found.
    @Test func `where nothing stands, there is no parameter`() throws {
        #expect(try Query(raw: "&&a=b&&").all("") == [])
        #expect(try Query(raw: "=c&&=").all("") == ["c", ""])
    }

    @Test func `a value may hold what separates`() throws {
        let query = Query(raw: "a=b=c;d&e=%26%3D")
        #expect(try query.first("a") == "b=c;d")
        #expect(try query.first("e") == "&=")
    }

    @Test func `what cannot be decoded throws only where it is met`() throws {
        let query = Query(raw: "a=1&b=%zz&c=%ff&%zz=4&d=5")
        #expect(try query.first("a") == "1")
        #expect(throws: WireError.badEscape) { try query.first("b") }
        #expect(throws: WireError.badEscape) { try query.first("c") }
        #expect(throws: WireError.badEscape) { try query.first("d") }
    }

    @Test func `keys are sorted, each once, and never values`() {
        #expect(Query(raw: "state=s&code=c&%63ode=d&&x&%zz=1").keys == ["%zz", "code", "state", "x"])
        #expect(Query(raw: "b+c&a%2Bb=+&=").keys == ["", "a+b", "b c"])
        #expect(Query(raw: "").keys == [])
    }

    @Test func `a form is read like a query`() throws {
        let form = parseForm(Array("a=1&b=%E9%B9%8A+x&c=鹊".utf8))
        #expect(try form.first("a") == "1")
        #expect(try form.first("b") == "鹊 x")
        #expect(try form.first("c") == "鹊")
        #expect(throws: WireError.badEscape) { try parseForm([0x61, 0x3D, 0xFF]).first("a") }
    }
}
