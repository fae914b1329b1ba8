import Foundation
import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// A disk that is full, read-only or broken under a running server, and well again after a while.
    @Suite struct FaultTests {
        struct Fault: CustomTestStringConvertible, Sendable {
            let calls: Faults.Calls
            let code: Int32
            let testDescription: String

            static let all = [
                Fault(calls: [.write, .create, .makeFolder], code: ENOSPC, testDescription: "a full disk"),
                Fault(calls: .change, code: EROFS, testDescription: "a read-only disk"),
                Fault(calls: .sync, code: EIO, testDescription: "a sync that fails"),
                Fault(calls: [.write, .sync], code: EIO, testDescription: "writes that fail"),
                Fault(calls: .sync, code: ENOSPC, testDescription: "a sync that finds the disk full"),
                Fault(calls: [.rename, .truncate], code: EIO, testDescription: "renames that fail"),
                Fault(calls: [.create, .remove], code: EDQUOT, testDescription: "a quota used up"),
                Fault(calls: .read, code: EIO, testDescription: "reads that fail"),
            ]
        }

        @Test(
            arguments: MagpieHome.StoreKind.allCases, Torture.length == .long ? Fault.all : Array(Fault.all.prefix(3)))
        func `while the disk fails visitors get clear errors and pages their signatures, and it heals by itself`(
            _ store: MagpieHome.StoreKind, _ fault: Fault
        ) throws {
            let (platform, place) = (FakePlatform(), makeTemporaryDirectory())
            defer { try? FileManager.default.removeItem(atPath: place) }
            let faults = Faults(below: place)
            var settings = MagpieHome.Settings()
            settings.store = store
            settings.environment = try faults.environment(logs: true)
            settings.storePlace = place
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            var visitor = home.visitor()
            #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
            #expect(try visitor.logIn(platform)["location"] == "/orders")
            var waiting = home.visitor()
            let begun = try waiting.get("/redirect?to=/orders")
            let callback = try #require(try waiting.consent(begun, platform))
            // SQLite has no need to rename, and reads from its cache; files are all created and renamed.
            let isHarmless = fault.calls == .read || store == .sqlite && fault.calls.isDisjoint(with: [.write, .sync])
            let (tokens, tickets) = (platform.tokenCalls, platform.ticketCalls)

            for _ in 0..<3 {
                faults.fail(fault.calls, with: fault.code)
                var other = home.visitor()
                for _ in 0..<3 {
                    #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
                    try expectRefusal(try other.get("/redirect?to=/orders"), home, mayWork: isHarmless)
                    // What is in the cache can be read.
                    let session = try visitor.get("/session")
                    if session.status != 200 { try expectRefusal(session, home, mayWork: false) }
                }
                let ready = try home.ready()
                if ready.status != 200 {
                    let part = (ready.json["store"] as? [String: Any])
                    #expect(ready.status == 503 && part?["ready"] as? Bool == false, "\(ready.text)")
                    #expect((part?["reason"] as? String)?.isEmpty == false, "\(ready.text)")
                } else {
                    #expect(isHarmless)
                }
                faults.heal()
                #expect(try home.ready().status == 200)
                #expect(try visitor.get("/session").status == 200)
            }
            // A code is not spent while its state cannot be claimed.
            if fault.calls.contains(.write) {
                faults.fail(fault.calls, with: fault.code)
                try expectRefusal(try waiting.get(callback), home, mayWork: false)
                #expect(platform.exchanges == 1)
                // A logout that is not on the disk is not confirmed.
                try expectRefusal(try visitor.post("/logout"), home, mayWork: false)
                #expect(visitor.cookies[home.cookieName] != nil)
                faults.heal()
            }
            let again = try waiting.get(callback)
            #expect(again.status == 302, "\(again.text)")
            #expect(try waiting.get("/session").status == 200)
            let stolen = visitor
            #expect(try visitor.post("/logout").status == 204)
            #expect(platform.tokenCalls == tokens && platform.ticketCalls == tickets)
            #expect(!faults.log.contains { $0.hasPrefix("sync-again") }, "a sync that failed was asked for once more")
            try process.crash()

            let next = try home.start()
            #expect(try waiting.get("/session").status == 200)
            var thief = stolen
            #expect(try thief.get("/session").status == 401)
            #expect(try next.stop() == .exited(0))
            #expect(!next.child.output.contains("damaged"), "\(next.child.output)")
            let left = FileManager.default.enumerator(atPath: place)?.compactMap { $0 as? String } ?? []
            #expect(left.filter { $0.hasSuffix(".tmp") || $0.contains("corrupt") || $0.contains("journal") } == [])
        }

        /// 503 with the name of the error, and nothing about paths, system calls or secrets.
        private func expectRefusal(_ answer: RawResponse, _ home: MagpieHome, mayWork: Bool) throws {
            if mayWork && answer.status == 302 { return }
            #expect(answer.status == 503 && answer.errorCode == "store_unavailable", "\(answer.text)")
            #expect(answer["retry-after"] != nil)
            #expect(!answer.text.contains("errno") && !answer.text.contains("/tmp"))
            #expect(!answer.setCookies.contains { $0.hasPrefix(home.cookieName) })
        }

        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `a disk that takes a few bytes at a time loses none of them`(_ store: MagpieHome.StoreKind) throws {
            let (platform, place) = (FakePlatform(), makeTemporaryDirectory())
            defer { try? FileManager.default.removeItem(atPath: place) }
            let faults = Faults(below: place)
            faults.shortenWrites(to: 97)
            var settings = MagpieHome.Settings()
            settings.store = store
            settings.environment = try faults.environment()
            settings.storePlace = place
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try visitor.logIn(platform)["location"] == "/orders")
            #expect(try visitor.get("/session").status == 200)
            try process.crash()
            let next = try home.start()
            #expect(try visitor.get("/session").status == 200)
            #expect(try next.stop() == .exited(0))
        }

        @Test(arguments: MagpieHome.StoreKind.allCases, Torture.length == .long ? [ENOSPC, EROFS, EIO] : [EROFS])
        func `a server that finds the disk broken at its start says so and ends, and starts when it is well`(
            _ store: MagpieHome.StoreKind, _ code: Int32
        ) throws {
            let (platform, place) = (FakePlatform(), makeTemporaryDirectory())
            defer { try? FileManager.default.removeItem(atPath: place) }
            let faults = Faults(below: place)
            var settings = MagpieHome.Settings()
            settings.store = store
            settings.environment = try faults.environment()
            settings.storePlace = place
            let home = MagpieHome(platform, settings)
            faults.fail(.change, with: code)
            let process = try home.launch()
            #expect(try process.child.wait() == .exited(69))
            #expect(process.child.errors.hasPrefix("magpie: the store cannot be used: "), "\(process.child.errors)")
            faults.heal()
            let next = try home.start()
            try home.waitForTicket()
            #expect(try home.ready().status == 200)
            #expect(try next.stop() == .exited(0))
        }

        /// As root and where it is allowed, on a file system that is really full.
        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `a file system without a free block is survived, too`(_ store: MagpieHome.StoreKind) throws {
            let platform = FakePlatform()
            guard let disk = SmallDisk() else {
                Torture.figure("a full tmpfs, \(store)", "not run: mount is not allowed")
                return
            }
            var settings = MagpieHome.Settings()
            settings.store = store
            settings.storePlace = disk.path
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            var visitor = home.visitor()
            #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
            #expect(try visitor.logIn(platform)["location"] == "/orders")
            disk.fill()
            var refused = 0
            for _ in 0..<200 where refused < 3 {
                var other = home.visitor()
                if try other.get("/redirect?to=/orders").status == 503 { refused += 1 }
            }
            #expect(refused == 3)
            #expect(try visitor.get("/session").status == 200)
            #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
            let ready = try home.ready()
            #expect(ready.status == 503 && ready.text.contains("no space is left"), "\(ready.text)")
            disk.makeRoom()
            #expect(try home.ready().status == 200)
            var other = home.visitor()
            #expect(try other.logIn(platform)["location"] == "/orders")
            try process.crash()
            let next = try home.start()
            #expect(try visitor.get("/session").status == 200)
            #expect(try other.get("/session").status == 200)
            #expect(try next.stop() == .exited(0))
            Torture.figure("a full tmpfs, \(store)", "503, ready says why, heals")
        }
    }
}

/// A tmpfs of half a megabyte. Only root may mount one, and not everywhere.
private final class SmallDisk {
    let path = makeTemporaryDirectory()
    private var ballast: String { path + "/ballast" }

    init?() {
        guard mount("tmpfs", path, "tmpfs", 0, "size=512k,mode=0700") == 0 else {
            try? FileManager.default.removeItem(atPath: path)
            return nil
        }
    }

    deinit {
        umount2(path, 2)
        try? FileManager.default.removeItem(atPath: path)
    }

    func fill() {
        let descriptor = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let block = [UInt8](repeating: 1, count: 1024)
        while write(descriptor, block, block.count) > 0 {}
        close(descriptor)
    }

    func makeRoom() { unlink(ballast) }
}
