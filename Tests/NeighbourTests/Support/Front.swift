import Foundation
import Glibc
import TestSupport

/// A proxy in front of Magpie, with a configuration that Magpie brings along. Addresses are those of the test, and it
/// speaks plain HTTP; nothing else is changed.
final class Front {
    enum Kind: String, CaseIterable, Sendable {
        case nginx
        case caddy

        var tool: Tool { self == .nginx ? .nginx : .caddy }
        var example: String { self == .nginx ? "Examples/nginx/h5.example.com.conf" : "Examples/caddy/Caddyfile" }
        var plain: String { self == .nginx ? "config/nginx.conf" : "config/Caddyfile" }
    }

    static let site = "h5.example.com"

    private let port = FreePort.take()
    private let backend = FreePort.take()
    private let folder = makeTemporaryDirectory()
    private let child: ChildProcess

    /// - Parameter file: of the repository.
    init(_ kind: Kind, _ file: String, magpie: UInt16) throws {
        let ours = shipped(file).exchanging("127.0.0.1:8080", for: "127.0.0.1:\(magpie)")
        let text =
            kind == .nginx
            ? Self.nginx(ours, port: port, backend: backend, folder: folder)
            : Self.caddy(ours, port: port, backend: backend)
        let configuration = "\(folder)/\(kind.rawValue).conf"
        writeFile(configuration, text)
        let arguments =
            kind == .nginx
            ? ["-p", folder, "-c", configuration] : ["run", "--adapter", "caddyfile", "--config", configuration]
        child = try ChildProcess(
            kind.tool.found(), arguments, in: folder, name: kind.rawValue,
            environment: ["HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder])
        var visitor = self.visitor()
        let isUp = eventually(seconds: 30) { !child.isRunning || (try? visitor.get("/magpie-front-is-up")) != nil }
        guard isUp, child.isRunning else { throw ChildProcess.Failure("\(kind) does not answer\n\(child.errors)") }
    }

    deinit {
        child.signal(SIGTERM)
        _ = try? child.wait()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A browser that knows the proxy alone.
    func visitor() -> RawVisitor { RawVisitor(port: port, host: Self.site) }

    // MARK: - Configurations

    /// What the backend answers: what it read.
    private static let fields = [
        ("openid", "X-WeChat-OpenID"), ("unionid", "X-WeChat-UnionID"), ("account", "X-WeChat-Account"),
        ("scope", "X-WeChat-Scope"), ("snapshot", "X-WeChat-Snapshot"), ("user", "X-Auth-Request-User"),
    ]

    private static func nginx(_ ours: String, port: UInt16, backend: UInt16, folder: String) -> String {
        let echo = fields.map { name, field in
            "\(name)=$http_\(field.lowercased().replacingOccurrences(of: "-", with: "_"));"
        }
        // The server of port 80, where there is one, gets a socket that nobody asks.
        let sites = ours.split(separator: "\n", omittingEmptySubsequences: false).filter {
            !$0.contains("ssl_") && !$0.contains("listen [::]")
        }.map { line in
            line.contains("listen 443") ? "listen 127.0.0.1:\(port);" : String(line)
        }.joined(separator: "\n")
            .replacingOccurrences(of: "listen 80;", with: "listen unix:\(folder)/80;")
            .replacingOccurrences(of: "127.0.0.1:3000", with: "127.0.0.1:\(backend)")
        return """
            daemon off;
            worker_processes 1;
            pid \(folder)/nginx.pid;
            error_log \(folder)/nginx-error.log;
            events { worker_connections 256; }
            http {
                access_log off;
                client_body_temp_path \(folder)/body;
                proxy_temp_path \(folder)/proxy;
                fastcgi_temp_path \(folder)/fastcgi;
                uwsgi_temp_path \(folder)/uwsgi;
                scgi_temp_path \(folder)/scgi;
                server {
                    listen 127.0.0.1:\(backend);
                    location / { return 200 "\(echo.joined())uri=$request_uri;"; }
                }
                \(sites)
            }

            """
    }

    private static func caddy(_ ours: String, port: UInt16, backend: UInt16) -> String {
        // As many backends do, it reads underscores as hyphens; nginx does so by itself.
        let echo = fields.map { name, field in
            "\(name)={header.\(field)}{header.\(field.replacingOccurrences(of: "-", with: "_"))};"
        }.joined()
        return """
            {
                admin off
                auto_https off
            }
            http://127.0.0.1:\(backend), http://\(site):\(backend) {
                bind 127.0.0.1
                respond "\(echo)uri={uri};"
            }

            """
                + ours.exchanging("\(site) {", for: "http://\(site):\(port) {\n\tbind 127.0.0.1")
                .replacingOccurrences(of: "127.0.0.1:3000", with: "127.0.0.1:\(backend)")
    }
}
