import Glibc

/// Whether the log's file can be written. It is not made by looking: the wrong user's would shut out the right one.
enum LogFileCheck {
    static func run(_ path: String) -> Finding {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let isThere = access(path, F_OK) == 0
        let isWritable = isThere ? access(path, W_OK) == 0 : access(folder, W_OK | X_OK) == 0
        guard !isWritable else { return .good("log.file \(path) can be \(isThere ? "written" : "created")") }
        return .bad(
            "log.file \(path) cannot be \(isThere ? "written" : "created")",
            "Make the folder, and give it to the user Magpie runs as.", "请创建日志目录，并将其交给运行 Magpie 的用户。")
    }
}
