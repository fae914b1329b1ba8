import Foundation
import Glibc
import Synchronization

/// One call to WeChat meets one fault, with the real binary and real sockets under TLS: what the visitor gets, how long
/// it takes, how often WeChat is asked, what the log says, and whether it heals. It blocks; trials may run side by side.
package final class UpstreamTrial {
    package let call: PlatformCall
    package let fault: TransportFault
    /// What was not as it should be.
    package private(set) var complaints: [String] = []
    /// Seconds from the end of the fault to the first good answer.
    package private(set) var healed: Double?

    private let platform: FakePlatform
    private let home: MagpieHome
    private var settings = MagpieHome.Settings()
    private var seen: [String] = []

    /// What one exchange may take: little where that is waited out, and enough for a busy machine where it is not.
    private let timeout: Int
    /// What a busy machine may add to everything.
    private static let margin = 20.0

    /// - Parameters:
    ///   - caFile: Whom the product trusts.
    ///   - identity: The platform's own certificate, which that authority issued.
    package init(
        _ call: PlatformCall, _ fault: TransportFault, caFile: String, _ identity: CertificateAuthority.Identity
    ) {
        (self.call, self.fault) = (call, fault)
        var world = PlatformWorld()
        if call == .refresh { world.grantLife = 1 }
        platform = FakePlatform(world: world, identity: identity)
        timeout = fault.takesItsTime || fault.fate == .busy ? 2 : 10
        settings.timeout = "\(timeout)s"
        settings.caFile = caFile
        settings.stableToken = call != .token
        home = MagpieHome(platform, settings)
    }

    /// A name instead of an address cannot be had in the midst of a login.
    private static func isPossible(_ call: PlatformCall, _ fault: TransportFault) -> Bool {
        if case .name = fault.kind { call != .profile } else { true }
    }

    package func run() {
        do {
            try call.isKeepers ? trySigning() : tryLogin()
        } catch {
            complaints.append("\(error)")
        }
    }

    private func expect(_ isTrue: Bool, _ complaint: @autoclosure () -> String) {
        if !isTrue { complaints.append(complaint()) }
    }

    // MARK: - The fault

    private func breakDown() throws {
        switch fault.kind {
        case .lie(let lie): platform.always(call.path, .lie(lie))
        case .name(let name):
            settings.api = "https://\(name)"
            home.configure(settings)
        case .door(let door):
            switch call {
            case .ticket: platform.show(door, afterAnswerOf: PlatformCall.stableToken.path)
            case .profile: platform.show(door, afterAnswerOf: PlatformCall.exchange.path)
            default: platform.show(door)
            }
        }
    }

    private func mend() {
        platform.always(call.path, nil)
        platform.show(.open)
    }

    // MARK: - Signing

    private func trySigning() throws {
        if case .name = fault.kind, call == .ticket {
            // A token in the store, and no ticket.
            platform.always(call.path, .errcode(48001))
            let before = try home.start()
            expect(platform.waitForCalls(of: call.path, count: 1), "no ticket was asked for")
            expect(try before.stop() == .exited(0), "it did not end")
            platform.always(call.path, nil)
        }
        try breakDown()
        var process = try home.start()
        let memory = Self.peakMemory(process)
        let start = ContinuousClock.now
        var visitor = home.visitor()
        let response = try keep(visitor.get(Self.page))
        expectInTime(since: start, exchanges: 2)
        guard fault.fate != .accepted else {
            expect(response.status == 200, "\(response.text)")
            return try finish(process, memory)
        }
        for answer in [response, try keep(visitor.get(Self.page))] {
            expect(answer.status == 503 && answer.body.contains("ticket_unavailable"), "\(answer.text)")
            expect((1...60).contains(Int(answer["retry-after"] ?? "") ?? 0), "\(answer.text)")
        }
        var client = home.operatorClient()
        let ready = try keep(client.get("/ready"))
        expect(ready.status == 503 && ready.body.contains(#""reason":""#), "/ready: \(ready.text)")
        expect(try client.get("/health").status == 200, "/health")
        // It says why, and it is not pressed.
        try expectLogged("credential", "failed", process)
        let failures = Self.events("credential", "failed", in: process.child.output)
        let rounds = Self.mostRounds(within: Self.seconds(since: start) + 1)
        expect(failures.count <= 2 * rounds, "\(failures.count) failures, \(rounds) rounds")
        expect(platform.count(call.path) <= 4 * rounds, "\(platform.count(call.path)) calls, \(rounds) rounds")

        if case .name = fault.kind {
            // Names cannot be mended in a running process.
            expect(try process.stop() == .exited(0), "it did not end")
            settings.api = nil
            home.configure(settings)
            process = try home.start()
        }
        mend()
        let mended = ContinuousClock.now
        let isHealed = try eventually(seconds: 60) { try visitor.get(Self.page).status == 200 }
        healed = Self.seconds(since: mended)
        expect(isHealed, "it does not heal: \(process.child.output)")
        expect(try client.get("/ready").status == 200, "not ready after it healed")
        try finish(process, memory)
    }

    // MARK: - Login

    private func tryLogin() throws {
        var process = try home.start()
        var visitor = home.visitor()
        expect(try eventually(seconds: 60) { try visitor.get(Self.page).status == 200 }, "it does not sign")
        let memory = Self.peakMemory(process)
        let late = call == .lateProfile || call == .refresh
        var callback = try begin(&visitor)
        if late {
            platform.script("/sns/userinfo", .errcode(50002))
            expect(try visitor.get(callback).status == 302, "no login")
            // The least that a grant is taken for fresh.
            if call == .refresh { sleep(11) }
            callback = "/session"
        }
        try breakDown()
        if case .name = fault.kind {
            expect(try process.stop() == .exited(0), "it did not end")
            process = try home.start()
        }
        let before = platform.count(call.path)
        let start = ContinuousClock.now
        let response = try keep(visitor.get(callback))
        expectInTime(since: start, exchanges: 3)
        try judge(response, &visitor, process)
        let calls = platform.count(call.path) - before
        expect(calls <= (call == .exchange || fault.fate == .lost ? 1 : 3), "\(calls) calls")

        // A reload neither spends the code again nor asks again.
        let again = try keep(visitor.get(callback, [("Accept", "text/html")]))
        expect([200, 302, 503].contains(again.status), "the reload: \(again.text)")
        if fault.fate != .accepted, call != .profile {
            expect(platform.count(call.path) - before == calls, "the reload asked WeChat again")
        }

        mend()
        if case .name = fault.kind {
            expect(try process.stop() == .exited(0), "it did not end")
            settings.api = nil
            home.configure(settings)
            process = try home.start()
        }
        if call == .exchange, fault.fate != .accepted {
            let after = try keep(visitor.get(try begin(&visitor)))
            expect(after.status == 302 && after["location"] == "/orders", "the login after it: \(after.text)")
        }
        let session = try keep(visitor.get("/session"))
        expect(session.status == 200, "the session after it: \(session.text)")
        if !late { expect(session.body.contains("profile"), "the profile after it: \(session.text)") }
        try finish(process, memory)
    }

    /// Starts a login and gives the way back from WeChat.
    private func begin(_ visitor: inout RawVisitor) throws -> String {
        let start = try visitor.get("/redirect?scope=userinfo&to=/orders")
        guard start.status == 302 || start.status == 303, let state = start.parameter("state") else {
            throw ChildProcess.Failure("no login begins: \(start.text)")
        }
        let code = platform.change { $0.issueCode(MagpieHome.appIDs[0], $0.person, scope: "snsapi_userinfo") }
        return "/redirect?code=\(code)&state=\(state)"
    }

    private func judge(_ response: RawResponse, _ visitor: inout RawVisitor, _ process: MagpieProcess) throws {
        if fault.fate == .accepted {
            let session = try visitor.get("/session")
            expect(session.status == 200 && session.body.contains("profile"), "\(session.text)")
        } else if call == .exchange {
            expect(response.status == 503 && response.body.contains("login_unavailable"), "\(response.text)")
            expect(visitor.cookies[home.cookieName] == nil, "a session without a grant")
            try expectLogged("login", "upstream_failed", process)
        } else if call == .profile {
            expect(response.status == 302 && response["location"] == "/orders", "\(response.text)")
            expect(visitor.cookies[home.cookieName] != nil, "no session")
            try expectLogged("login", "upstream_failed", process)
        } else {
            expect(response.status == 200 && !response.body.contains("profile"), "\(response.text)")
            try expectLogged("profile", "upstream_failed", process)
        }
    }

    // MARK: - What holds of all

    private func finish(_ process: MagpieProcess, _ memory: Int) throws {
        expect(Self.peakMemory(process) < memory + (64 << 10), "\(memory) KiB became \(Self.peakMemory(process))")
        expect(platform.flooded < 16 << 20, "\(platform.flooded) bytes of a flood were taken")
        expect(platform.count("/elsewhere") == 0, "a redirect was followed")
        expect(try process.stop() == .exited(0), "it did not end as it should: \(process.child.errors)")
        let secrets = [PlatformWorld.mark] + platform.change { $0.accounts.values.map(\.secret) }
        for text in seen + [process.child.output, process.child.errors] {
            for secret in secrets where text.contains(secret) { complaints.append("a secret shows: \(text)") }
        }
    }

    private func keep(_ response: RawResponse) -> RawResponse {
        seen.append(response.text)
        return response
    }

    /// A line with a reason. The log is written by a thread of its own.
    private func expectLogged(_ event: String, _ outcome: String, _ process: MagpieProcess) throws {
        let isLogged = eventually(seconds: 60) { !Self.events(event, outcome, in: process.child.output).isEmpty }
        expect(isLogged, "nothing is logged: \(process.child.output)")
    }

    private func expectInTime(since start: ContinuousClock.Instant, exchanges: Double) {
        let taken = Self.seconds(since: start)
        expect(taken < exchanges * 2 * Double(timeout) + Self.margin, "it took \(taken) s")
    }

    private static let page = "/get-signature?url=https%3A%2F%2Fh5.example.com%2F"

    private static func seconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .seconds(1)
    }

    /// How often WeChat can have been asked, when the pauses after failures are 1, 2, 4 … seconds, less a quarter.
    private static func mostRounds(within seconds: Double) -> Int {
        var (rounds, pause, left) = (1, 1.0, seconds)
        while left > 0 {
            rounds += 1
            left -= max(1, 0.75 * pause)
            pause *= 2
        }
        return rounds
    }

    private static func events(_ event: String, _ outcome: String, in log: String) -> [Substring] {
        log.split(separator: "\n").filter {
            $0.contains("\"event\":\"\(event)\"") && $0.contains("\"outcome\":\"\(outcome)\"")
                && $0.contains("\"reason\":\"")
        }
    }

    /// The most that the process ever had in memory, in KiB.
    private static func peakMemory(_ process: MagpieProcess) -> Int {
        let line = readFile("/proc/\(process.child.id)/status").split(separator: "\n").first { $0.hasPrefix("VmHWM") }
        return line?.split { !$0.isNumber }.first.flatMap { Int($0) } ?? 0
    }
}

extension UpstreamTrial {
    package typealias Result = (name: String, complaints: [String], healed: Double?)

    /// Runs trials side by side, and returns each with what it found.
    ///
    /// - Parameter choose: Picks among all pairs that there are.
    package static func run(
        atOnce: Int, _ choose: ([(PlatformCall, TransportFault)]) -> [(PlatformCall, TransportFault)]
    ) -> [Result] {
        let (authority, stranger) = (CertificateAuthority(), CertificateAuthority(name: "A Stranger's Root"))
        let all = PlatformCall.allCases.flatMap { call in
            TransportFault.all(authority, stranger).filter { isPossible(call, $0) }.map { (call, $0) }
        }
        // Their files go with them.
        return withExtendedLifetime((authority, stranger)) { run(choose(all), authority, atOnce: atOnce) }
    }

    private static func run(
        _ pairs: [(PlatformCall, TransportFault)], _ authority: CertificateAuthority, atOnce: Int
    ) -> [Result] {
        let (identity, caFile) = (authority.issue("IP:127.0.0.1"), authority.certificateFile)
        let next = Atomic(0)
        let results = Mutex<[Result]>([])
        let group = DispatchGroup()
        for _ in 0..<atOnce {
            group.enter()
            Thread.detachNewThread {
                while true {
                    let number = next.add(1, ordering: .relaxed).oldValue
                    guard number < pairs.count else { break }
                    let (call, fault) = pairs[number]
                    let trial = UpstreamTrial(call, fault, caFile: caFile, identity)
                    trial.run()
                    let result = ("\(call.rawValue), \(fault.name)", trial.complaints, trial.healed)
                    results.withLock { $0.append(result) }
                }
                group.leave()
            }
        }
        group.wait()
        return results.withLock { $0 }
    }
}
