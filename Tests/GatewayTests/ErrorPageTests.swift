import HTTP
import Testing
import Wire

@testable import Gateway

struct ErrorPageTests {
    private func page(_ failure: Failure, _ language: String?) throws -> Response {
        let fields = [(FieldName.accept, "text/html")] + (language.map { [(.acceptLanguage, $0)] } ?? [])
        let request = try Request(target: "/redirect", fields: fields)
        return ErrorReply(failure).response(to: request, id: "r-1")
    }

    private func text(_ response: Response) -> String {
        if case .bytes(let bytes) = response.body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    @Test func `the reader's language comes first, and the other one below it`() throws {
        for (language, tag, first, second) in [
            (nil, "zh-CN", "登录链接无效。", "en"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN", "登录链接无效。", "en"),
            ("en-GB", "en", Failure.badState(retry: "/").message, "zh-CN"),
        ] as [(String?, String, String, String)] {
            let response = try page(.badState(retry: "/redirect?to=/"), language)
            let html = text(response)
            #expect(html.contains("<html lang=\"\(tag)\">"))
            #expect(html.contains("<h1>\(first)</h1>\n<p lang=\"\(second)\">"))
            #expect(html.contains(tag == "en" ? ">Try again</a>" : ">重新登录</a>"))
            #expect(html.contains("<code>r-1</code>"))
        }
    }

    @Test func `a visitor who is not signed in is asked to log in, by a link that stays a link`() throws {
        #expect(text(try page(.notSignedIn(login: "/", lacksConsent: true), "en")).contains(">Agree in WeChat</a>"))
        let html = text(try page(.notSignedIn(login: "/redirect?to=/a&scope=\"base\""), "en"))
        #expect(html.contains("href=\"/redirect?to=/a&amp;scope=&quot;base&quot;\">Log in</a>"))
    }
}
