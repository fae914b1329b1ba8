import Secure

/// What makes a commit of several records one: the list of its steps, on the disk before the first of them is taken.
///
/// The new records lie beside the old ones under temporary names, complete and synced. Publishing the journal (a rename)
/// is the commit. After it, each step is a rename or a removal that can be repeated, so whoever takes the lock next
/// finishes what a dead process began. A reader that finds a journal obeys it, so that it sees all of a commit or none.
struct Journal: Sendable {
    /// No namespace has a dot.
    static let name = "store.journal"

    struct Step: Codable, Sendable {
        /// The record's file, below the store's folder.
        let path: String
        /// The file that takes its place, or `nil` when the record is removed.
        let temporary: String?

        /// Whether it stays with the records: a step that reaches elsewhere was written by nobody here.
        fileprivate var isOurs: Bool { ([path] + (temporary.map { [$0] } ?? [])).allSatisfy(Journal.isRecordFile) }
    }

    let steps: [Step]

    /// What is found under the journal's name.
    enum Content: Sendable {
        case none
        case journal(Journal)
        case damaged
    }

    /// - Throws: `.newerFormat`, as of records.
    static func read(in folder: Folder) throws(StoreError) -> Content {
        let bytes: [UInt8]
        do throws(StoreError) {
            guard let found = try folder.contents(of: name) else { return .none }
            bytes = found
        } catch .permission(_, .notAFile) {
            return .damaged
        }
        if let document = RecordFile.decodeJSON(Document.self, bytes), document.checksum == checksum(document.steps) {
            // As of records.
            let isOurs = document.format == RecordFile.format && document.steps.allSatisfy(\.isOurs)
            return isOurs ? .journal(Journal(steps: document.steps)) : .damaged
        }
        try RecordFile.refuseNewerFormat(bytes)
        return .damaged
    }

    func encode() -> [UInt8] {
        RecordFile.encodeJSON(
            Document(format: RecordFile.format, steps: steps, checksum: Journal.checksum(steps)))
    }

    /// The folders that the steps touch.
    var subfolders: Set<String> { Set(steps.map { PathCheck.parent(of: $0.path) }) }

    /// A namespace, a slash, and a digest with an ending, as `RecordFile` names its files.
    private static func isRecordFile(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && Key.isNamespace(String(parts[0])) && parts[1].first?.isHexDigit == true
            && parts[1].utf8.allSatisfy { byte in
                byte == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            }
    }

    private struct Document: Codable {
        var format: Int
        var steps: [Step]
        var checksum: String
    }

    private static func checksum(_ steps: [Step]) -> String {
        let lines = steps.map { "\($0.path) <- \($0.temporary ?? "-")\n" }.joined()
        return hex(Digest.sha256(Array(lines.utf8)))
    }
}
