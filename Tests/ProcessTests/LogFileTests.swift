import Foundation
import Glibc
import TestSupport
import Testing

extension ProcessTests {
    /// The log in a file, as those who rotate logs treat it.
    @Suite struct LogFileTests {
        private let platform = FakePlatform()

        private func home(file: String? = nil) -> (home: MagpieHome, log: String) {
            let home = MagpieHome(platform)
            let log = file ?? home.folder + "/magpie.log"
            home.edit("log: { level", to: "log: { file: \"\(log)\", level")
            return (home, log)
        }

        @Test func `lines go on in a new file once the old one was moved away, and none is lost`() throws {
            let (home, log) = home()
            let process = try home.start()
            var visitor = home.visitor()
            try visitor.get("/first")
            #expect(eventually { readFile(log).contains("/first") })
            #expect(rename(log, log + ".1") == 0)
            try visitor.get("/second")
            #expect(eventually { readFile(log + ".1").contains("/second") }, "until it is told")
            #expect(try process.reload() == ("unchanged", 0))
            try visitor.get("/third")
            #expect(eventually { readFile(log).contains("/third") })
            #expect(!readFile(log + ".1").contains("/third"))
            #expect(process.child.output.isEmpty)
            var facts = stat()
            #expect(stat(log, &facts) == 0)
            #expect(facts.st_mode & 0o137 == 0, "nobody else reads or changes it")
            #expect(try process.stop() == .exited(0))
            #expect(readFile(log).contains("\"stopped\""))
        }

        @Test func `where no new file can be made the old one goes on, and the log says so`() throws {
            let (home, log) = home()
            let process = try home.start()
            #expect(rename(log, log + ".1") == 0)
            #expect(mkdir(log, 0o700) == 0)
            process.child.signal(SIGHUP)
            #expect(eventually { readFile(log + ".1").contains("it goes on in the former file") })
            var visitor = home.visitor()
            try visitor.get("/after")
            #expect(eventually { readFile(log + ".1").contains("/after") })
            #expect(try process.stop() == .exited(0))
        }

        @Test(arguments: ["/nowhere/magpie.log", "/dev/null", "."])
        func `a file that cannot be one ends the start with 78 and is named`(_ path: String) throws {
            let (home, _) = home(file: path)
            let process = try home.launch()
            #expect(try process.child.wait() == .exited(78))
            #expect(process.child.errors.contains("log.file \(path) cannot be written"))
        }

        @Test func `the level of the last file decides what is told`() throws {
            let (home, log) = home()
            home.edit("level: \"debug\"", to: "level: \"warn\"")
            let process = try home.start()
            var visitor = home.visitor()
            try visitor.get("/unheard")
            home.edit("level: \"warn\"", to: "level: \"info\"")
            #expect(try process.reload() == ("applied", 0))
            try visitor.get("/heard")
            #expect(eventually { readFile(log).contains("/heard") })
            #expect(!readFile(log).contains("/unheard"))
            #expect(try process.stop() == .exited(0))
        }
    }
}
