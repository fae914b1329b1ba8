import Foundation
import Synchronization
import TestSupport
import Testing

extension ProcessTests {
    /// Two processes on one database, each with sessions in its memory.
    @Suite struct RememberedSessionTests {
        private let platform = FakePlatform()

        private func lookups(_ outcome: String, _ home: MagpieHome) throws -> Int {
            var client = home.operatorClient()
            let line = try client.get("/metrics").text.split(separator: "\n").first {
                $0.hasPrefix("magpie_session_cache_lookups_total{outcome=\"\(outcome)\"}")
            }
            return line.flatMap { $0.split(separator: " ").last }.flatMap { Int($0) } ?? 0
        }

        /// Somebody who logs in and out for as long as the others take.
        private final class BusyVisitor: Sendable {
            private struct State {
                var isOver = false
                var logins = 0
            }

            private let done = DispatchSemaphore(value: 0)
            private let state = Mutex(State())

            init(_ home: MagpieHome, _ platform: FakePlatform) {
                Thread.detachNewThread { [self] in
                    while state.withLock({ !$0.isOver }) {
                        var visitor = home.visitor()
                        let isIn = (try? visitor.logIn(platform).status) == 302
                        _ = try? visitor.post("/logout")
                        if isIn { state.withLock { $0.logins += 1 } }
                    }
                    done.signal()
                }
            }

            func end() -> Int {
                state.withLock { $0.isOver = true }
                done.wait()
                return state.withLock { $0.logins }
            }
        }

        @Test func `who logs out at one process is out at the other at once, which knew him by heart`() throws {
            let first = MagpieHome(platform)
            var settings = MagpieHome.Settings()
            settings.storeOf = first
            settings.adminToken = "TheAdminToken0123456789"
            let second = MagpieHome(platform, settings)
            let processes = [try first.start(), try second.start()]
            // Commits of both go on meanwhile, as those of a busy site do.
            let others = [BusyVisitor(first, platform), BusyVisitor(second, platform)]
            for round in 0..<30 {
                var here = first.visitor()
                #expect(try here.logIn(platform).status == 302)
                var there = second.visitor()
                there.cookies = here.cookies
                // On one connection, as a proxy asks, and as fast as it can.
                let proxy = try RawClient(port: second.port)
                for _ in 0..<20 {
                    try proxy.send(there.request("GET", "/auth"))
                    #expect(try proxy.receiveResponse().status == 200)
                }
                if round % 3 == 2 {
                    // The operator of the other process ends it.
                    var client = second.operatorClient()
                    let openID = platform.change { $0.person.openID }
                    let told = try client.post("/sessions/revoke", json: "{\"openid\":\"\(openID)\"}")
                    #expect(told.status == 200)
                    #expect(try here.get("/auth").status == 401)
                } else {
                    #expect(try here.post("/logout").status == 204)
                }
                try proxy.send(there.request("GET", "/auth"))
                #expect(try proxy.receiveResponse().status == 401, "round \(round)")
            }
            #expect(others.map { $0.end() }.allSatisfy { $0 > 0 })
            #expect(try lookups("hit", second) > 0)
            #expect(try lookups("miss", second) > 0)
            for process in processes { #expect(try process.stop() == .exited(0)) }
        }
    }
}
