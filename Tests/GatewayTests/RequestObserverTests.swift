import Foundation
import Reactor
import Testing
import Wire

@testable import Gateway

struct RequestObserverTests {
    private func lines(
        logsAccess: Bool = true, listener: Metrics.Listener = .public, _ request: Request, _ status: Status,
        told: String? = nil
    ) throws -> [[String: Any]] {
        let paper = ObservationLogTests.Paper()
        let log = paper.log(logsAccess: logsAccess)
        let observer = RequestObserver(
            listener: listener, log: log, metrics: Metrics(routes: [], accounts: []),
            addresses: ClientAddress(trusted: [try #require(AddressBlock("10.0.0.0/8"))]), paths: [])
        let start = Deadline.now()
        request.lend {
            observer.answered(
                $0, with: status, requestID: told, bytes: 5, from: start, to: start + .milliseconds(2), wasCut: false)
        }
        log.flush()
        return try paper.objects()
    }

    private func request(_ target: String, _ fields: [(FieldName, String)] = []) throws -> Request {
        var request = try Request(target: target, fields: fields)
        request.peer = IPAddress("10.0.0.1")
        return request
    }

    @Test func `a line tells of the request, its answer and its visitor`() throws {
        let request = try request("/auth?account=a", [(.xForwardedFor, "192.0.2.7")])
        let line = try #require(try lines(listener: .admin, request, .unauthorized).first)
        #expect(line["method"] as? String == "GET" && line["path"] as? String == "/auth")
        #expect(line["query"] as? [String] == ["account"])
        #expect(line["status"] as? Int == 401 && line["bytes"] as? Int == 5 && line["ms"] as? Double == 2)
        #expect(line["peer"] as? String == "192.0.2.7" && line["listener"] as? String == "admin")
        #expect((line["request"] as? String)?.count == 16)
    }

    @Test func `a line has the id that the client was told`() throws {
        let request = try request("/")
        #expect(try lines(request, .notFound, told: "told").first?["request"] as? String == "told")
    }

    @Test func `there is no line where none is wanted, nor for whoever is refused for asking too often`() throws {
        #expect(try lines(logsAccess: false, request("/"), .ok).isEmpty)
        #expect(try lines(request("/"), .tooManyRequests).isEmpty)
    }
}
