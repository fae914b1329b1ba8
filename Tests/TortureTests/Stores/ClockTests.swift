import Foundation
import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// The wall clock jumps by a day, under running processes and between them.
    ///
    /// What is promised: nothing ends, nothing is asked without end; a ticket whose age is unknown is fetched again
    /// within the 15 seconds of the keeper's look; a session ends early rather than late; no lease outlasts its time.
    @Suite struct ClockTests {
        private static let day: Int64 = 86_400

        struct Setting: CustomTestStringConvertible, Sendable {
            let store: MagpieHome.StoreKind
            let step: Int64
            var testDescription: String { "\(store), \(step > 0 ? "forward" : "back")" }

            static let all = (Torture.length == .long ? MagpieHome.StoreKind.allCases : [.sqlite]).flatMap { store in
                [ClockTests.day, -ClockTests.day].map { Setting(store: store, step: $0) }
            }
        }

        @Test(arguments: Setting.all)
        func `after a jump of a day requests are served, the ticket is fetched again, and sessions do not outlive it`(
            _ setting: Setting
        ) throws {
            let (faults, platform) = (Faults(below: "/nowhere"), FakePlatform())
            let home = try home(platform, setting, faults)
            let process = try home.start()
            var visitor = home.visitor()
            #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
            _ = try visitor.logIn(platform)
            #expect(try visitor.get("/session").status == 200)
            var beginner = home.visitor()
            let pending = try beginner.get("/redirect?to=/orders")
            let calls = (platform.tokenCalls, platform.ticketCalls)

            faults.step(clockBy: setting.step)
            let stepped = Date().addingTimeInterval(Double(setting.step))
            // The answer's own date follows at once.
            let date = try #require(try visitor.get("/magpie.json")["date"])
            #expect(abs(try httpDate(date).timeIntervalSince(stepped)) < 60, "\(date)")
            // Nobody waits for the keeper: whoever asks is served, with the ticket at hand or another.
            let signed = try visitor.get(Page.path)
            #expect(isSigned(signed, with: platform.ticket, url: Page.url), "\(signed.text)")
            let timestamp = (signed.json["timestamp"] as? String).flatMap { Double($0) } ?? 0
            #expect(abs(timestamp - stepped.timeIntervalSince1970) < 60)
            #expect(platform.waitForCalls(of: "/cgi-bin/ticket/getticket", count: calls.1 + 1, seconds: 40))
            // A day forward is a day without a visit. A day back, it was opened in the future.
            let session = try visitor.get("/session")
            #expect(session.status == 401, "how long it has been open nobody knows")
            // The login that was under way is over, and a new one works.
            let callback = try #require(try beginner.consent(pending, platform))
            let end = try beginner.get(callback)
            #expect(end.status == 403 && end.text.contains("expired"), "\(end.text)")
            var other = home.visitor()
            #expect(try other.logIn(platform)["location"] == "/orders")
            #expect(try other.get("/session").status == 200)
            #expect(try home.ready().status == 200)

            // And back: what was written in the meantime is of the future, or old.
            faults.step(clockBy: 0)
            #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
            // Opened a day ahead, it ends; opened a day ago, it lives on or was idle for too long.
            #expect(try other.get("/session").status == 401)
            var last = home.visitor()
            #expect(try last.logIn(platform)["location"] == "/orders")
            #expect(try last.get("/session").status == 200)

            // Bounded: one for each jump, and one for each half-life if the machine were so slow.
            #expect(platform.tokenCalls <= calls.0 + 3, "\(platform.tokenCalls)")
            #expect(platform.ticketCalls <= calls.1 + 3, "\(platform.ticketCalls)")
            #expect(try process.stop() == .exited(0))
            #expect(process.child.errors.isEmpty, "\(process.child.errors)")
        }

        @Test(arguments: Setting.all)
        func `two processes of which one's clock is a day off share a store and do not chase each other`(
            _ setting: Setting
        ) throws {
            let platform = FakePlatform()
            let faults = [Faults(below: "/nowhere"), Faults(below: "/nowhere")]
            faults[1].step(clockBy: setting.step)
            let right = try home(platform, setting, faults[0])
            let wrong = try home(platform, setting, faults[1], storeOf: right)
            let processes = [try right.start(), try wrong.start()]
            for _ in 0..<3 {
                for home in [right, wrong] {
                    var visitor = home.visitor()
                    #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
                    #expect(try home.ready().status == 200)
                }
            }
            var visitor = right.visitor()
            _ = try visitor.logIn(platform)
            #expect(try visitor.get("/session").status == 200)
            // A look of every keeper later.
            let calls = platform.ticketCalls
            if Torture.length == .long { sleep(35) }
            #expect(platform.ticketCalls <= calls + 2 && platform.ticketCalls <= 4, "\(platform.ticketCalls)")
            #expect(platform.tokenCalls <= 4, "\(platform.tokenCalls)")
            Torture.figure(
                "one of two clocks a day off (\(setting.testDescription))",
                "\(platform.tokenCalls) token calls, \(platform.ticketCalls) ticket calls")
            for process in processes {
                #expect(try process.stop() == .exited(0))
                #expect(process.child.errors.isEmpty, "\(process.child.errors)")
            }
        }

        /// The holder of the lease is killed, and the clock set back before anybody else may take it: the lease ends
        /// tomorrow by the clock. It used to keep everybody from WeChat until then.
        @Test(arguments: Torture.length == .long ? MagpieHome.StoreKind.allCases : [.file])
        func `a lease left behind by a clock that was ahead is taken over in its own time`(
            _ store: MagpieHome.StoreKind
        ) throws {
            let platform = FakePlatform()
            platform.script("/cgi-bin/stable_token", .held)
            let faults = Faults(below: "/nowhere")
            faults.step(clockBy: Self.day)
            let home = try home(platform, Setting(store: store, step: Self.day), faults, timeout: "2s")
            let holder = try home.start()
            #expect(platform.waitForCalls(of: "/cgi-bin/stable_token", count: 1))
            try holder.crash()
            faults.step(clockBy: 0)

            let start = ContinuousClock.now
            let process = try home.start()
            var visitor = home.visitor()
            var answer = try visitor.get(Page.path)
            // The answer may be "soon", while the lease's six seconds run.
            for _ in 0..<60 where answer.status == 503 {
                usleep(500_000)
                answer = try visitor.get(Page.path)
            }
            #expect(isSigned(answer, with: platform.ticket, url: Page.url), "\(answer.text)")
            // On a busy machine a call may take longer than its two seconds, and be made again.
            #expect((2...3).contains(platform.tokenCalls), "\(platform.tokenCalls)")
            Torture.figure(
                "a lease dated a day ahead, \(store)",
                String(format: "taken over after %.1f s (lease 6 s)", (ContinuousClock.now - start) / .seconds(1)))
            platform.release()
            #expect(try process.stop() == .exited(0))
        }

        private func home(
            _ platform: FakePlatform, _ setting: Setting, _ faults: Faults, storeOf: MagpieHome? = nil,
            timeout: String = "5s"
        ) throws -> MagpieHome {
            var settings = MagpieHome.Settings()
            settings.store = setting.store
            settings.storeOf = storeOf
            settings.timeout = timeout
            settings.environment = try faults.environment()
            return MagpieHome(platform, settings)
        }

        /// "Sun, 06 Nov 1994 08:49:37 GMT"
        private func httpDate(_ text: String) throws -> Date {
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(identifier: "GMT")
            format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            return try #require(format.date(from: text))
        }
    }
}
