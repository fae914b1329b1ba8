import Secure

/// Something that was made of settings and the files they name, and is made anew only when one of them has changed: a
/// certificate that was not renewed keeps its tickets, a client its connections.
struct MadeOfFiles<Settings: Equatable & Sendable, Product: Sendable>: Sendable {
    let product: Product
    private let settings: Settings
    /// Nil for a file that cannot be read.
    private let digests: [[UInt8]?]

    /// `former` again if nothing has changed since, else what `make` makes.
    init(
        _ settings: Settings, files: [String], unlike former: MadeOfFiles?, _ make: () throws -> Product
    ) rethrows {
        let digests = files.map { path in (try? SmallFile.read(path)).map { Digest.sha256($0.bytes) } }
        if let former, former.settings == settings, former.digests == digests {
            self = former
            return
        }
        product = try make()
        self.settings = settings
        self.digests = digests
    }
}
