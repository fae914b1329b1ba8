import Testing

@testable import Wire

struct RequestSerializerTests {
    private func text(_ request: Request) -> String {
        var bytes: [UInt8] = []
        RequestSerializer.append(request, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `Host comes first and once`() throws {
        let request = try Request(target: "/a?b=c", fields: [(.accept, "*/*"), (.host, "a.example:1")])
        #expect(text(request) == "GET /a?b=c HTTP/1.1\r\nHost: a.example:1\r\nAccept: */*\r\n\r\n")
    }

    @Test func `a body has its length, and a POST without one too`() throws {
        var request = try Request(method: .post, target: "/", fields: [(.contentLength, "9")], body: Array("hi".utf8))
        #expect(text(request) == "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi")
        request.body = []
        request.keepsAlive = false
        #expect(text(request) == "POST / HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }

    @Test func `what is written is read back`() throws {
        var sent = try Request(
            method: .put, target: "http://b.example:81/p%20q?x=1", fields: [("X-A", "1"), ("X-A", "2")],
            body: Array(0...255))
        sent.keepsAlive = false
        var bytes: [UInt8] = []
        RequestSerializer.append(sent, to: &bytes)
        var parser = RequestParser()
        parser.feed(bytes)
        guard case .request(let read) = try parser.next() else {
            Issue.record("no request")
            return
        }
        #expect(read.method == .put)
        #expect(read.path == "/p%20q")
        #expect(read.query.raw == "x=1")
        #expect(read.authority == Authority("b.example:81"))
        #expect(read.fields.values("x-a") == ["1", "2"])
        #expect(read.body == Array(0...255))
        #expect(!read.keepsAlive)
    }
}
