import FoundationEssentials
import Gateway

/// What `check` reads of the public directory.
enum PublicFiles {
    /// The text of every `MP_verify_*.txt`, by name; nil when the directory cannot be read.
    static func verification(in directory: String) -> [String: String]? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else { return nil }
        var texts: [String: String] = [:]
        for name in names where name.hasPrefix("MP_verify_") && name.hasSuffix(".txt") {
            let file = try? SmallFile.read("\(directory)/\(name)", limit: 1_024)
            texts[name] = String(decoding: file?.bytes ?? [], as: UTF8.self)
        }
        return texts
    }
}
