import Foundation
import Glibc
import TestSupport
import Testing

extension ProcessTests {
    /// `--takeover`: a new process listens beside the old one, which can then go.
    @Suite struct TakeoverTests {
        private let platform = FakePlatform()

        private func processID(_ home: MagpieHome) throws -> Int32? {
            var client = home.operatorClient()
            return try client.get("/status").json["pid"] as? Int32
        }

        /// By its access log.
        private func sessionsAnswered(by process: MagpieProcess) -> Int {
            process.child.output.split(separator: "\n").count { $0.contains(#""path":"/session""#) }
        }

        @Test func `it listens beside the old one, gets everybody from its signal on, and serves alone after its end`()
            throws
        {
            var settings = MagpieHome.Settings()
            settings.drain = "5s"
            let home = MagpieHome(platform, settings)
            let old = try home.start()
            var visitor = home.visitor()
            #expect(try visitor.logIn(platform).status == 302)
            let kept = try RawClient(port: home.port)
            try kept.send(visitor.request("GET", "/session"))
            #expect(try kept.receiveResponse().status == 200)

            let new = try home.takeOver(name: "new")
            // One store: the new one asked WeChat for nothing.
            #expect(platform.tokenCalls == 1)
            #expect(old.child.isRunning)
            old.child.signal(SIGTERM)
            // So many in a row are no chance any more: it has heard the signal.
            #expect(try eventually { try (0..<20).allSatisfy { _ in try processID(home) == new.child.id } })
            // While the old one drains: after it, nobody waits for a connection that says nothing.
            try kept.send(visitor.request("GET", "/session"))
            let last = try kept.receiveResponse()
            #expect(last.status == 200)
            #expect(last["connection"] == "close")
            kept.finishSending()
            var client = home.operatorClient()
            for _ in 0..<50 {
                #expect(try visitor.get("/session").status == 200)
                #expect(try processID(home) == new.child.id)
                // The successor's answer: the old one says no by now.
                #expect(try client.get("/ready").status == 200)
            }
            #expect(try old.child.wait() == .exited(0))
            // The two on the kept connection, and none of those who came after the signal.
            #expect(sessionsAnswered(by: old) == 2)
            #expect(eventually { sessionsAnswered(by: new) == 50 })
            #expect(try processID(home) == new.child.id)
            for _ in 0..<50 { #expect(try visitor.get("/session").status == 200) }
            #expect(platform.tokenCalls == 1)
            #expect(try new.stop() == .exited(0))
        }

        @Test func `one that cannot get a ticket ends with 69 and never listens`() throws {
            var settings = MagpieHome.Settings()
            settings.timeout = "500ms"
            let home = MagpieHome(platform, settings)
            let old = try home.start()
            var visitor = home.visitor()
            #expect(try eventually { try visitor.get(Page.path).status == 200 })
            // The new one's secret opens nothing that the store keeps, and WeChat knows it not.
            home.edit("{ env: \"SECRET_main\" }", to: "\"00000000000000000000000000000000\"")
            let new = try home.launch(["--takeover"], name: "new")
            #expect(try new.child.wait(seconds: 60) == .exited(69))
            #expect(new.child.errors.contains("not ready to take over: main: "))
            #expect(!new.child.output.contains("listening"))
            #expect(try visitor.get(Page.path).status == 200)
            #expect(try old.stop() == .exited(0))
        }

        // It used to wait for six times `upstream.timeout`, and then for `limits.drain`.
        @Test func `a signal ends it while it gets ready, without the time for a balancer that never saw it`() throws {
            var settings = MagpieHome.Settings()
            settings.timeout = "30s"
            settings.drain = "60s"
            settings.shutdown = "70s"
            let home = MagpieHome(platform, settings)
            platform.always("/cgi-bin/stable_token", .errcode(-1))
            let new = try home.launch(["--takeover"], name: "new")
            #expect(platform.waitForCalls(of: "/cgi-bin/stable_token", count: 1, seconds: 30))
            new.child.signal(SIGTERM)
            #expect(try new.child.wait(seconds: 40) == .exited(0))
            #expect(!new.child.output.contains("listening"))
        }

        // It used to leave the store open and the keepers running.
        @Test func `one that cannot listen for visitors leaves the old one alone, and its store in order`() throws {
            let home = MagpieHome(platform)
            let old = try home.start()
            var visitor = home.visitor()
            #expect(try eventually { try visitor.get(Page.path).status == 200 })
            // Nobody's address (RFC 5737).
            home.edit("  listen: \"127.0.0.1:", to: "  listen: \"192.0.2.1:")
            let new = try home.launch(["--takeover"], name: "new")
            #expect(try new.child.wait(seconds: 60) == .exited(69))
            #expect(new.child.errors.contains("cannot listen on 192.0.2.1:"))
            for _ in 0..<20 {
                #expect(try visitor.get(Page.path).status == 200)
                #expect(try processID(home) == old.child.id)
            }
            #expect(try old.stop() == .exited(0))
            #expect(platform.tokenCalls == 1)

            // Without an old one, which would keep the journal itself.
            let alone = try home.launch(["--takeover"], name: "alone")
            #expect(try alone.child.wait(seconds: 60) == .exited(69))
            #expect(access(home.storePath, F_OK) == 0)
            #expect(access(home.storePath + "-wal", F_OK) != 0)
        }

        @Test func `it does not go with the sandbox`() throws {
            let home = MagpieHome(platform)
            let process = try home.launch(["--takeover", "--sandbox"])
            #expect(try process.child.wait() == .exited(2))
            #expect(process.child.errors.contains("--takeover"))
        }

        @Test func `without an old one it is a start like any other`() throws {
            let home = MagpieHome(platform)
            let process = try home.takeOver(name: "new")
            var visitor = home.visitor()
            #expect(try visitor.get(Page.path).status == 200)
            #expect(try process.stop() == .exited(0))
        }
    }
}
