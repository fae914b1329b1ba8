import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// `magpie diagnose`, as somebody uses it whose page says "invalid signature".
    @Suite struct DiagnoseTests {
        private let platform = FakePlatform()

        /// Runs the program to its end, with a text on its standard input.
        private func diagnose(
            _ arguments: [String], input: String = "", at home: MagpieHome
        ) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
            let name = "diagnose-\(UUID().uuidString)"
            writeFile("\(home.folder)/\(name).in", input)
            let words = ["-c", "exec \"$0\" \"$@\" < \(name).in", try MagpieProcess.program(), "diagnose"]
            let child = try ChildProcess("/bin/sh", words + arguments, in: home.folder, name: name)
            return (try child.wait(), child.output, child.errors)
        }

        private func evidence(_ home: MagpieHome) throws -> String {
            var visitor = home.visitor()
            #expect(try eventually { try visitor.get(Page.path).status == 200 })
            var page = try visitor.get(Page.path).json
            // What a page behind a proxy shows that its server calls http.
            page["url"] = Page.url.replacingOccurrences(of: "https:", with: "http:")
            return String(decoding: try JSONSerialization.data(withJSONObject: page), as: UTF8.self)
        }

        @Test func `the running Magpie is asked, with its adminToken and no other secret`() throws {
            var settings = MagpieHome.Settings()
            settings.adminToken = "TheAdminToken0123456789"
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            let json = try evidence(home)
            // The AppSecret is in an environment variable of the server's, which this command has not.
            let told = try diagnose(["--config", home.configurationFile], input: json, at: home)
            #expect(told.ending == .exited(0), "\(told.errors)")
            #expect(told.output.contains("other_scheme"))
            let listed = try diagnose(["--json", "--config", home.configurationFile], input: json, at: home)
            let report = try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [String: Any]
            #expect(report?["verdict"] as? String == "explained")
            #expect(!(told.output + listed.output).contains(platform.ticket))

            home.edit("TheAdminToken0123456789", to: "AnotherAdminToken012345")
            let refused = try diagnose(["--config", home.configurationFile], input: json, at: home)
            #expect(refused.ending == .exited(78) && refused.errors.contains("adminToken"))
            #expect(try process.stop() == .exited(0))
            let alone = try diagnose(["--config", home.configurationFile], input: json, at: home)
            #expect(alone.ending == .exited(69) && alone.errors.contains("is it running?"))
        }

        @Test func `with a ticket of one's own nobody is asked`() throws {
            let home = MagpieHome(platform)
            let told = try diagnose(
                [
                    "--ticket",
                    "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
                    "--app-id", "wx01", "--timestamp", "1414587457", "--noncestr", "Wm3WZYTPz0wzccnW", "--signature",
                    "771b7c3ef8ad9bef64381fd86e2f29f6d043a686", "--url",
                    "https://m.example.com/p/1?from=singlemessage&isappinstalled=0#/detail",
                ], at: home)
            #expect(told.ending == .exited(0), "\(told.errors)")
            #expect(told.output.contains("fragment_signed"))
            #expect(!told.output.contains("sM4AOVdW"))
        }

        @Test(arguments: [(["--app-id", "wx01"], ""), ([], "config:invalid signature"), (["--jsn"], "")])
        func `what it cannot read ends with 2`(_ arguments: [String], _ input: String) throws {
            let home = MagpieHome(platform)
            let told = try diagnose(arguments + ["--config", home.configurationFile], input: input, at: home)
            #expect(told.ending == .exited(2) && told.errors.contains("Usage: magpie diagnose"))
        }
    }
}
