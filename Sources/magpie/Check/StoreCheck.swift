import FoundationEssentials
import Gateway
import Glibc
import Secure
import Store

/// Does with the store what a login does: writes a record, finds it, removes it.
enum StoreCheck {
    static func run(_ kind: Gateway.Configuration.StoreKind, _ log: EventLog) async -> Finding {
        switch kind {
        case .memory:
            return .note(
                "the store is in memory: sessions end with the process", "Use sqlite in production.", "生产环境请使用 sqlite。")
        case .file(let path), .sqlite(let path):
            // A store that the wrong user has created could not be opened by the right one, so none is created here.
            guard access(path, F_OK) == 0 else { return creation(of: path) }
            return await probe(kind, "the store \(path)", log)
        }
    }

    private static func creation(of path: String) -> Finding {
        var folder = path
        repeat {
            folder =
                folder.contains("/") ? String(folder.prefix(upTo: folder.lastIndex(of: "/") ?? folder.startIndex)) : "."
            if folder.isEmpty { folder = "/" }
        } while access(folder, F_OK) != 0
        guard access(folder, W_OK | X_OK) == 0 else { return failure("\(path) cannot be created in \(folder)") }
        return .good("the store \(path) can be created")
    }

    private static func probe(
        _ kind: Gateway.Configuration.StoreKind, _ name: String, _ log: EventLog
    ) async -> Finding {
        do throws(StoreError) {
            let store = try OpenedStore.open(kind, log: log)
            let key = Key(namespace: "check", name: Random.hex(bytes: 8))
            let record = Record(value: Array("check".utf8), expires: store.now.addingTimeInterval(60))
            try await store.put(key, record)
            let found = try await store.read(key)
            try await store.remove(key)
            await OpenedStore.close(store)
            return found?.value == record.value
                ? .good("\(name) can be written") : failure("\(name): a record was not found again")
        } catch {
            return failure("\(name): \(error)")
        }
    }

    private static func failure(_ title: String) -> Finding {
        .bad(
            title, "Give it to the user Magpie runs as, and to nobody else: mode 700 for folders, 600 for files.",
            "请检查存储路径的属主与权限（目录 700，文件 600）。")
    }
}
