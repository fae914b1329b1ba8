import Foundation
import Gateway
import TestSupport
import Testing
import Wire

struct AccessRecordTests {
    private static let json = EventLog.Format.json
    private static let text = EventLog.Format.text(isColored: false)

    private func line(_ record: LoggedRequest, _ format: EventLog.Format = json) -> String {
        let paper = ObservationLogTests.Paper()
        let log = paper.log(format)
        record.write(to: log)
        log.flush()
        return paper.text
    }

    private func object(_ line: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test func `a request is one line, in either form`() {
        let record = LoggedRequest(
            method: .get, path: "/redirect", query: Query(raw: "state=s&code=c"), status: 302, bytes: 0,
            took: .microseconds(1_239), requestID: .drawn(0xA_BCDE_F012_3456), peer: IPAddress("2001:db8::1"))
        #expect(
            line(record) == """
                {"time":"2026-11-21T08:06:01.250Z","level":"info","event":"request","method":"GET","path":"/redirect",\
                "query":["code","state"],"status":302,"bytes":0,"ms":1.23,"request":"000abcdef0123456",\
                "peer":"2001:db8::1"}

                """)
        #expect(
            line(record, Self.text) == """
                08:06:01.250 INFO  request method=GET path=/redirect query=code,state status=302 bytes=0 ms=1.23 \
                request=000abcdef0123456 peer=2001:db8::1

                """)
    }

    @Test func `what there is nothing to say about is left out`() {
        let record = LoggedRequest(
            method: .post, path: "/logout", query: Query(raw: "&&"), status: 204, bytes: 0, took: .zero,
            requestID: .given("r"), peer: nil)
        #expect(
            line(record, Self.text)
                == "08:06:01.250 INFO  request method=POST path=/logout status=204 bytes=0 ms=0.00 request=r\n")
    }

    @Test func `it shows the names of a query, sorted, and never what could be a value`() throws {
        let canary = "CANARYcanaryCANARYcanaryCANARY00"
        let line = line(
            LoggedRequest(
                method: .get, path: "/get-signature?token=\(canary)#\(canary)",
                query: Query(raw: "url=\(canary)&account=&%75rl=2&\(canary)&a+b"), status: 200, bytes: 178,
                took: .microseconds(420), requestID: .given("r-1"), peer: IPAddress("192.0.2.1")))
        let object = try object(line)
        #expect(object["path"] as? String == "/get-signature")
        #expect(object["query"] as? [String] == ["(other)", "account", "url"])
        #expect(object["method"] as? String == "GET" && object["status"] as? Int == 200)
        #expect(object["bytes"] as? Int == 178 && object["ms"] as? Double == 0.42)
        #expect(object["request"] as? String == "r-1" && object["peer"] as? String == "192.0.2.1")
        #expect(object["listener"] == nil)
        #expect(!line.contains("CANARY"))
    }

    @Test func `it is bounded whatever the client sends`() throws {
        let line = line(
            LoggedRequest(
                listener: .admin, method: .other(String(repeating: "M", count: 5_000)),
                path: "/" + String(repeating: "%41", count: 5_000),
                query: Query(raw: (0..<5_000).map { "k\($0)" }.joined(separator: "&")), status: 404, bytes: 0,
                took: .seconds(1), requestID: .given("r"), peer: nil))
        #expect(line.utf8.count < 800)
        let object = try object(line)
        #expect((object["path"] as? String)?.utf8.count == 259)
        #expect((object["query"] as? [String])?.count == 17)
        #expect(object["method"] as? String == "other" && object["listener"] as? String == "admin")
    }

    @Test func `it can be turned off, and a level above it silences it`() {
        let record = LoggedRequest(
            method: .get, path: "/", status: 200, bytes: 0, took: .zero, requestID: .given("r"), peer: nil)
        let paper = ObservationLogTests.Paper()
        for log in [paper.log(logsAccess: false), paper.log(level: .warn)] {
            record.write(to: log)
            log.flush()
        }
        #expect(paper.text.isEmpty)
    }

    @Test func `it says the same as a plain reading of its rules, whatever the request was`() throws {
        var maker = AccessLineMaker(random: Torture.random("access lines"))
        for _ in 0..<1_500 {
            let trial = maker.trial()
            let written = line(trial.record)
            #expect(written == trial.json, "\(trial.record)")
            #expect(line(trial.record, Self.text) == trial.text, "\(trial.record)")
            // Neither reading can be wrong in the same way and still be JSON of one line.
            #expect(try object(written)["path"] is String)
            #expect(written.count { $0.isNewline } == 1 && written.hasSuffix("\n"))
        }
    }
}
