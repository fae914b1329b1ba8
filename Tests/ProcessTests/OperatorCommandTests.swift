import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// `magpie status` and `magpie sessions`, beside a Magpie that runs.
    @Suite struct OperatorCommandTests {
        private let platform = FakePlatform()

        private func home() -> MagpieHome {
            var settings = MagpieHome.Settings()
            settings.adminToken = "TheAdminToken0123456789"
            return MagpieHome(platform, settings)
        }

        /// Without the secrets of the accounts, which these commands have no use for.
        private func run(
            _ words: [String], _ home: MagpieHome
        ) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
            let folder = makeTemporaryDirectory()
            defer { removeDirectory(folder) }
            let child = try ChildProcess(
                MagpieProcess.program(), words + ["--config", home.configurationFile], in: folder, name: "command")
            return (try child.wait(), child.output, child.errors)
        }

        @Test func `status says how it is, what WeChat refuses and what to do, and ends with 0 or 69`() throws {
            let home = home()
            let stopped = try run(["status"], home)
            #expect(stopped.ending == .exited(69))
            #expect(stopped.errors.contains("no Magpie answers at 127.0.0.1:\(home.adminPort)"))

            let process = try home.start()
            #expect(try eventually { try run(["status"], home).ending == .exited(0) })
            let good = try run(["status"], home).output
            #expect(good.contains("all is well 一切正常"))
            #expect(good.contains("✓ main (\(MagpieHome.appIDs[0])): token "))
            let json = try run(["status", "--json"], home).output
            let report = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            #expect(report?["ready"] as? Bool == true)
            #expect(report?["pid"] as? Int == Int(process.child.id))
            #expect(try process.stop() == .exited(0))
        }

        @Test func `status names the address to put on WeChat's list`() throws {
            platform.always(
                "/cgi-bin/stable_token",
                .errcode(40164, message: "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"))
            let home = home()
            let process = try home.start()
            #expect(try eventually { try run(["status"], home).output.contains("40164") })
            let status = try run(["status"], home)
            #expect(status.ending == .exited(69))
            #expect(status.output.contains("WeChat sees this server as 203.0.113.7."))
            #expect(status.output.contains("微信看到的 IP 是 203.0.113.7"))
            #expect(try process.stop() == .exited(0))
        }

        @Test func `sessions lists them, and ends those of an openid at once`() throws {
            let home = home()
            let process = try home.start()
            var (seized, other) = (home.visitor(), home.visitor())
            #expect(try seized.logIn(platform, as: "oSeized-_0000000000000000001").status == 302)
            #expect(try other.logIn(platform, as: "oOther0000000000000000000001").status == 302)
            let list = try run(["sessions", "list"], home)
            #expect(list.ending == .exited(0))
            #expect(list.output.split(separator: "\n").count == 3, "\(list.output)")
            #expect(list.errors.hasPrefix("2 sessions"))
            let revoked = try run(["sessions", "revoke", "--openid", "oSeized-_0000000000000000001"], home)
            #expect(revoked.ending == .exited(0))
            #expect(revoked.output.hasPrefix("1 session ended"))
            #expect(try seized.get("/session").status == 401)
            #expect(try other.get("/session").status == 200)
            #expect(try run(["sessions", "list"], home).errors.hasPrefix("1 session ·"))
            #expect(
                try run(["sessions", "list", "--openid=oOther0000000000000000000001"], home).errors.hasPrefix("1 s"))
            for words in [["sessions"], ["sessions", "revoke"], ["sessions", "end"]] {
                #expect(try run(words, home).ending == .exited(2), "\(words)")
            }
            home.edit("TheAdminToken0123456789", to: "AnotherToken0123456789")
            #expect(try run(["sessions", "list"], home).ending == .exited(78))
            home.edit("AnotherToken0123456789", to: "TheAdminToken0123456789")
            #expect(try process.stop() == .exited(0))
        }
    }
}
