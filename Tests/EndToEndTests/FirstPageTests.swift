import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// The page that docs/first-page.md has its readers write, as it stands there.
    @Suite struct FirstPageTests {
        @Test(arguments: [("docs/first-page.md", "You are on wifi"), ("docs/zh-CN/first-page.md", "当前网络：wifi")])
        func `the first page is signed and says what it is to say`(_ file: String, _ said: String) throws {
            try Stage.withBrowser(at: nil) { browser, stage in
                let repository = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardizedFileURL
                let text = try String(contentsOf: repository.appendingPathComponent(file), encoding: .utf8)
                let page = try #require(text.firstMatch(of: /<<'HTML'\n((?:.|\n)*?)\nHTML\n/)).output.1
                try page.replacing("127.0.0.1:8090", with: "127.0.0.1:\(stage.sandboxPort)")
                    .write(toFile: stage.folder + "/site/hello.html", atomically: true, encoding: .utf8)
                try browser.open(stage.origin + "/hello.html")
                try browser.wait(for: "#said")
                for _ in 0..<600 where try browser.text("#said") != said { usleep(50_000) }
                #expect(try browser.text("#said") == said)
            }
        }
    }
}
