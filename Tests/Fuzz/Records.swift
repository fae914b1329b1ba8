import FoundationEssentials
import Glibc
import Secure
@testable import Store

/// Files of the file store: any bytes are a miss or one whole record, and a record that is read means what its file says,
/// within what a record may be. The checksum of an input is set right first, or nothing would ever be looked at behind it.
func examine(_ input: [UInt8]) {
    checkRecord(input, at: "a/b.json")
    if let face = try? JSONDecoder().decode(Face.self, from: Data(input)), Key.isNamespace(face.namespace) {
        checkFace(face)
    }
    if let face = try? JSONDecoder().decode(JournalFace.self, from: Data(input)) {
        let lines = face.steps.map { "\($0.path) <- \($0.temporary ?? "-")\n" }.joined()
        var right = face
        right.checksum = hex(Digest.sha256(Array(lines.utf8)))
        checkJournal(input)
        checkJournal(encoded(right))
    }
    checkRoundTrip(input)
}

/// Any bytes at all come back as they were.
private func checkRoundTrip(_ input: [UInt8]) {
    var choices = Choices(from: input)
    let expiries: [Int64?] = [nil, 0, 1_800_000_000_123, 253_402_300_799_999]
    let expiry = expiries.randomElement(using: &choices) ?? nil
    let key = Key(namespace: "fuzz", name: String(decoding: input.prefix(24), as: UTF8.self))
    let record = Record(value: input, expiry: expiry)
    let written = RecordFile.encode(key, record)
    guard case .record(key.name, record)? = try? RecordFile.decode(written, at: RecordFile.path(of: key)) else {
        fatalError("\(record) is not read as it was written")
    }
}

private struct Face: Codable {
    var format: Int
    var namespace: String
    var name: String
    var expires: String?
    var text: String?
    var base64: String?
    var checksum: String
}

private struct JournalFace: Codable {
    var format: Int
    var steps: [Journal.Step]
    var checksum: String
}

private func encoded(_ face: some Encodable) -> [UInt8] {
    guard let bytes = try? JSONEncoder().encode(face) else { fatalError("texts and numbers always encode") }
    return Array(bytes)
}

@discardableResult
private func checkRecord(_ bytes: [UInt8], at path: String) -> Record? {
    do throws(StoreError) {
        guard case .record(let name, let record) = try RecordFile.decode(bytes, at: path) else { return nil }
        require(path.hasSuffix(".json") && path.contains("/"), "a record at \(path)")
        if let expiry = record.expiry { require((0...253_402_300_799_999).contains(expiry), "it expires at \(expiry)") }
        let namespace = String(path.prefix { $0 != "/" })
        let key = Key(namespace: namespace, name: name)
        require(RecordFile.path(of: key) == path, "the record of \(RecordFile.path(of: key)) is read at \(path)")
        guard case .record(name, record)? = try? RecordFile.decode(RecordFile.encode(key, record), at: path) else {
            fatalError("\(record) is not what it is when it is written again")
        }
        return record
    } catch {
        guard case .newerFormat(let found, let supported) = error, found > supported else { fatalError("\(error)") }
        return nil
    }
}

private func checkFace(_ face: Face) {
    var right = face
    let value = face.text.map { Array($0.utf8) } ?? face.base64.flatMap { Base64.decode($0) } ?? []
    let expiry = face.expires.flatMap { Timestamp.milliseconds($0) }
    let head = "\(face.namespace)\0\(face.name)\0\(expiry.map(String.init) ?? "-")\0"
    right.checksum = hex(Digest.sha256(Array(head.utf8) + value))
    let path = RecordFile.path(of: Key(namespace: face.namespace, name: face.name))
    guard let record = checkRecord(encoded(right), at: path) else { return }
    require(record.value == value && (record.expiry == nil) == (face.expires == nil), "\(face) is read as \(record)")
    require(checkRecord(encoded(right), at: "\(face.namespace)/0.json") == nil, "a record under another's name")
}

private func checkJournal(_ bytes: [UInt8]) {
    let descriptor = open(Place.folder.displayed(Journal.name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    require(descriptor >= 0 && write(descriptor, bytes, bytes.count) == bytes.count, "no journal to read")
    close(descriptor)
    do throws(StoreError) {
        guard case .journal(let journal) = try Journal.read(in: Place.folder) else { return }
        // A step replaces or removes a record's file, by a file that stands beside it.
        for step in journal.steps {
            for path in [step.path] + (step.temporary.map { [$0] } ?? []) {
                let parts = path.split(separator: "/", omittingEmptySubsequences: false)
                require(parts.count == 2 && Key.isNamespace(String(parts[0])), "a step at \(path.debugDescription)")
                require(parts[1] != ".." && !parts[1].utf8.contains(0), "a step at \(path.debugDescription)")
            }
        }
    } catch {
        guard case .newerFormat(let found, let supported) = error, found > supported else { fatalError("\(error)") }
    }
}

private enum Place {
    static let path = "\(FileManager.default.temporaryDirectory.path)/magpie-fuzz-\(getpid())"

    static let folder: Folder = {
        do throws(StoreError) {
            atexit { try? FileManager.default.removeItem(atPath: Place.path) }
            return try Folder(path)
        } catch {
            fatalError("no folder to read: \(error)")
        }
    }()
}
