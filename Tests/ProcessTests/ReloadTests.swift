import Foundation
import Glibc
import TestSupport
import Testing

extension ProcessTests {
    /// SIGHUP: the configuration is read again, and nobody notices but those whom the change concerns.
    @Suite struct ReloadTests {
        private let platform = FakePlatform()

        private func signed(_ visitor: inout RawVisitor, _ host: String) throws -> Int {
            try visitor.get("/get-signature?url=https%3A%2F%2F\(host)%2F").status
        }

        @Test func `what changed holds for the next request, what did not is not disturbed`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try visitor.logIn(platform).status == 302)
            #expect(try signed(&visitor, "h5.example.com") == 200)
            #expect(try signed(&visitor, "other.example") == 403)
            let kept = try RawClient(port: home.port)
            try kept.send(visitor.request("GET", "/session"))
            #expect(try kept.receiveResponse().status == 200)

            home.edit("jsDomains: [\"h5.example.com\"]", to: "jsDomains: [\"h5.example.com\", \"other.example\"]")
            home.edit("orders: { to: \"/orders\" }", to: "basket: { to: \"/basket\", scope: \"userinfo\" }")
            #expect(try process.reload() == ("applied", 0))

            #expect(try signed(&visitor, "other.example") == 200)
            // The connection and the session are the same ones.
            try kept.send(visitor.request("GET", "/session"))
            let session = try kept.receiveResponse()
            #expect(session.status == 200)
            #expect(session["connection"] == nil)
            // Nobody asked WeChat again.
            #expect(platform.tokenCalls == 1)
            #expect(platform.ticketCalls == 1)
            var client = home.operatorClient()
            let metrics = try client.get("/metrics").body
            #expect(metrics.contains("\nmagpie_config_reloads_total{outcome=\"applied\"} 1\n"))
            #expect(metrics.contains("\nmagpie_config_last_reload_successful 1\n"))
            // What was counted before goes on.
            #expect(metrics.contains("magpie_signatures_total{account=\"main\",outcome=\"signed\"} 2\n"))
            #expect(try process.stop() == .exited(0))
        }

        @Test func `an unchanged file changes nothing`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try eventually { try signed(&visitor, "h5.example.com") == 200 })
            for _ in 0..<5 { #expect(try process.reload() == ("unchanged", 0)) }
            #expect(platform.tokenCalls == 1)
            #expect(platform.ticketCalls == 1)
            #expect(try process.stop() == .exited(0))
        }

        @Test(arguments: ExitTests.mistakes.indices)
        func `a broken file is refused with the keys in the log, and the old one goes on`(_ index: Int) throws {
            let mistake = ExitTests.mistakes[index]
            let home = MagpieHome(platform)
            let process = try home.start()
            let before = readFile(home.configurationFile)
            // Good by itself; it must not come into force without the rest.
            home.edit("jsDomains: [\"h5.example.com\"]", to: "jsDomains: [\"h5.example.com\", \"other.example\"]")
            home.edit(mistake.find, to: mistake.replace)
            let (outcome, problems) = try process.reload()
            #expect(outcome == "refused")
            #expect(problems > 0)
            var visitor = home.visitor()
            #expect(try eventually { try signed(&visitor, "h5.example.com") == 200 })
            #expect(try signed(&visitor, "other.example") == 403)
            for name in mistake.named {
                // A key within quotes has them escaped in JSON.
                #expect(eventually { process.child.output.contains(name) }, "\(name): \(process.child.output)")
            }
            for secret in home.environment.values { #expect(!process.child.output.contains(secret)) }
            var client = home.operatorClient()
            #expect(try client.get("/metrics").body.contains("\nmagpie_config_last_reload_successful 0\n"))

            writeFile(home.configurationFile, before)
            #expect(try process.reload().outcome == "unchanged")
            #expect(try client.get("/metrics").body.contains("\nmagpie_config_last_reload_successful 1\n"))
            #expect(try process.stop() == .exited(0))
        }

        @Test func `what needs a restart is refused, named, and nothing of the rest is taken`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            home.edit("127.0.0.1:\(home.port)\",", to: "127.0.0.2:\(home.port)\",")
            home.edit("127.0.0.1:\(home.adminPort)", to: "127.0.0.2:\(home.adminPort)")
            home.edit(home.storePath, to: home.storePath + ".other")
            home.edit("format: \"json\"", to: "format: \"text\"")
            home.edit("level: \"debug\"", to: "level: \"error\"")
            #expect(try process.reload() == ("refused", 4))
            for key in ["listen", "adminListen", "store", "log.format"] {
                #expect(eventually { process.child.output.contains("\"setting\":\"\(key)\"") })
            }
            var visitor = home.visitor()
            #expect(try visitor.get("/magpie.json").status == 200)
            // The level is what it was: this request is in the log.
            #expect(eventually { process.child.output.contains("/magpie.json") })
            #expect(!FileManager.default.fileExists(atPath: home.storePath + ".other"))
            #expect(try process.stop() == .exited(0))
        }

        @Test func `a request under way finishes with the configuration it began with`() throws {
            platform.always("/sns/oauth2/access_token", .held)
            let home = MagpieHome(platform)
            let process = try home.start()
            var visitor = home.visitor()
            let callback = try #require(try visitor.consent(try visitor.get("/redirect?to=/orders"), platform))
            let client = try RawClient(port: home.port)
            try client.send(visitor.request("GET", callback))
            #expect(platform.waitForCalls(of: "/sns/oauth2/access_token", count: 1))
            home.edit("name: \"main\"", to: "name: \"renamed\"")
            #expect(try process.reload() == ("applied", 0))
            platform.release()
            let response = try client.receiveResponse()
            #expect(response.status == 302)
            #expect(response["location"] == "/orders")
            visitor.keep(response)
            // Its session is that of the account by its old name, which nobody asks for any more.
            #expect(try visitor.get("/session?account=main").status == 404)
            #expect(try visitor.get("/session?account=renamed").status == 401)
            #expect(try process.stop() == .exited(0))
        }

        @Test func `a rotated AppSecret costs one token call, and no error`() throws {
            let home = MagpieHome(platform)
            let secretFile = home.folder + "/secret"
            writeFile(secretFile, home.environment["SECRET_main"] ?? "")
            home.edit("{ env: \"SECRET_main\" }", to: "{ file: \"\(secretFile)\" }")
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try eventually { try signed(&visitor, "h5.example.com") == 200 })
            let rotated = String(repeating: "a1b2c3d4", count: 4)
            platform.change { $0.accounts[MagpieHome.appIDs[0]]?.secret = rotated }
            writeFile(secretFile, rotated)
            #expect(try process.reload() == ("applied", 0))
            for _ in 0..<20 { #expect(try signed(&visitor, "h5.example.com") == 200) }
            #expect(platform.tokenCalls == 2)
            #expect(platform.ticketCalls == 2)
            // And the login goes with the new one.
            #expect(try visitor.logIn(platform).status == 302)
            #expect(!process.child.output.contains(rotated))
            #expect(try process.stop() == .exited(0))
        }

        @Test func `a renewed certificate is shown to who comes, and kept connections go on`() throws {
            let (old, new) = (CertificateAuthority(), CertificateAuthority())
            let names = "DNS:localhost,IP:127.0.0.1"
            let (first, second) = (old.issue(names), new.issue(names))
            let home = MagpieHome(platform)
            let files = ["certificate", "key"].map { "\(home.folder)/secret-\($0).pem" }
            func install(_ identity: CertificateAuthority.Identity) {
                writeFile(files[0], readFile(identity.certificateFile))
                writeFile(files[1], readFile(identity.keyFile))
            }
            install(first)
            home.edit("log: {", to: "tls: { certificate: \"\(files[0])\", key: \"\(files[1])\" }, log: {")
            home.edit("publicURL: \"http://127.0.0.1", to: "publicURL: \"https://localhost")
            let process = try home.start()
            let request = "GET /magpie.json HTTP/1.1\r\nHost: localhost:\(home.port)\r\nConnection: close\r\n\r\n"
            func answers(_ authority: CertificateAuthority) -> Bool {
                let peer = try? TLSPeer(port: home.port, trusting: authority.certificateFile)
                return (try? peer?.exchange(request).hasPrefix("HTTP/1.1 200")) ?? false
            }
            #expect(answers(old) && !answers(new))
            let kept = try TLSPeer(port: home.port, trusting: old.certificateFile)

            // A key that does not fit, as in the moment between two files: the former pair goes on.
            writeFile(files[1], readFile(second.keyFile))
            #expect(try process.reload().outcome == "refused")
            #expect(answers(old) && !answers(new))

            install(second)
            #expect(try process.reload() == ("applied", 0))
            #expect(answers(new) && !answers(old))
            #expect(try kept.exchange(request).hasPrefix("HTTP/1.1 200"))
            #expect(try process.stop() == .exited(0))
        }

        @Test func `accounts come and go, and with them their figures`() throws {
            let home = MagpieHome(platform)
            var settings = MagpieHome.Settings()
            settings.accounts = ["main", "second"]
            let other = MagpieHome(platform, settings)
            let both = readFile(other.configurationFile)
            let accounts = try #require(both.firstRange(of: "accounts: [")).lowerBound
            let process = try home.start()
            let text = readFile(home.configurationFile)
            let cut = try #require(text.firstRange(of: "accounts: [")).lowerBound
            writeFile(home.configurationFile, String(text[..<cut] + both[accounts...]))
            #expect(try process.reload() == ("applied", 0))
            var visitor = home.visitor()
            let target = "/get-signature?account=second&url=https%3A%2F%2Fh5.example.com%2F"
            #expect(try visitor.get(target).status == 200)
            var client = home.operatorClient()
            let sample = "magpie_signatures_total{account=\"second\",outcome=\"signed\"} 1"
            #expect(try client.get("/metrics").body.contains(sample))
            #expect(platform.tokenCalls == 2)
            writeFile(home.configurationFile, text)
            #expect(try process.reload() == ("applied", 0))
            #expect(try visitor.get(target).status == 404)
            #expect(try !client.get("/metrics").body.contains("account=\"second\""))
            #expect(try process.stop() == .exited(0))
        }

        @Test func `the admin token, the hosts and the limits are those of the last file`() throws {
            var settings = MagpieHome.Settings()
            settings.adminToken = "first-token-0123456789"
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            home.edit("first-token-0123456789", to: "other-token-0123456789")
            home.edit("hosts: []", to: "hosts: [\"more.example\"]")
            home.edit("limits: {", to: "limits: { bodyBytes: 1024,")
            process.child.signal(SIGHUP)
            var client = RawVisitor(port: home.adminPort, host: "127.0.0.1:\(home.adminPort)")
            client.standing = [("Authorization", "Bearer other-token-0123456789")]
            #expect(try eventually { try client.get("/health").status == 200 })
            client.standing = [("Authorization", "Bearer first-token-0123456789")]
            #expect(try client.get("/health").status == 401)
            var visitor = RawVisitor(port: home.port, host: "more.example")
            #expect(try visitor.get("/magpie.json").status == 200)
            #expect(try visitor.post("/logout", json: String(repeating: "x", count: 1_025)).status == 413)
            #expect(try process.stop() == .exited(0))
        }

        @Test func `a server without a file, or with the sandbox, says that there is nothing to read again`() throws {
            let home = MagpieHome(platform)
            home.edit("accounts: [", to: "sandbox: { listen: \"127.0.0.1:\(FreePort.take())\" }, accounts: [")
            let process = try home.launch(["--sandbox"])
            #expect(eventually { process.child.output.contains("\"listener\":\"admin\"") })
            #expect(try process.reload() == ("refused", 1))
            #expect(eventually { process.child.output.contains("read at the start only") })
            #expect(try process.stop() == .exited(0))
        }

        @Test func `systemd is told of the start, the reload and the end`() throws {
            let home = MagpieHome(platform)
            let path = home.folder + "/notify"
            let listener = try DatagramListener(path)
            let child = try ChildProcess(
                MagpieProcess.program(), ["serve", "--config", home.configurationFile], in: home.folder, name: "notify",
                environment: home.environment.merging(["NOTIFY_SOCKET": path]) { $1 })
            #expect(listener.next() == "READY=1")
            child.signal(SIGHUP)
            #expect(listener.next()?.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") == true)
            #expect(listener.next() == "READY=1")
            child.signal(SIGTERM)
            #expect(listener.next() == "STOPPING=1")
            #expect(try child.wait() == .exited(0))
        }
    }
}

/// What systemd listens with.
private final class DatagramListener {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else { throw ChildProcess.Failure("\(path) cannot be bound") }
    }

    deinit { close(descriptor) }

    func next() -> String? {
        var space = [UInt8](repeating: 0, count: 1_024)
        let count = recv(descriptor, &space, space.count, 0)
        return count > 0 ? String(decoding: space.prefix(count), as: UTF8.self) : nil
    }
}
