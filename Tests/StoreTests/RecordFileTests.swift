import Foundation
import Testing

@testable import Store

/// The file of one record.
@Suite struct RecordFileTests {
    private let key = Key(namespace: "session", name: "a/b \u{E9}")

    @Test func `a person can read a record's name, expiry and text`() throws {
        let record = Record("{\"openid\":\"o1\"}", expires: Date(timeIntervalSince1970: 1_800_000_000.007))
        let text = String(decoding: RecordFile.encode(key, record), as: UTF8.self)
        #expect(text.contains(#""name" : "a/b é""#))
        #expect(text.contains(#""expires" : "2027-01-15T08:00:00.007Z""#))
        #expect(text.contains(#""text" : "{\"openid\":\"o1\"}""#))
        #expect(!text.contains("base64"))
    }

    @Test func `the file is called after the digest of namespace and name`() {
        #expect(
            RecordFile.path(of: Key(namespace: "a", name: "b"))
                // printf 'a\0b' | sha256sum
                == "a/59b271ae1bbcb1d31d41929817f4b16fb439eb4f31520b5ad1d5ce98920a7138.json")
    }

    @Test(arguments: [[], [0], Array("text\n".utf8), Array(0...255), [0xFF]] as [[UInt8]])
    func `what was written is read`(_ value: [UInt8]) throws {
        for expires in [nil, Date(timeIntervalSince1970: 0), Date(timeIntervalSince1970: 1.001), .distantFuture] {
            let record = Record(value: value, expires: expires)
            let content = try RecordFile.decode(RecordFile.encode(key, record), at: RecordFile.path(of: key))
            guard case .record(let name, let read) = content else {
                Issue.record("damaged")
                return
            }
            #expect(name == key.name && read == record)
        }
    }

    @Test func `a record of which any byte is changed or missing is damaged, or says the same`() throws {
        let record = Record("value", expires: Date(timeIntervalSince1970: 1_800_000_000))
        let whole = RecordFile.encode(key, record)
        for index in whole.indices {
            for bit in 0..<8 {
                var flipped = whole
                flipped[index] ^= 1 << bit
                // White space between the tokens may change without a loss.
                let content = try RecordFile.decode(flipped, at: RecordFile.path(of: key))
                if case .record(let name, let read) = content { #expect(name == key.name && read == record) }
            }
            if index < whole.count - 2 {
                guard case .damaged = try RecordFile.decode(Array(whole[..<index]), at: RecordFile.path(of: key)) else {
                    Issue.record("cut at \(index), it was accepted")
                    continue
                }
            }
        }
    }

    @Test func `a record copied over another's is damaged`() throws {
        let bytes = RecordFile.encode(key, Record("x"))
        let other = Key(namespace: "session", name: "other")
        guard case .damaged = try RecordFile.decode(bytes, at: RecordFile.path(of: other)) else {
            Issue.record("accepted")
            return
        }
    }

    /// Found by fuzzing: it was read, and written again with another time.
    @Test func `a record that says it ended before 1970 is damaged`() throws {
        let bytes = RecordFile.encode(key, Record(value: [1], expiry: -30_171_441_600_000))
        guard case .damaged = try RecordFile.decode(bytes, at: RecordFile.path(of: key)) else {
            Issue.record("accepted")
            return
        }
    }

    @Test func `a later format is refused, not taken for damage`() throws {
        let bytes = Array(#"{"format":2,"anything":[]}"#.utf8)
        #expect(throws: StoreError.newerFormat(found: 2, supported: 1)) {
            try RecordFile.decode(bytes, at: "session/x.json")
        }
    }

    @Test func `timestamps are exact to the millisecond, over all four-digit years`() {
        var time: Int64 = 0
        while time < 253_402_300_799_999 {
            #expect(Timestamp.milliseconds(Timestamp.text(time)) == time)
            time += 86_399_999 * 97 + 1
        }
        #expect(Timestamp.text(253_402_300_799_999) == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp.compact(1_800_000_000_007) == "20270115T080000007Z")
        for text in ["", "Z", "2027", "2027-01-15T08:00:00Z", "2027-01-15T08:00:00.x07Z", "x.007Z"] {
            #expect(Timestamp.milliseconds(text) == nil, "\(text)")
        }
    }
}
