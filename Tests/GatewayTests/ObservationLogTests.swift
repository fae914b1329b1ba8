import Foundation
import Gateway
import Synchronization
import Testing

struct ObservationLogTests {
    /// 2026-11-21T08:06:01.250Z
    private static let moment = Date(timeIntervalSince1970: 1_795_248_361.25)

    /// Everything a log wrote.
    final class Paper: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
        var lines: [String] { text.split(separator: "\n").map(String.init) }

        func log(
            _ format: EventLog.Format = .json, level: EventLog.Level = .debug, logsAccess: Bool = true
        ) -> EventLog {
            EventLog(
                level: level, format: format, logsAccess: logsAccess, now: { moment },
                write: { line in
                    self.bytes.withLock { $0 += line }
                    return true
                })
        }

        func objects() throws -> [[String: Any]] {
            try lines.map { line in
                try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
        }
    }

    @Test func `a JSON line holds time, level, event and the fields in order`() {
        let paper = Paper()
        let log = paper.log()
        log.info("login", [.account("main"), .status(302), .errcode(-1), .reason("two words")])
        log.flush()
        #expect(
            paper.text == """
                {"time":"2026-11-21T08:06:01.250Z","level":"info","event":"login","account":"main","status":302,\
                "errcode":-1,"reason":"two words"}

                """)
    }

    @Test func `a text line is short and coloured only where asked`() {
        let plain = Paper()
        let log = plain.log(.text(isColored: false))
        log.warn("token refused", [.account("main"), .reason("two words"), .count(3)])
        log.flush()
        #expect(plain.text == "08:06:01.250 WARN  token refused account=main reason=\"two words\" count=3\n")
        let colored = Paper()
        let second = colored.log(.text(isColored: true))
        second.error("x")
        second.flush()
        #expect(colored.text == "08:06:01.250 \u{1B}[31mERROR\u{1B}[0m x\n")
    }

    @Test func `each line has its own time, wherever the clock goes`() throws {
        let times = Mutex([361.25, 361.999, 362, 361, -1_795_248_000.5])
        let paper = Mutex<[UInt8]>([])
        let log = EventLog(
            format: .json, now: { Date(timeIntervalSince1970: 1_795_248_000 + times.withLock { $0.removeFirst() }) },
            write: { bytes in
                paper.withLock { $0 += bytes }
                return true
            })
        for _ in 0..<5 { log.info("line") }
        log.flush()
        let text = paper.withLock { String(decoding: $0, as: UTF8.self) }
        #expect(
            text.split(separator: "\n").map { $0.dropFirst(9).prefix(24) } == [
                "2026-11-21T08:06:01.250Z", "2026-11-21T08:06:01.999Z", "2026-11-21T08:06:02.000Z",
                "2026-11-21T08:06:01.000Z", "1969-12-31T23:59:59.500Z",
            ])
    }

    @Test func `lines below the level are not written, and their fields not even made`() {
        let paper = Paper()
        let log = paper.log(level: .warn)
        log.info(
            "quiet",
            {
                Issue.record("fields of a silent line were made")
                return [.count(1)]
            }())
        log.error("loud")
        log.flush()
        #expect(paper.lines.count == 1)
    }

    static let hostile = [
        "\"},{\"forged\":\"line", "a\nb", "a\r\n{\"time\":\"forged\"}", "\u{1B}[2J\u{1B}]0;title\u{07}", "\0",
        "\u{7F}\u{9B}",
        "\u{2028}\u{2029}", "\u{202E}gnp.exe", "back\\slash", "tab\there", "汉字与表情😀", "\u{200B}\u{FEFF}",
    ]

    @Test(arguments: hostile)
    func `no value can forge a line or reach the terminal unescaped`(_ value: String) throws {
        for format in [EventLog.Format.json, .text(isColored: false)] {
            let paper = Paper()
            let log = paper.log(format)
            log.info("event", [.reason(value), .peer(value), .path(value), .method(value)])
            log.flush()
            #expect(paper.text.count { $0 == "\n" } == 1)
            #expect(
                !paper.text.dropLast().unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
            #expect(!paper.text.unicodeScalars.contains("\u{202E}") && !paper.text.unicodeScalars.contains("\u{2028}"))
            if case .json = format {
                // Escaping loses nothing.
                #expect(try paper.objects().first?["reason"] as? String == value)
            }
        }
    }

    @Test func `a long value is cut`() throws {
        let paper = Paper()
        let log = paper.log()
        log.info("event", [.reason(String(repeating: "汉", count: 10_000))])
        log.flush()
        #expect(paper.text.utf8.count < 700)
        #expect(try paper.objects().first?["reason"] as? String == String(repeating: "汉", count: 170) + "…")
    }

    @Test func `openids, sessions and queries are shortened by the fields themselves`() throws {
        let paper = Paper()
        let log = paper.log()
        let id = SessionID.random()
        log.info(
            "login",
            [
                .openID("oABCDEfghijklmnopqrstuvwxyz0"), .session(id),
                .path("/redirect?code=SECRET&state=SECRET#SECRET"),
            ])
        log.flush()
        let object = try #require(paper.objects().first)
        #expect(object["openid"] as? String == "oABCDE…")
        #expect(object["session"] as? String == String(id.storeName.prefix(8)))
        #expect(!paper.text.contains(id.reveal().prefix(8)))
        #expect(object["path"] as? String == "/redirect")
        #expect(redactedOpenID("") == "…")
    }

    @Test func `a reader that stalls costs lines, never time, and the loss is told`() throws {
        let gate = DispatchSemaphore(value: 0)
        let paper = Mutex<[UInt8]>([])
        let log = EventLog(
            format: .json, capacity: 1_000, now: { Self.moment },
            write: { bytes in
                gate.wait()
                paper.withLock { $0 += bytes }
                return true
            })
        for number in 0..<1_000 { log.info("line", [.count(number)]) }
        // Nothing was written yet, and nothing waited.
        #expect(log.lostLines > 900)
        for _ in 0..<100 { gate.signal() }
        log.flush()
        let lost = log.lostLines
        let text = paper.withLock { String(decoding: $0, as: UTF8.self) }
        let lines = text.split(separator: "\n")
        #expect(lines.count { $0.contains("\"event\":\"line\"") } == 1_000 - lost)
        // One line, or several when the reader woke in between: together they tell the whole loss.
        let told = lines.filter { $0.contains("\"event\":\"log lines lost\"") }.compactMap { line in
            line.range(of: "\"count\":").flatMap { Int(line[$0.upperBound...].prefix(while: \.isNumber)) }
        }
        #expect(told.reduce(0, +) == lost)
    }

    @Test func `lines whose sink is gone are counted as lost`() {
        let log = EventLog(format: .json, now: { Self.moment }, write: { _ in false })
        for _ in 0..<5 { log.info("line") }
        log.flush()
        #expect(log.lostLines == 5)
    }

    @Test func `lines of many threads stay whole and in order for each thread`() throws {
        let paper = Paper()
        let log = paper.log()
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for number in 0..<500 { log.info("line", [.attempt(thread), .count(number)]) }
        }
        log.flush()
        let objects = try paper.objects()
        #expect(objects.count == 4_000)
        for thread in 0..<8 {
            let numbers = objects.filter { $0["attempt"] as? Int == thread }.compactMap { $0["count"] as? Int }
            #expect(numbers == Array(0..<500))
        }
    }
}
