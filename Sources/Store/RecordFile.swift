import FoundationEssentials
import Secure

/// One record as a JSON file that a person can read.
///
/// The file's name is `hex(SHA-256(namespace ‖ 0 ‖ name)).json` in a folder called like the namespace, so that no text
/// from outside ever becomes a path. The checksum covers everything that the file says; a record edited by hand, torn by
/// a failing disk or copied over another's is damaged.
enum RecordFile {
    static let format = 1
    static let suffix = ".json"

    /// What a file holds.
    enum Content: Sendable {
        case record(name: String, Record)
        case damaged
    }

    /// The name of a key's file, without its ending.
    static func stem(of key: Key) -> String {
        "\(key.namespace)/" + hex(Digest.sha256(Array(key.namespace.utf8) + [0] + Array(key.name.utf8)))
    }

    static func path(of key: Key) -> String { stem(of: key) + suffix }

    /// A name beside the record's that nobody else will ever use.
    static func temporary(for key: Key) -> String { "\(stem(of: key)).\(Random.hex(bytes: 8)).tmp" }

    static func encode(_ key: Key, _ record: Record) -> [UInt8] {
        let text = readableText(record.value)
        return encodeJSON(
            Document(
                format: format, namespace: key.namespace, name: key.name, expires: record.expiry.map(Timestamp.text),
                text: text, base64: text == nil ? Base64.encode(record.value) : nil, checksum: checksum(key, record)))
    }

    /// What lies at `path`, a name below the store's folder; `nil` when there is nothing. A folder, a pipe or a device in a
    /// record's place is damage.
    static func read(_ path: String, in folder: Folder) throws(StoreError) -> Content? {
        do throws(StoreError) {
            return try folder.contents(of: path).map { bytes throws(StoreError) in try decode(bytes, at: path) }
        } catch .permission(_, .notAFile) {
            return .damaged
        }
    }

    /// Reads the bytes of the file at `path`.
    ///
    /// - Throws: `.newerFormat`, for a file that is not damaged but beyond us.
    static func decode(_ bytes: [UInt8], at path: String) throws(StoreError) -> Content {
        if let document = decodeJSON(Document.self, bytes), let (key, record) = document.content,
            document.checksum == checksum(key, record), RecordFile.path(of: key) == path
        {
            // With our checksum it is our format, whatever a flipped bit has made of the number: a later format must
            // have another checksum.
            return document.format == format ? .record(name: key.name, record) : .damaged
        }
        try refuseNewerFormat(bytes)
        return .damaged
    }

    private struct Document: Codable {
        var format: Int
        var namespace: String
        var name: String
        var expires: String?
        /// The value, when it is text; `base64` otherwise.
        var text: String?
        var base64: String?
        var checksum: String

        /// `nil` when the fields do not make a record.
        var content: (Key, Record)? {
            guard Key.isNamespace(namespace),
                let value = text.map({ Array($0.utf8) }) ?? base64.flatMap({ Base64.decode($0) })
            else { return nil }
            var record = Record(value: value)
            if let expires {
                // What `text` can write. Foundation also reads an hour 58, and years before the calendar began.
                guard let expiry = Timestamp.milliseconds(expires), (0...253_402_300_799_999).contains(expiry) else {
                    return nil
                }
                record.expiry = expiry
            }
            return (Key(namespace: namespace, name: name), record)
        }
    }

    private static func checksum(_ key: Key, _ record: Record) -> String {
        let head = "\(key.namespace)\0\(key.name)\0\(record.expiry.map(String.init) ?? "-")\0"
        return hex(Digest.sha256(Array(head.utf8) + record.value))
    }

    /// The value as text when it is UTF-8 that an editor shows, `nil` when it is better written in base64.
    private static func readableText(_ value: [UInt8]) -> String? {
        let isPrintable = value.allSatisfy { byte in
            byte >= 0x20 && byte != 0x7F || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t")
                || byte == UInt8(ascii: "\r")
        }
        return isPrintable ? String(validating: value, as: UTF8.self) : nil
    }

    /// Human-readable, and the same bytes for the same content.
    static func encodeJSON(_ document: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(document) else {
            preconditionFailure("strings and integers can always be written as JSON")
        }
        return Array(data) + [UInt8(ascii: "\n")]
    }

    /// `nil` when the bytes are not this document.
    static func decodeJSON<Document: Decodable>(_ type: Document.Type, _ bytes: [UInt8]) -> Document? {
        try? JSONDecoder().decode(type, from: Data(bytes))
    }

    /// A later version's file, which we could not read, must not be taken for damage and moved away.
    static func refuseNewerFormat(_ bytes: [UInt8]) throws(StoreError) {
        struct Header: Decodable {
            var format: Int
        }
        if let header = decodeJSON(Header.self, bytes), header.format > format {
            throw .newerFormat(found: header.format, supported: format)
        }
    }
}

/// Milliseconds since 1970 as ISO 8601 text, exactly: Foundation's own fraction goes through a `Double` and may lose
/// the last digit.
enum Timestamp {
    static func text(_ milliseconds: Int64) -> String {
        let (seconds, fraction) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let whole = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        let digits = String(fraction + 1000).dropFirst()
        return "\(whole.dropLast()).\(digits)Z"
    }

    /// As part of a file's name, for what is set aside.
    static func compact(_ milliseconds: Int64) -> String {
        text(milliseconds).filter { $0.isLetter || $0.isNumber }
    }

    static func milliseconds(_ text: String) -> Int64? {
        // "….123Z"
        guard text.utf8.count > 5, text.utf8.last == UInt8(ascii: "Z"), let fraction = Int64(text.dropLast().suffix(3)),
            let date = try? Date("\(text.dropLast(5))Z", strategy: .iso8601)
        else { return nil }
        return Int64(date.timeIntervalSince1970) * 1000 + fraction
    }
}
