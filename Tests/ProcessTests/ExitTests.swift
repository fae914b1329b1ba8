import Foundation
import Glibc
import TestSupport
import Testing

extension ProcessTests {
    /// How the process ends, and what it tells the shell: 0, 2, 69, 78.
    @Suite struct ExitTests {
        private let platform = FakePlatform()
        /// A folder that is removed afterwards.
        private let place = MagpieHome(FakePlatform())
        private var folder: String { place.folder }

        /// Runs the program to its end.
        private func run(
            _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]
        ) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
            let name = "run-\(UUID().uuidString)"
            let child = try ChildProcess(
                MagpieProcess.program(), arguments, in: folder ?? self.folder, name: name, environment: environment)
            let ending = try child.wait()
            return (ending, child.output, child.errors)
        }

        @Test(arguments: [
            [], ["--nope"], ["frobnicate"], ["serve", "--nope"], ["serve", "extra"], ["serve", "--config"],
            ["serve", "--config=a", "--config=b"], ["sandbox", "--listen"], ["sign"], ["sign", "--ticket", "t"],
            ["authorize-url", "--scoop", "base"], ["check", "--conf", "x"], ["help", "frobnicate"],
        ])
        func `a command line that is not understood ends with 2 and shows the usage`(_ arguments: [String]) throws {
            let result = try run(arguments)
            #expect(result.ending == .exited(2))
            #expect(result.errors.contains("Usage: magpie"))
            #expect(result.output.isEmpty)
        }

        @Test func `what can be said without a server is said with 0`() throws {
            for arguments in [["version"], ["--version"], ["help"], ["--help"], ["help", "serve"], ["serve", "-h"]] {
                let result = try run(arguments)
                #expect(result.ending == .exited(0), "\(arguments)")
                #expect(!result.output.isEmpty)
                #expect(result.errors.isEmpty)
            }
            let signature = try run([
                "sign", "--ticket",
                "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
                "--noncestr", "Wm3WZYTPz0wzccnW", "--timestamp", "1414587457", "--url",
                "http://mp.weixin.qq.com?params=value",
            ])
            #expect(signature.output == "0f9de62fce790f9a083d5c99e95740ceb90c27ed\n")
        }

        /// Changes to a good configuration, and what the complaint must name.
        static let mistakes: [(find: String, replace: String, named: [String])] = [
            ("listen: \"127", "lisen: \"127", ["lisen", "listen"]),
            ("publicURL: \"", "publicURL: \"ftp:", ["publicURL"]),
            ("accounts: [", "accounts: [[],", ["accounts[0]"]),
            ("appId: \"wx", "appId: \"ww", ["accounts[0].appId"]),
            ("\"SECRET_main\"", "\"SECRET_gone\"", ["accounts[0].appSecret", "SECRET_gone"]),
            ("jsDomains: [\"h5", "jsDomains: [\"https://h5", ["accounts[0].jsDomains[0]"]),
            ("to: \"/orders\"", "to: \"//evil.example\"", ["accounts[0].menus.orders.to"]),
            ("timeout: \"2s\"", "timeout: \"2 parsecs\"", ["upstream.timeout"]),
            ("kind: \"sqlite\"", "kind: \"oracle\"", ["store.kind"]),
            ("drain: \"0s\"", "drain: \"11s\"", ["limits.shutdown"]),
            ("level: \"debug\"", "level: 3", ["log.level"]),
            ("adminListen: \"127.0.0.1", "adminListen: \"0.0.0.0", ["adminListen", "adminToken"]),
            ("accounts: [", "accounts: [ } ", []),
        ]

        @Test(arguments: mistakes.indices)
        func `a broken configuration ends with 78 and names the key`(_ index: Int) throws {
            let mistake = Self.mistakes[index]
            let home = MagpieHome(platform)
            let text = readFile(home.configurationFile)
            let broken = text.replacingOccurrences(of: mistake.find, with: mistake.replace)
            try #require(broken != text)
            writeFile(home.configurationFile, broken)
            let result = try run(["serve", "--config", home.configurationFile], environment: home.environment)
            #expect(result.ending == .exited(78), "\(result)")
            for name in mistake.named + [home.configurationFile] {
                #expect(result.errors.contains(name), "\(name) is not in: \(result.errors)")
            }
            for secret in home.environment.values { #expect(!result.errors.contains(secret)) }
            #expect(platform.calls.isEmpty)
        }

        @Test func `a configuration that is named and not there ends with 78`() throws {
            for result in [
                try run(["serve", "--config", "no-such-file.json5"]),
                try run(["serve"], environment: ["MAGPIE_CONFIG": "no-such-file.json5"]),
            ] {
                #expect(result.ending == .exited(78))
                #expect(result.errors.contains("no-such-file.json5"))
            }
        }

        @Test func `a taken address ends with 69 and is named, whichever listener wants it`() throws {
            for isAdmin in [false, true] {
                let home = MagpieHome(platform)
                let port = isAdmin ? home.adminPort : home.port
                let process = try home.start()
                let other = MagpieHome(platform)
                let text = readFile(other.configurationFile)
                    .replacingOccurrences(of: ":\(isAdmin ? other.adminPort : other.port)\"", with: ":\(port)\"")
                writeFile(other.configurationFile, text)
                let result = try run(["serve", "--config", other.configurationFile], environment: other.environment)
                #expect(result.ending == .exited(69))
                #expect(result.errors.contains("127.0.0.1:\(port)"))
                // The one that was there first serves on.
                var client = home.operatorClient()
                #expect(try client.get("/health").status == 200)
                #expect(try process.stop() == .exited(0))
            }
        }

        @Test func `a store that cannot be opened ends the start with 69, and is named`() throws {
            let home = MagpieHome(platform)
            let text = readFile(home.configurationFile)
            writeFile(home.configurationFile, text.replacingOccurrences(of: home.storePath, with: "/dev/null/store"))
            let result = try run(["serve", "--config", home.configurationFile], environment: home.environment)
            #expect(result.ending == .exited(69))
            #expect(result.errors.contains("/dev/null is not a folder"))
        }

        @Test func `a damaged database is set aside and told of, and nothing of it is lost`() throws {
            let home = MagpieHome(platform)
            let damaged = String(repeating: "this is no database ", count: 100)
            writeFile(home.storePath, damaged)
            let process = try home.start()
            let files = try FileManager.default.contentsOfDirectory(atPath: home.folder)
            #expect(files.contains { $0.hasPrefix("store.sqlite") && readFile("\(home.folder)/\($0)") == damaged })
            #expect(eventually { process.child.output.contains("store.sqlite") })
            #expect(try process.stop() == .exited(0))
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `a signal lets the request under way finish, says no to the next ones and ends with 0`(
            _ signal: Int32
        ) throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            platform.always("/sns/oauth2/access_token", .held)
            var visitor = home.visitor()
            let callback = try #require(try visitor.consent(try visitor.get("/redirect?to=/orders"), platform))
            let idle = try RawClient(port: home.port)
            try idle.send(visitor.request("GET", "/magpie.json"))
            #expect(try idle.receiveResponse().status == 200)
            let client = try RawClient(port: home.port)
            try client.send(visitor.request("GET", callback))
            #expect(platform.waitForCalls(of: "/sns/oauth2/access_token", count: 1))

            process.child.signal(signal)
            // An idle connection is closed at once, and nobody new is let in.
            #expect(try idle.receiveToEnd().isEmpty)
            #expect(eventually { (try? RawClient(port: home.port)) == nil })
            #expect(process.child.isRunning)
            platform.release()
            let response = try client.receiveResponse()
            #expect(response.status == 302)
            #expect(response["location"] == "/orders")
            #expect(response["connection"] == "close")
            // Otherwise the server would leave us two seconds to read.
            client.finishSending()
            #expect(try process.child.wait() == .exited(0))
            // What was answered at the end is kept like all else.
            visitor.keep(response)
            let next = try home.start()
            #expect(try visitor.get("/session").status == 200)
            #expect(try next.stop() == .exited(0))
        }

        @Test func `a signal that comes with the first answer ends it in order, too`() throws {
            let home = MagpieHome(platform)
            for _ in 0..<10 {
                let process = try home.start()
                #expect(try process.stop() == .exited(0))
            }
        }

        @Test func `while it drains it serves, and tells the load balancer that it is leaving`() throws {
            var settings = MagpieHome.Settings()
            settings.drain = "1s"
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            var client = home.operatorClient()
            #expect(try eventually { try client.get("/ready").status == 200 })
            process.child.signal(SIGTERM)
            #expect(try eventually { try client.get("/ready").status == 503 })
            let ready = try client.get("/ready")
            #expect(ready.json["shuttingDown"] as? Bool == true)
            #expect(try client.get("/health").status == 200)
            var visitor = home.visitor()
            #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
            let connection = try RawClient(port: home.port)
            try connection.send(visitor.request("GET", "/magpie.json"))
            #expect(try connection.receiveResponse()["connection"] == "close")
            connection.finishSending()
            #expect(try process.child.wait() == .exited(0))
        }

        @Test func `what hangs is cut off when the time for the end is over, or at the second signal`() throws {
            for isImpatient in [false, true] {
                platform.always("/sns/oauth2/access_token", .hang)
                var settings = MagpieHome.Settings()
                settings.timeout = "30s"
                settings.shutdown = isImpatient ? "20s" : "1s"
                let home = MagpieHome(platform, settings)
                let process = try home.start()
                var visitor = home.visitor()
                let callback = try #require(try visitor.consent(try visitor.get("/redirect?to=/orders"), platform))
                let client = try RawClient(port: home.port)
                let calls = platform.exchanges
                try client.send(visitor.request("GET", callback))
                #expect(platform.waitForCalls(of: "/sns/oauth2/access_token", count: calls + 1))
                process.child.signal(SIGTERM)
                if isImpatient {
                    // The same signal right after the first is its echo: a wrapper passed it on.
                    let isOver = eventually {
                        process.child.signal(SIGTERM)
                        return !process.child.isRunning
                    }
                    #expect(isOver)
                }
                #expect(try process.child.wait(seconds: 5) == .exited(isImpatient ? 128 + SIGTERM : 0))
            }
        }

        @Test func `without any configuration a demonstration with the sandbox starts, or says which address is taken`()
            throws
        {
            let child = try ChildProcess(MagpieProcess.program(), ["serve"], in: folder, name: "demo")
            // Its ports are fixed, and somebody may have them.
            _ = eventually { !child.isRunning || child.errors.contains(":8080/") }
            guard child.isRunning else {
                #expect(try child.wait() == .exited(69))
                #expect(child.errors.contains("127.0.0.1:80"))
                return
            }
            #expect(child.errors.contains("http://127.0.0.1:8080/"))
            var visitor = RawVisitor(port: 8080, host: "127.0.0.1:8080")
            #expect(eventually { (try? visitor.get("/magpie.json"))?.json["sandbox"] as? Bool == true })
            let page = "/get-signature?url=http%3A%2F%2F127.0.0.1%3A8080%2F"
            #expect(try eventually { try visitor.get(page).status == 200 })
            #expect(FileManager.default.fileExists(atPath: folder + "/var"))
            // Its five seconds of leave-taking are other tests' matter.
            child.signal(SIGKILL)
            try child.wait()
        }
    }
}
