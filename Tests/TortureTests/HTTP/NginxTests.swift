import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// The corpus against a real nginx in the same run, as a measure: of it nothing is demanded but that it was reached.
    @Suite(.enabled(if: access(Nginx.program, X_OK) == 0, "nginx is not installed"))
    struct NginxTests {
        private struct Score {
            var passed = 0
            /// Cases of framing in which more was served than the bytes ask for by any right reading: there what comes
            /// too much was a body to another reader.
            var extraAnswers = 0
        }

        @Test func `Magpie reads every case rightly, and nginx is reached`() throws {
            let home = MagpieHome(FakePlatform(), Replay.patient)
            let process = try home.start()
            let cases = try HTTPCase.all()
            let framing = Set(try ["framing", "chunked", "connection"].flatMap { try HTTPCase.all(in: $0) }.map(\.id))
            let magpie = try Replay(port: home.port).outcomes(of: cases.map { Replay.Trial($0) })
            #expect(try process.stop() == .exited(0))

            let nginx = try Nginx()
            let version = try nginx.version()
            let other = try Replay(port: nginx.port).outcomes(of: cases.map { Replay.Trial($0) }, atOnce: 50)

            var (own, its) = (Score(), Score())
            for (number, item) in cases.enumerated() {
                let wanted = Replay.wanted(item)
                let got = magpie[number].statuses
                #expect(wanted.contains(got), "\(item): got \(got), not \(wanted)")
                // What a server may decide otherwise is left out for both.
                guard item.rule == nil else { continue }
                let isFraming = framing.contains(item.id)
                Self.count(got, wanted, [200, 204, 401, 404], isFraming, in: &own)
                // It serves 200 whatever is asked for.
                let plain = wanted.map { $0.map { [204, 401, 404].contains($0) ? 200 : $0 } }
                Self.count(other[number].statuses, plain, [200], isFraming, in: &its)
            }
            let compared = cases.count { $0.rule == nil }
            #expect(own.passed == compared && own.extraAnswers == 0)
            Torture.figure(
                "raw requests read rightly",
                "Magpie \(own.passed)/\(compared), \(version) \(its.passed)/\(compared)"
                    + " (\(cases.count - compared) cases of Magpie's own rules left out, of which it passes all)")
            Torture.figure(
                "framing of requests with an answer too many",
                "Magpie \(own.extraAnswers), \(version) \(its.extraAnswers)")
        }

        private static func count(
            _ got: [Int], _ wanted: [[Int]], _ served: Set<Int>, _ isFraming: Bool, in score: inout Score
        ) {
            if wanted.contains(got) { score.passed += 1 }
            func answers(_ statuses: [Int]) -> Int { statuses.count { served.contains($0) } }
            if isFraming, answers(got) > wanted.map(answers).max() ?? 0 { score.extraAnswers += 1 }
        }
    }
}

/// An nginx with one worker and one answer.
private final class Nginx {
    static let program = "/usr/sbin/nginx"

    let port = FreePort.take()
    private let home = makeTemporaryDirectory()
    private let child: ChildProcess

    init() throws {
        writeFile(
            home + "/nginx.conf",
            """
            daemon off;
            worker_processes 1;
            pid \(home)/nginx.pid;
            error_log /dev/null;
            events { worker_connections 1024; }
            http {
                access_log off;
                client_body_temp_path \(home)/body;
                proxy_temp_path \(home)/proxy;
                fastcgi_temp_path \(home)/fastcgi;
                uwsgi_temp_path \(home)/uwsgi;
                scgi_temp_path \(home)/scgi;
                server {
                    listen 127.0.0.1:\(port);
                    location / { return 200 "$request_uri"; }
                }
            }

            """)
        child = try ChildProcess(
            Self.program, ["-p", home, "-c", home + "/nginx.conf"], in: home, name: "nginx")
    }

    deinit {
        child.signal(SIGTERM)
        _ = try? child.wait()
        removeDirectory(home)
    }

    /// As it names itself in an answer, so that it is certain who answers.
    func version() throws -> String {
        for _ in 0..<2_000 {
            guard child.isRunning else { break }
            var visitor = RawVisitor(port: port, host: "127.0.0.1")
            if let answer = try? visitor.get("/reached"), answer.status == 200, answer.body == "/reached",
                let server = answer["server"], server.hasPrefix("nginx")
            {
                return server
            }
            usleep(10_000)
        }
        throw ChildProcess.Failure("nginx does not answer\n\(child.output)\n\(child.errors)")
    }
}
