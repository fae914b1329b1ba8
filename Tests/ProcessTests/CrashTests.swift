import Foundation
import Glibc
import TestSupport
import Testing

extension ProcessTests {
    /// A crash ends the process and leaves nothing of its memory anywhere.
    @Suite struct CrashTests {
        private let platform = FakePlatform()

        /// Starts it, logs somebody in, and lets it crash where the machine would keep a core.
        private func crash(_ home: MagpieHome, by number: Int32) throws -> ChildProcess {
            // What the process inherits. A limit of our own only matters if we crash, too.
            let core = __rlimit_resource_t(RLIMIT_CORE.rawValue)
            var usual = rlimit()
            #expect(getrlimit(core, &usual) == 0)
            var most = rlimit(rlim_cur: usual.rlim_max, rlim_max: usual.rlim_max)
            #expect(setrlimit(core, &most) == 0)
            defer { setrlimit(core, &usual) }
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try visitor.logIn(platform).status == 302)
            process.child.signal(number)
            try process.child.wait()
            return process.child
        }

        @Test(arguments: [SIGABRT, SIGQUIT, SIGTRAP, SIGILL])
        func `a crash ends the process by its signal, with no core and no trace of registers and memory`(
            _ number: Int32
        ) throws {
            let home = MagpieHome(platform)
            let child = try crash(home, by: number)
            #expect(try child.wait() == .killed(number))
            #expect(!child.hasDumpedCore)
            #expect(child.errors.isEmpty, "\(child.errors)")
            let files = try FileManager.default.contentsOfDirectory(atPath: home.folder)
            #expect(!files.contains { $0.hasPrefix("core") })
        }

        /// The setting that images of Swift programs are often made with.
        @Test func `a trace that was asked for with registers is not made`() throws {
            var settings = MagpieHome.Settings()
            settings.environment = ["SWIFT_BACKTRACE": "enable=yes,sanitize=yes,threads=all"]
            let home = MagpieHome(platform, settings)
            let child = try crash(home, by: SIGABRT)
            #expect(try child.wait() == .killed(SIGABRT))
            #expect(!child.hasDumpedCore)
            #expect(child.errors.isEmpty, "\(child.errors)")
        }
    }
}
