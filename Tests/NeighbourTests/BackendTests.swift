import Foundation
import Glibc
import TestSupport
import Testing

extension NeighbourTests {
    /// The backends of `Examples/`, each in its language, against a running Magpie.
    @Suite struct BackendTests {
        @Test(.needs(.node))
        func `a backend in Node knows its visitors`() throws {
            try knowsItsVisitors { _, port, environment, folder in
                try child(.node, ["Examples/node/server.mjs"], port, environment, folder)
            }
        }

        @Test(.needs(.python3))
        func `a backend in Python knows its visitors`() throws {
            try knowsItsVisitors { _, port, environment, folder in
                try child(.python3, ["Examples/python/server.py"], port, environment, folder)
            }
        }

        @Test(.needs(.php))
        func `a backend in PHP knows its visitors`() throws {
            try knowsItsVisitors { _, port, environment, folder in
                try child(.php, ["-S", "127.0.0.1:\(port)", "Examples/php/index.php"], port, environment, folder)
            }
        }

        @Test(.needs(.go))
        func `a backend in Go knows its visitors`() throws {
            try knowsItsVisitors { _, port, environment, folder in
                let settings = ["HOME": folder, "GOCACHE": "/tmp/magpie-go-cache", "PATH": "/usr/bin:/bin"]
                let main = "\(MagpieProcess.repository)/Examples/go/main.go"
                let (ending, said) = try Tool.go.run(
                    ["build", "-o", "\(folder)/backend", main], in: folder, environment: settings)
                guard ending == .exited(0) else { throw ChildProcess.Failure("go build: \(said)") }
                return try ChildProcess(
                    "\(folder)/backend", [], in: folder, name: "backend",
                    environment: environment.merging(["PORT": "\(port)"]) { $1 })
            }
        }

        /// A program with a file of the repository for its last argument.
        private func child(
            _ tool: Tool, _ arguments: [String], _ port: UInt16, _ environment: [String: String], _ folder: String
        ) throws -> ChildProcess {
            let file = "\(MagpieProcess.repository)/\(arguments.last ?? "")"
            return try ChildProcess(
                tool.found(), arguments.dropLast() + [file], in: folder, name: "backend",
                environment: environment.merging(["PORT": "\(port)"]) { $1 })
        }

        private func knowsItsVisitors(
            _ start: (MagpieHome, UInt16, [String: String], String) throws -> ChildProcess
        ) throws {
            let platform = FakePlatform()
            let home = MagpieHome(platform)
            let magpie = try home.start()
            let folder = makeTemporaryDirectory()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let port = FreePort.take()
            let backend = try start(home, port, ["MAGPIE": home.origin], folder)
            // On one host, whatever the port, cookies are the same.
            var visitor = RawVisitor(port: port, host: "127.0.0.1:\(port)")
            let isUp = eventually(seconds: 30) { !backend.isRunning || (try? visitor.get("/")) != nil }
            try #require(isUp && backend.isRunning, "\(backend.output)\n\(backend.errors)")

            let told = try visitor.get("/orders?id=1", [("Accept", "application/json")])
            #expect(told.status == 401, "\(told.text)\n\(backend.errors)")
            #expect(told.json["login"] as? String == "/redirect?scope=base&to=%2Forders%3Fid%3D1")
            let sent = try visitor.get("/orders?id=1", [("Accept", "text/html,*/*")])
            #expect(sent.status == 302, "\(sent.text)")
            #expect(sent["location"] == "/redirect?scope=base&to=%2Forders%3Fid%3D1")
            #expect(sent["cache-control"] == "no-store")

            var browser = home.visitor()
            let login = try #require(sent["location"])
            #expect(
                try browser.logIn(platform, as: "oBackendVisitor00000000000001", login)["location"] == "/orders?id=1")
            visitor.cookies = browser.cookies
            let known = try visitor.get("/orders?id=1", [("X-WeChat-OpenID", "oForged")])
            #expect(known.status == 200, "\(known.text)")
            #expect(known.json["hello"] as? String == "oBackendVisitor00000000000001")

            // Without Magpie nobody comes in.
            #expect(try magpie.stop() == .exited(0))
            #expect(try visitor.get("/orders", [("Accept", "text/html")]).status == 503)
            #expect(backend.isRunning)
            backend.signal(SIGTERM)
            try backend.wait()
        }
    }
}
