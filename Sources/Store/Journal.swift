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
        guard let bytes = try folder.contents(of: name) else { return .none }
        if let document = RecordFile.decodeJSON(Document.self, bytes), document.format == RecordFile.format,
            document.checksum == checksum(document.steps)
        {
            return .journal(Journal(steps: document.steps))
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
