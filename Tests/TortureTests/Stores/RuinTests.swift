import Foundation
import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// A database that is damaged, between two lives of the server or under it.
    @Suite struct RuinTests {
        enum Ruin: String, CaseIterable, Sendable {
            case middlePages
            case half
            case deleted
            case header
            case empty
            case notADatabase
            case garbageInTheLog

            static let some = Torture.length == .long ? allCases : Array(allCases.prefix(3))

            /// Does it to the files of a database.
            func strike(_ path: String) throws {
                let size = readBytes(path).count
                switch self {
                case .header: try overwrite(path, at: 0, count: 100)
                case .middlePages: try overwrite(path, at: 4096, count: max(size - 4096, 4096))
                case .half: #expect(truncate(path, size / 2) == 0)
                case .empty: #expect(truncate(path, 0) == 0)
                case .notADatabase:
                    #expect(truncate(path, 0) == 0)
                    try overwrite(path, at: 0, count: 10_000)
                case .garbageInTheLog: try overwrite(path + "-wal", at: 0, count: 20_000)
                case .deleted: for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
                }
            }

            private func overwrite(_ path: String, at offset: Int, count: Int) throws {
                let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
                defer { close(file) }
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
                #expect(pwrite(file, bytes, count, offset) == count)
            }
        }

        @Test(arguments: Ruin.some)
        func
            `a damaged database is set aside with all that belongs to it, said, and does not keep a server from starting`(
                _ ruin: Ruin
            ) throws
        {
            let platform = FakePlatform()
            let home = MagpieHome(platform)
            let process = try home.start()
            var visitor = home.visitor()
            try grow(home, platform)
            _ = try visitor.logIn(platform)
            // Killed, so that there is a log; or stopped, so that everything is in the main file.
            if ruin == .garbageInTheLog || ruin == .deleted { try process.crash() } else { _ = try process.stop() }
            let before = readBytes(home.storePath)
            try ruin.strike(home.storePath)

            let next = try home.start()
            try home.waitForTicket()
            #expect(try home.ready().status == 200)
            var other = home.visitor()
            #expect(try other.logIn(platform)["location"] == "/orders")
            #expect(try other.get("/session").status == 200)
            let aside = copies(home)
            switch ruin {
            case .garbageInTheLog:
                // SQLite ends the log where its checksums end; what was in the main file lives.
                #expect(aside == [] && !next.child.output.contains("damaged"))
            case .deleted:
                #expect(aside == [])
            case .empty:
                // Nothing is left to keep, and nothing says that there was something.
                #expect(aside == [])
            default:
                #expect(aside.count == 1 && next.child.output.contains("a damaged database"), "\(next.child.output)")
                #expect(aside.allSatisfy { !readBytes($0).isEmpty && readBytes($0).count <= max(before.count, 10_000) })
                #expect(try visitor.get("/session").status == 401)
            }
            #expect(try next.stop() == .exited(0))
            #expect(next.child.errors.isEmpty, "\(next.child.errors)")
        }

        @Test(arguments: Ruin.some)
        func `a database ruined under a running server is found out, said, and replaced without a restart`(
            _ ruin: Ruin
        ) throws {
            let platform = FakePlatform()
            let home = MagpieHome(platform)
            let first = try home.start()
            try grow(home, platform)
            // Everything is in the main file then, and its log is empty.
            #expect(try first.stop() == .exited(0))
            let process = try home.start()
            var visitor = home.visitor()
            #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
            try ruin.strike(home.storePath)
            // Some requests may fail with a clear error, none hangs, and soon none fails.
            var refused = 0
            var isWell = false
            for _ in 0..<20 where !isWell {
                #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
                var other = home.visitor()
                let answer = try other.logIn(platform)
                if answer.status == 302, answer["location"] == "/orders", try other.get("/session").status == 200 {
                    isWell = try home.ready().status == 200
                } else {
                    refused += 1
                    #expect([503, 401, 403].contains(answer.status), "\(answer.text)")
                }
            }
            #expect(isWell, "\(process.child.output)")
            // Ruin that SQLite has no need to look at is met by the next start.
            #expect(try process.stop() == .exited(0))
            let next = try home.start()
            try home.waitForTicket()
            #expect(try home.ready().status == 200)
            #expect(try next.stop() == .exited(0))
            #expect(next.child.errors.isEmpty, "\(next.child.errors)")
            Torture.figure(
                "\(ruin) under a running server",
                "\(refused) logins refused, \(copies(home).count) copies set aside, "
                    + (next.child.output.contains("a database replaced while in use") ? "said: replaced" : "")
                    + (next.child.output.contains("a damaged database") ? "said: damaged" : ""))
        }

        @Test func `a database put in place of the running server's is used from the next commit on`() throws {
            let platform = FakePlatform()
            let (home, donor) = (MagpieHome(platform), MagpieHome(platform))
            let other = try donor.start()
            _ = try other.stop()
            let process = try home.start()
            var visitor = home.visitor()
            _ = try visitor.logIn(platform)
            for suffix in ["-wal", "-shm"] { unlink(home.storePath + suffix) }
            #expect(rename(donor.storePath, home.storePath) == 0)
            var late = home.visitor()
            #expect(try late.logIn(platform)["location"] == "/orders")
            #expect(try late.get("/session").status == 200)
            // Of the database that was taken away.
            #expect(try visitor.get("/session").status == 401)
            #expect(process.child.output.contains("a database replaced while in use"))
            #expect(try process.stop() == .exited(0))
            let next = try home.start()
            #expect(try late.get("/session").status == 200)
            #expect(try next.stop() == .exited(0))
        }

        /// Enough pages that there is a middle.
        private func grow(_ home: MagpieHome, _ platform: FakePlatform) throws {
            for _ in 0..<30 {
                var visitor = home.visitor()
                #expect(try visitor.get("/redirect?to=/orders").status == 302)
            }
        }

        /// The databases that were set aside, without their logs.
        private func copies(_ home: MagpieHome) -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: home.folder)) ?? []
            return names.filter { $0.contains(".corrupt-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
                .map { "\(home.folder)/\($0)" }
        }
    }
}
