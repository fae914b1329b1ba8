import Foundation
import HTTP
import Testing
import Wire

@testable import Gateway

struct SessionRegisterTests {
    let bench = Bench()

    private struct Listed: Decodable {
        struct Entry: Decodable {
            let session: String
            let identities: Int
            let endsAt: Date?
        }

        let sessions: [Entry]
        let after: String?
    }

    private func list(_ query: String = "") async throws -> Listed {
        let answer = await bench.admin().respond(to: try Request(target: "/sessions\(query)"))
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(Listed.self, from: Data(answer.text.utf8))
    }

    private func revoke(_ body: String) async throws -> Response {
        let request = try Request(
            method: .post, target: "/sessions/revoke", fields: [(.contentType, "application/json")],
            body: Array(body.utf8))
        return await bench.admin().respond(to: request)
    }

    private func signedIn(as openID: String, account: String? = nil) async throws -> Visitor {
        var visitor = Visitor()
        let target = "/redirect\(account.map { "/\($0)" } ?? "")?to=/orders"
        _ = try await visitor.logIn(bench, as: openID, target, account: account)
        return visitor
    }

    @Test func `revoking by openid ends all of its sessions at once, and nobody else's`() async throws {
        var phone = try await signedIn(as: "oSeized")
        var tablet = try await signedIn(as: "oSeized")
        var other = try await signedIn(as: "oOther")
        // The same text is another person for another account.
        var namesake = try await signedIn(as: "oSeized", account: "second")
        #expect(try await revoke(#"{"openid":"oSeized","account":"main"}"#).text == #"{"revoked":2}"#)
        #expect(try await phone.get(bench, "/auth").status == .unauthorized)
        #expect(try await tablet.get(bench, "/auth").status == .unauthorized)
        #expect(try await other.get(bench, "/auth").status == .ok)
        #expect(try await namesake.get(bench, "/auth?account=second").status == .ok)
        #expect(try await revoke(#"{"openid":"oSeized"}"#).text == #"{"revoked":1}"#)
        #expect(try await namesake.get(bench, "/auth?account=second").status == .unauthorized)
        #expect(try await revoke(#"{"openid":"oSeized"}"#).text == #"{"revoked":0}"#)
        #expect(
            String(decoding: bench.metrics.exposition(), as: UTF8.self)
                .contains("magpie_sessions_closed_total{reason=\"revoked\"} 3\n"))
        #expect(!bench.logText.contains("oSeized"))
    }

    /// A touch writes the record again.
    @Test func `a session is found by its openid after it was used and after its id was changed`() async throws {
        var visitor = try await signedIn(as: "oVisitor")
        bench.pass(seconds: 3_600)
        #expect(try await visitor.get(bench, "/auth").status == .ok)
        _ = try await visitor.logIn(bench, as: "oThere", "/redirect/second?to=/orders", account: "second")
        #expect(try await revoke(#"{"openid":"oVisitor"}"#).text == #"{"revoked":1}"#)
        #expect(try await visitor.get(bench, "/auth?account=second").status == .unauthorized)
    }

    @Test func `a list names sessions as the log does, page by page, and never whose they are`() async throws {
        var visitors: [Visitor] = []
        for number in 0..<7 { visitors.append(try await signedIn(as: "oPerson\(number)")) }
        var names: [String] = []
        var after: String?
        repeat {
            let page = try await list("?limit=3" + (after.map { "&after=\($0)" } ?? ""))
            #expect(page.sessions.count <= 3)
            names += page.sessions.map(\.session)
            after = page.after
        } while after != nil
        #expect(Set(names).count == 7 && names.count == 7)
        let all = try await list()
        #expect(all.sessions.allSatisfy { $0.identities == 1 && $0.endsAt == bench.now + 86_400 })
        #expect(try await list("?openid=oPerson3").sessions.count == 1)
        #expect(try await list("?openid=oPerson3&account=second").sessions.isEmpty)
        let answer = await bench.admin().respond(to: try Request(target: "/sessions")).text
        #expect(!answer.contains("oPerson"))
        _ = try await visitors[0].post(bench, "/logout")
        #expect(names.count { bench.logText.contains("\"session\":\"\($0)\"") } == 1)
    }

    @Test(arguments: [
        "?limit=0", "?limit=1001", "?limit=x", "?openid=", "?account=nobody", "?limit=1&limit=2",
        "?openid=\(String(repeating: "o", count: 129))",
    ])
    func `a wish that makes no sense is refused`(_ query: String) async throws {
        let answer = await bench.admin().respond(to: try Request(target: "/sessions\(query)"))
        #expect([400, 404].contains(answer.status.code))
        #expect(try await revoke("{}").status == .badRequest)
    }
}
