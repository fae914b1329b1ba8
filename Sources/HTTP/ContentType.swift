/// The `Content-Type` of a file, by the ending of its name. Text is UTF-8 and says so; what is unknown is bytes.
enum ContentType {
    static func ofFile(named name: String) -> String {
        guard let dot = name.lastIndex(of: ".") else { return bytes }
        return byEnding[name[name.index(after: dot)...].lowercased()] ?? bytes
    }

    private static let bytes = "application/octet-stream"

    private static let byEnding = [
        "html": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "mjs": "text/javascript; charset=utf-8",
        "json": "application/json; charset=utf-8",
        "map": "application/json; charset=utf-8",
        "webmanifest": "application/manifest+json; charset=utf-8",
        "txt": "text/plain; charset=utf-8",
        // Type declarations: the registered type of the ending is a video format.
        "ts": "text/plain; charset=utf-8",
        "md": "text/markdown; charset=utf-8",
        "xml": "text/xml; charset=utf-8",
        "svg": "image/svg+xml; charset=utf-8",
        "png": "image/png",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "gif": "image/gif",
        "webp": "image/webp",
        "avif": "image/avif",
        "ico": "image/x-icon",
        "woff": "font/woff",
        "woff2": "font/woff2",
        "ttf": "font/ttf",
        "mp3": "audio/mpeg",
        "mp4": "video/mp4",
        "pdf": "application/pdf",
        "wasm": "application/wasm",
    ]
}
