import Foundation
import Glibc
import TestSupport
import Testing

extension NeighbourTests {
    /// What watches and runs Magpie takes what it brings along for that: figures, alerts, dashboard, unit, rotation.
    @Suite struct WatchTests {
        private let platform = FakePlatform()

        /// The exposition of a server that has seen some of everything.
        private func exposition() throws -> String {
            let authority = CertificateAuthority()
            let identity = authority.issue("DNS:localhost")
            let home = MagpieHome(platform)
            let files = ["certificate", "key"].map { "\(home.folder)/secret-\($0).pem" }
            writeFile(files[0], readFile(identity.certificateFile))
            writeFile(files[1], readFile(identity.keyFile))
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try visitor.logIn(platform).status == 302)
            platform.script("/sns/oauth2/access_token", .errcode(40029))
            var other = home.visitor()
            _ = try other.logIn(platform)
            _ = try visitor.get(Page.path)
            _ = try visitor.post("/logout")
            // A certificate is told of by who shows one.
            #expect(try process.stop() == .exited(0))
            home.edit("log: {", to: "tls: { certificate: \"\(files[0])\", key: \"\(files[1])\" }, log: {")
            home.edit("publicURL: \"http:", to: "publicURL: \"https:")
            let again = try home.start()
            var client = home.operatorClient()
            #expect(try eventually { try client.get("/ready").status == 200 })
            // The loops are looked at each second.
            #expect(try eventually { try client.get("/metrics").body.contains("magpie_loop_lag_seconds_count{") })
            let text = try client.get("/metrics").body
            #expect(try again.stop() == .exited(0))
            return text
        }

        @Test(.needs(.promtool))
        func `Prometheus has nothing to say against the figures, and dashboard and alerts name no others`() throws {
            let text = try exposition()
            let folder = makeTemporaryDirectory()
            defer { removeDirectory(folder) }
            let (ending, said) = try Tool.promtool.run(["check", "metrics"], in: folder, input: text)
            #expect(ending == .exited(0), "\(said)")
            #expect(said.isEmpty)

            var families: Set<String> = []
            for line in text.split(separator: "\n") where line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ").map(String.init)
                families.insert(words[2])
                if words[3] == "histogram" {
                    for end in ["bucket", "sum", "count"] { families.insert("\(words[2])_\(end)") }
                }
            }
            #expect(families.count > 30)
            for file in ["config/grafana-dashboard.json", "config/alerts.yml"] {
                let named = shipped(file).matches(of: /\b(?:magpie|process)_[a-z_]+/).map { String($0.output) }
                #expect(named.count > 10)
                #expect(Set(named).subtracting(families) == [], "\(file)")
            }
            // And nothing that is counted is left out of the dashboard.
            let shown = shipped("config/grafana-dashboard.json")
            let own = families.filter { $0.hasPrefix("magpie_") && !$0.hasSuffix("_sum") && !$0.hasSuffix("_count") }
            let unseen = own.filter { !shown.contains($0) && !own.contains("\($0)_bucket") }
            #expect(unseen == ["magpie_config_last_reload_success_timestamp_seconds"])
            // Every one of the token's and the loops' is there.
            for sample in [
                "magpie_account_ready{account=\"main\"} 1", "magpie_credential_age_seconds{account=\"main\",",
                "magpie_tls_certificate_expires_in_seconds 3",
                "magpie_store_duration_seconds_count{operation=\"read\"}",
            ] { #expect(text.contains("\n\(sample)"), "\(sample)") }
        }

        @Test(.needs(.promtool))
        func `Prometheus takes every rule, and every question of the dashboard`() throws {
            let folder = makeTemporaryDirectory()
            defer { removeDirectory(folder) }
            let rules = "\(MagpieProcess.repository)/config/alerts.yml"
            let (ending, said) = try Tool.promtool.run(["check", "rules", rules], in: folder)
            #expect(ending == .exited(0), "\(said)")

            let json = try JSONSerialization.jsonObject(with: Data(shipped("config/grafana-dashboard.json").utf8))
            let panels = try #require((json as? [String: Any])?["panels"] as? [[String: Any]])
            let questions = panels.flatMap {
                ($0["targets"] as? [[String: Any]])?.compactMap { $0["expr"] as? String } ?? []
            }
            #expect(questions.count > 25)
            let records = questions.map { question in
                let plain = question.replacingOccurrences(of: "$__rate_interval", with: "5m")
                    .replacingOccurrences(of: "$instance", with: ".*").replacingOccurrences(of: "$job", with: "magpie")
                return "  - record: a:b\n    expr: |\n      \(plain)\n"
            }
            writeFile("\(folder)/questions.yml", "groups:\n- name: a\n  rules:\n\(records.joined())")
            let (asked, answer) = try Tool.promtool.run(["check", "rules", "\(folder)/questions.yml"], in: folder)
            #expect(asked == .exited(0), "\(answer)")
        }

        @Test(.needs(.promtool))
        func `alerts ring for what they are for, and are silent while all is well`() throws {
            let folder = makeTemporaryDirectory()
            defer { removeDirectory(folder) }
            writeFile("\(folder)/alerts.yml", shipped("config/alerts.yml"))
            writeFile("\(folder)/trial.yml", Self.trial)
            let (ending, said) = try Tool.promtool.run(["test", "rules", "\(folder)/trial.yml"], in: folder)
            #expect(ending == .exited(0), "\(said)")
        }

        private static let trial = """
            rule_files: [alerts.yml]
            evaluation_interval: 1m
            tests:
              - interval: 1m
                input_series:
                  - { series: 'magpie_account_ready{account="main"}', values: '1x30 0x30' }
                  - { series: 'magpie_upstream_calls_total{path="/cgi-bin/stable_token",outcome="ok"}', values: '1x60' }
                  - series: 'magpie_upstream_calls_total{path="/cgi-bin/stable_token",outcome="40164"}'
                    values: '0x30 1+1x29'
                  - { series: 'magpie_credential_expires_in_seconds{account="main",credential="ticket"}', values: '7000-180x60' }
                  - { series: 'magpie_tls_certificate_expires_in_seconds', values: '1300000-60x60' }
                  - { series: 'magpie_config_last_reload_successful', values: '1x60' }
                  - { series: 'magpie_http_requests_total{status="2xx"}', values: '0+60x60' }
                  - { series: 'magpie_http_requests_total{status="5xx"}', values: '0x30 1+6x29' }
                alert_rule_test:
                  - { eval_time: 20m, alertname: MagpieAccountNotReady, exp_alerts: [] }
                  - { eval_time: 20m, alertname: MagpieWeChatRefusesServer, exp_alerts: [] }
                  - { eval_time: 20m, alertname: MagpieTicketNotRenewed, exp_alerts: [] }
                  - { eval_time: 20m, alertname: MagpieErrors, exp_alerts: [] }
                  - { eval_time: 20m, alertname: MagpieReloadRefused, exp_alerts: [] }
                  - { eval_time: 20m, alertname: MagpieCertificateEnds, exp_alerts: [] }
                promql_expr_test:
                  - { expr: 'count(ALERTS{alertstate="firing"})', eval_time: 25m, exp_samples: [] }
                  - expr: 'sum by (alertname) (ALERTS{alertstate="firing"})'
                    eval_time: 50m
                    exp_samples:
                      - { labels: '{alertname="MagpieAccountNotReady"}', value: 1 }
                      - { labels: '{alertname="MagpieWeChatRefusesServer"}', value: 1 }
                      - { labels: '{alertname="MagpieTicketNotRenewed"}', value: 1 }
                      - { labels: '{alertname="MagpieErrors"}', value: 1 }

            """

        @Test(.needs(.systemdAnalyze))
        func `systemd has nothing to say against the unit, and finds it well shut in`() throws {
            let folder = makeTemporaryDirectory()
            defer { removeDirectory(folder) }
            let unit = "\(folder)/magpie.service"
            writeFile(
                unit,
                try shipped("config/magpie.service").exchanging(
                    "/usr/local/bin/magpie serve", for: MagpieProcess.program() + " serve"))
            let (ending, said) = try Tool.systemdAnalyze.run(["verify", "--man=no", unit], in: folder)
            #expect(ending == .exited(0), "\(said)")
            #expect(said.isEmpty)
            // Of 10; a unit without any of its settings has 9.6.
            let (exposure, table) = try Tool.systemdAnalyze.run(
                ["security", "--offline=true", "--threshold=15", "--no-pager", unit], in: folder)
            #expect(exposure == .exited(0), "\(table)")
        }

        @Test(.needs(.logrotate))
        func `logrotate moves the log away, and Magpie goes on in a new one`() throws {
            let home = MagpieHome(platform)
            let log = home.folder + "/magpie.log"
            home.edit("log: { level", to: "log: { file: \"\(log)\", level")
            let process = try home.start()
            var visitor = home.visitor()
            try visitor.get("/before")
            #expect(eventually { readFile(log).contains("/before") })
            let rules = "\(home.folder)/secret-logrotate"
            writeFile(
                rules,
                shipped("config/magpie.logrotate").exchanging("/var/log/magpie/magpie.log", for: log)
                    .exchanging("    su magpie magpie\n", for: "")
                    .exchanging("systemctl kill --signal=HUP magpie.service", for: "kill -HUP \(process.child.id)"))
            let (ending, said) = try Tool.logrotate.run(
                ["--force", "--state", "\(home.folder)/secret-state", rules], in: home.folder,
                environment: ["PATH": "/usr/bin:/bin"])
            #expect(ending == .exited(0), "\(said)")
            #expect(eventually { readFile(log).contains("reload") })
            try visitor.get("/after")
            #expect(eventually { readFile(log).contains("/after") })
            #expect(!readFile(log).contains("/before") && readFile(log + ".1").contains("/before"))
            #expect(try process.stop() == .exited(0))
        }
    }
}
