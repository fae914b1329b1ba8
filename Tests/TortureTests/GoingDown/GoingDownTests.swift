import Foundation
import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// The end of a process, a new configuration and a new process, each in the middle of everything.
    @Suite struct GoingDownTests {
        private let platform = FakePlatform()
        private static let target = "/get-signature?url=https%3A%2F%2Fh5.example.com%2F"

        private func home(_ change: (inout MagpieHome.Settings) -> Void = { _ in }) -> MagpieHome {
            var settings = MagpieHome.Settings()
            settings.logLevel = "info"
            settings.drain = "1s"
            change(&settings)
            let home = MagpieHome(platform, settings)
            // Every line of a flood would cost more than its request.
            home.edit("format: \"json\"", to: "format: \"json\", access: false")
            return home
        }

        private func crowd(
            _ home: MagpieHome, each: Int = 2, endsWhenRefused: Bool = false, requests: Int = .max
        ) -> Crowd {
            let habits = Crowd.Habit.allCases.flatMap { Array(repeating: $0, count: each) }
            return Crowd(
                of: habits, port: home.port, target: Self.target, endsWhenRefused: endsWhenRefused, requests: requests)
        }

        private func warmUp(_ home: MagpieHome) throws {
            var visitor = home.visitor()
            #expect(try eventually { try visitor.get(Self.target).status == 200 })
        }

        private func expectNone(_ failures: [String]) {
            #expect(failures.isEmpty, "\(failures.count), such as \(failures.prefix(5))")
        }

        @Test(arguments: [SIGTERM, SIGINT]) func `a signal under full load loses no request`(_ signal: Int32) throws {
            var (answered, again) = (0, 0)
            let rounds = Torture.count(short: 1, long: 10)
            for round in 0..<rounds {
                let home = home { $0.drain = round % 2 == 0 ? "1s" : "0s" }
                let process = try home.start()
                try warmUp(home)
                let crowd = crowd(home, each: 4, endsWhenRefused: true)
                #expect(eventually { crowd.soFar.answered > 200 })
                process.child.signal(signal)
                let ending = try process.child.wait(seconds: 60)
                #expect(ending == .exited(0))
                #expect(eventually { !crowd.isRunning })
                let tally = crowd.end()
                expectNone(tally.failures)
                answered += tally.answered
                again += tally.sentAgain
            }
            Torture.figure(
                "signal \(signal) under load", "\(rounds) ends, \(answered) answered, \(again) sent again, 0 failed")
        }

        @Test func `logins under way at the end come to theirs, and their sessions are kept`() throws {
            let visitors = Torture.count(short: 20, long: 200)
            let home = home {
                $0.timeout = "60s"
                $0.shutdown = "120s"
            }
            let process = try home.start()
            platform.always("/sns/oauth2/access_token", .held)
            var waiting: [(client: RawClient, visitor: RawVisitor)] = []
            for _ in 0..<visitors {
                var visitor = home.visitor()
                let start = try visitor.get("/redirect?to=/orders")
                let callback = try #require(try visitor.consent(start, platform))
                let client = try RawClient(port: home.port)
                try client.send(visitor.request("GET", callback))
                waiting.append((client, visitor))
            }
            #expect(platform.waitForCalls(of: "/sns/oauth2/access_token", count: visitors, seconds: 60))
            process.child.signal(SIGTERM)
            // Past the end of the draining.
            #expect(eventually { (try? RawClient(port: home.port)) == nil })
            platform.release()
            for index in waiting.indices {
                let response = try waiting[index].client.receiveResponse()
                #expect(response.status == 302)
                waiting[index].client.finishSending()
                waiting[index].visitor.keep(response)
            }
            #expect(try process.child.wait(seconds: 60) == .exited(0))
            let next = try home.start()
            var kept = 0
            for index in waiting.indices where try waiting[index].visitor.get("/session").status == 200 { kept += 1 }
            #expect(kept == visitors)
            #expect(try next.stop() == .exited(0))
            Torture.figure("logins under way at the end", "\(kept) of \(visitors) kept")
        }

        @Test func `reloads without end under load lose no request, and hold no memory and no descriptor`() throws {
            let reloads = Torture.count(short: 40, long: 1_000)
            let home = home()
            let process = try home.start()
            try warmUp(home)
            let crowd = crowd(home)
            func facts() -> (kilobytes: Int, descriptors: Int, threads: Int) {
                let status = readFile("/proc/\(process.child.id)/status").split(separator: "\n")
                func number(_ key: String) -> Int {
                    let line = status.first { $0.hasPrefix(key) } ?? ""
                    return Int(line.split(whereSeparator: { !$0.isNumber }).first ?? "") ?? 0
                }
                let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.child.id)/fd")
                return (number("VmRSS:"), names?.count ?? 0, number("Threads:"))
            }
            var before = facts()
            var outcomes: [String: Int] = [:]
            for number in 0..<reloads {
                // The menu, then the secret, which makes a new keeper, then a mistake, then nothing new.
                switch number % 4 {
                case 0: home.edit("menus: { orders: {", to: "menus: { orders: { scope: \"userinfo\",")
                case 1:
                    home.edit("menus: { orders: { scope: \"userinfo\",", to: "menus: { orders: {")
                    home.edit("stableToken: true", to: "stableToken: false")
                case 2: home.edit("stableToken: false", to: "stableToken: no")
                default: home.edit("stableToken: no", to: "stableToken: true")
                }
                outcomes[try process.reload().outcome, default: 0] += 1
                // What the first ones leave in pools is no leak.
                if number == reloads / 4 { before = facts() }
            }
            let after = facts()
            let tally = crowd.end()
            expectNone(tally.failures)
            #expect(outcomes["refused"] == reloads / 4)
            #expect(outcomes["applied"] == reloads / 4 * 3)
            #expect(after.kilobytes < before.kilobytes + 8_192)
            // Those of clients come and go; they are as many at both times, give or take who just connects.
            #expect(after.descriptors <= before.descriptors + 24)
            #expect(after.threads <= before.threads + 8)
            // One call for each account's keeper at most; a token in the store serves the next one.
            Torture.figure(
                "\(reloads) reloads under load",
                "\(tally.answered) answered, 0 failed, \(tally.sentAgain) sent again; RSS \(before.kilobytes) -> "
                    + "\(after.kilobytes) KB, descriptors \(before.descriptors) -> \(after.descriptors), "
                    + "\(platform.tokenCalls) token calls")
            #expect(try process.stop() == .exited(0))
        }

        @Test(arguments: [MagpieHome.StoreKind.sqlite, .file])
        func `processes take each other's place under load, and no request fails`(
            _ store: MagpieHome.StoreKind
        ) throws {
            let requests = Torture.count(short: 2_500, long: 50_000)
            let home = home { $0.store = store }
            var process = try home.start()
            try warmUp(home)
            let crowd = crowd(home, each: 4, requests: requests)
            var replaced = 0
            while crowd.isRunning {
                let next = try home.takeOver(name: "next-\(replaced)")
                #expect(try process.stop() == .exited(0))
                process = next
                replaced += 1
            }
            let tally = crowd.end()
            expectNone(tally.failures)
            #expect(replaced > 0)
            // Whoever takes over finds the token in the store.
            #expect(platform.tokenCalls == 1)
            #expect(try process.stop() == .exited(0))
            Torture.figure(
                "takeovers under load (\(store.rawValue) store)",
                "\(replaced) processes replaced, \(tally.answered) answered on \(tally.connections) connections, "
                    + "\(tally.sentAgain) sent again, \(tally.failures.count) failed")
        }
    }
}
