import Foundation
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Gateway
@testable import GatewayTests

extension TortureTests {
    /// A million things that are nearly right (session-security S2, S3, S10, O2, O3, O7, and the rule for targets).
    @Suite struct MutationTests {
        @Test func `no cookie near a live one is anybody's session`() async throws {
            let total = Torture.count(short: 4_000, long: 400_000)
            let unsent = Atomic(0)
            let had = Atomic(0)
            let start = ContinuousClock.now
            try await trials(total) { prey, name, count in
                var mutator = Mutator(
                    random: Torture.random("cookies \(name)"),
                    donors: [
                        prey.expiredSession, prey.endedSession, prey.otherSession, prey.binding, prey.state,
                        String(prey.session.reversed()),
                    ])
                for _ in 0..<count {
                    let (target, fields, isOwn) = Self.cookieTrial(prey, &mutator)
                    if isOwn { continue }
                    guard let response = await prey.ask(target, fields) else {
                        unsent.add(1, ordering: .relaxed)
                        continue
                    }
                    if response.status != .unauthorized { had.add(1, ordering: .relaxed) }
                    #expect(response.status == .unauthorized, "\(target) \(fields)")
                    #expect(!response.fields.contains(.setCookie))
                }
            }
            Torture.figure(
                "mutated session cookies tried, sessions had",
                "\(total - unsent.load(ordering: .relaxed)), \(had.load(ordering: .relaxed)), in \(ContinuousClock.now - start)"
            )
        }

        private static func cookieTrial(
            _ prey: Prey, _ mutator: inout Mutator
        ) -> (target: String, fields: [(FieldName, String)], isOwn: Bool) {
            let mutated = String(decoding: mutator.mutate(prey.session), as: UTF8.self)
            let target = mutator.pick([
                "/session", "/auth", "/auth?scope=base", "/session?account=main", "/auth?account=main",
            ])
            let name = Prey.sessionName
            switch mutator.number(below: 12) {
            case 0:
                let twice = mutator.pick(["\(mutated); \(name)=\(prey.session)", "\(prey.session); \(name)=\(mutated)"])
                return (target, [(.cookie, "\(name)=\(twice)")], mutated.contains(";"))
            case 1:
                return (target, [(.cookie, "\(name)=\(prey.session)"), (.cookie, "\(name)=\(prey.session)")], false)
            case 2:
                let wrong = mutator.pick([
                    "__host-magpie_session", "magpie_session", "__Secure-magpie_session", "__Host-magpie_session_0",
                    "__Host-magpie_session_1of1", "__Host-magpie_sessio", "\"__Host-magpie_session\"",
                ])
                return (target, [(.cookie, "\(wrong)=\(prey.session)")], false)
            case 3:
                let value = mutator.pick([prey.session, mutated])
                return (
                    target, [(mutator.pick([.authorization, "X-Session", "X-Cookie"]), "Bearer \(value)")], false
                )
            case 4: return ("/session?access_token=\(prey.session)&\(name)=\(prey.session)", [], false)
            case 5: return ("/session?account=second", [(.cookie, "\(name)=\(prey.session)")], false)
            case 6: return (target, [(.cookie, "\(name)=\(prey.otherSession)")], false)
            default: return (target, [(.cookie, "\(name)=\(mutated)")], mutated.trimmed == prey.session)
            }
        }

        @Test func `no state and no binding near a live one redeems a code`() async throws {
            let total = Torture.count(short: 3_000, long: 300_000)
            let answers = Mutex<[Int: Int]>([:])
            let start = ContinuousClock.now
            try await trials(total) { prey, name, count in
                var states = Mutator(
                    random: Torture.random("states \(name)"),
                    donors: [prey.otherBinding, prey.session, String(repeating: "0", count: 64)])
                for _ in 0..<count {
                    let (target, binding, isOwn) = Self.stateTrial(prey, &states)
                    if isOwn { continue }
                    let cookie: [(FieldName, String)] = binding.map { [(.cookie, "\(Prey.bindingName)=\($0)")] } ?? []
                    guard let response = await prey.ask(target, cookie) else { continue }
                    answers.withLock { $0[response.status.code, default: 0] += 1 }
                    // The visitor is told off, or begins a login of his own.
                    #expect([302, 400, 403].contains(response.status.code), "\(target) \(cookie)")
                    if response.status == .found { #expect(response.state != nil && response.state != prey.state) }
                    #expect(!response.fields.values(.setCookie).contains { $0.hasPrefix(Prey.sessionName) })
                }
            }
            let counts = answers.withLock { $0.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" } }
            Torture.figure(
                "mutated states and bindings tried, by answer", "\(counts) in \(ContinuousClock.now - start)")
        }

        private static func stateTrial(
            _ prey: Prey, _ mutator: inout Mutator
        ) -> (target: String, binding: String?, isOwn: Bool) {
            let path = "/redirect?code=\(Prey.code)&state="
            switch mutator.number(below: 10) {
            case 0:
                let binding = String(decoding: mutator.mutate(prey.binding), as: UTF8.self)
                return (path + prey.state, binding, binding.trimmed == prey.binding)
            case 1: return (path + prey.state, mutator.pick([nil, prey.otherBinding, prey.session, ""]), false)
            case 2:
                return (
                    path + mutator.pick([prey.otherState, prey.doneState, prey.state]), prey.strangerBinding, false
                )
            case 3: return (path + "\(prey.state)&state=\(prey.state)", prey.binding, false)
            case 4: return ("/redirect/second?code=\(Prey.code)&state=\(prey.state)", prey.binding, false)
            case 5:
                let menu = mutator.mutate("orders")
                return (path + escaped(menu), prey.binding, menu.elementsEqual("orders".utf8))
            default:
                let state = mutator.mutate(prey.state)
                return (path + escaped(state), prey.binding, state.elementsEqual(prey.state.utf8))
            }
        }

        @Test func `no target leads a browser anywhere but to this site and the listed hosts`() async throws {
            let total = Torture.count(short: 3_000, long: 300_000)
            let accepted = Atomic(0)
            let astray = Atomic(0)
            let start = ContinuousClock.now
            try await trials(total) { prey, name, count in
                var grammar = TargetGrammar(
                    mutator: Mutator(random: Torture.random("targets \(name)"), donors: [""]))
                for _ in 0..<count {
                    let target = grammar.next()
                    let link = "/redirect?to=\(escaped(Array(target.utf8)))"
                    let signedIn: [(FieldName, String)] = [(.cookie, "\(Prey.sessionName)=\(prey.session)")]
                    guard let response = await prey.ask(link, signedIn) else { continue }
                    guard response.status == .found else {
                        #expect(response.status == .badRequest, "\(target.debugDescription)")
                        continue
                    }
                    accepted.add(1, ordering: .relaxed)
                    // Who is signed in goes there at once, so this is what a browser gets.
                    #expect(response.location == target)
                    let isOurs =
                        switch BrowserLanding(of: response.location ?? "") {
                        case .sameOrigin: true
                        case .host("https", let host, 443): ["h5.example.com", "shop.example.com"].contains(host)
                        default: false
                        }
                    if !isOurs { astray.add(1, ordering: .relaxed) }
                    #expect(isOurs, "\(target.debugDescription)")
                }
            }
            let count = accepted.load(ordering: .relaxed)
            #expect(count > total / 200, "the grammar still makes acceptable targets: \(count)")
            Torture.figure(
                "return targets tried, accepted, leading elsewhere",
                "\(total), \(count), \(astray.load(ordering: .relaxed)), in \(ContinuousClock.now - start)")
        }
    }
}

/// Every byte that is not a letter or digit as an escape, also those of no UTF-8.
private func escaped(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: String(UnicodeScalar(byte))
        default: "%\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
        }
    }.joined()
}

extension String {
    /// Whitespace around a cookie's value is not part of it.
    fileprivate var trimmed: String { trimmingCharacters(in: CharacterSet(charactersIn: " \t")) }
}
