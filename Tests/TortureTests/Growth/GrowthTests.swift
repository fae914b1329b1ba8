import Foundation
import TestSupport
import Testing

extension TortureTests {
    /// The second half of a long life costs no more than the first.
    @Suite struct GrowthTests {
        /// What is counted here is what the process holds, and a hundred thousand logins would wait for the disk for an
        /// hour. Where there is no room, it stays on the disk.
        private func moveStoreToMemory(_ home: MagpieHome) -> String? {
            var space = statvfs()
            guard statvfs("/dev/shm", &space) == 0, Int(space.f_bavail) * Int(space.f_frsize) > 1 << 30 else {
                return nil
            }
            let folder = "/dev/shm/magpie-growth-\(home.port)-\(getpid())"
            precondition(mkdir(folder, 0o700) == 0, "cannot make \(folder)")
            let text = readFile(home.configurationFile)
            writeFile(
                home.configurationFile,
                text.replacingOccurrences(of: home.storePath, with: "\(folder)/store.sqlite"))
            return folder
        }

        @Test func `neither memory nor descriptors nor threads grow with the requests and logins served`() throws {
            let requests = Torture.count(short: 20_000, long: 1_000_000)
            let logins = Torture.count(short: 2_000, long: 100_000)
            let platform = FakePlatform()
            let home = MagpieHome(platform)
            let folder = moveStoreToMemory(home)
            defer { if let folder { try? FileManager.default.removeItem(atPath: folder) } }
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try visitor.logIn(platform).status == 302)
            let load = Load(home: home, visitor: visitor)

            var first = 0
            func serve(_ share: Int, _ name: String) throws -> Footprint {
                let start = ContinuousClock.now
                let wrong = load.send(requests / share, over: 4, from: first)
                first += requests / share
                let between = ContinuousClock.now
                let failed = load.logIn(logins / share, over: 16)
                #expect(wrong == 0 && failed == 0, "\(wrong) wrong answers, \(failed) failed logins")
                let footprint = try Footprint(of: process, home)
                Torture.figure(
                    "growth, \(name)",
                    "\(footprint); \(requests / share) requests in \(between - start), "
                        + "\(logins / share) logins in \(ContinuousClock.now - between)")
                return footprint
            }

            // Pools, caches and the allocator's arenas fill up first.
            _ = try serve(10, "after the first tenth")
            let before = try serve(2, "after one half")
            let after = try serve(2, "after another half")

            // A leak of 50 bytes per request is 25 MB in half of the long form.
            let growth = after.residentBytes - before.residentBytes
            #expect(growth < 8 << 20, "it has grown by \(growth / 1_024) KiB")
            // Idle connections to the platform come and go.
            #expect(after.descriptors <= before.descriptors + 4)
            #expect(after.threads <= before.threads)
            #expect(try process.stop() == .exited(0))
        }
    }
}
