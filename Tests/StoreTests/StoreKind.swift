import Foundation
import Store
import Synchronization
import Testing

/// The stores that every conformance test runs on; `custom` is one that a user wrote in forty lines.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case memory
    case file
    case sqlite
    case custom

    /// Those that keep their records on a disk, and that processes may share.
    static let onDisk: [StoreKind] = [.file, .sqlite]

    var testDescription: String { rawValue }

    /// Opens a store at `path`; those in memory take no notice of it.
    func open(
        _ path: String, clock: ManualClock? = nil, lockTimeout: Duration = .seconds(5), incidents: Incidents? = nil
    ) throws(StoreError) -> any Store {
        let now: @Sendable () -> Date = { clock?.now ?? Date() }
        let onIncident: @Sendable (StoreIncident) -> Void = { incidents?.add($0) }
        return switch self {
        case .memory: MemoryStore(now: now)
        case .file: try FileStore(directory: path, lockTimeout: lockTimeout, onIncident: onIncident, now: now)
        case .sqlite: try SQLiteStore(path: path, lockTimeout: lockTimeout, onIncident: onIncident, now: now)
        case .custom: DictionaryStore(clock: now)
        }
    }
}

/// A clock that moves when the test says so.
final class ManualClock: Sendable {
    private let time: Mutex<Date>

    init(_ start: Date = Date(timeIntervalSince1970: 1_800_000_000)) { time = Mutex(start) }

    var now: Date { time.withLock { $0 } }
    func advance(by seconds: Double) { time.withLock { $0 += seconds } }
}

/// What a store has reported.
final class Incidents: Sendable {
    private let list = Mutex<[StoreIncident]>([])

    var all: [StoreIncident] { list.withLock { $0 } }
    func add(_ incident: StoreIncident) { list.withLock { $0.append(incident) } }
}

/// A folder of its own for one test (0700), removed when the test lets go of it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        let template = FileManager.default.temporaryDirectory.path + "/store-tests-XXXXXX"
        var name = Array(template.utf8CString)
        guard mkdtemp(&name) != nil else { throw CocoaError(.fileWriteUnknown) }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Where a test's store lies.
    var store: String { path + "/store" }

    /// All files and folders below, by their path from here.
    var files: [String] { FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String }.sorted() ?? [] }

    func mode(_ name: String) -> mode_t? { status(name).map { $0.st_mode & 0o777 } }

    func status(_ name: String) -> stat? {
        var status = stat()
        return lstat("\(path)/\(name)", &status) == 0 ? status : nil
    }
}

/// Runs a test on a store in a folder of its own, and closes it.
func withStore(
    _ kind: StoreKind, _ body: (any Store, ManualClock) async throws -> Void
) async throws {
    let folder = try Scratch()
    let clock = ManualClock()
    let store = try kind.open(folder.store, clock: clock)
    do {
        try await body(store, clock)
    } catch {
        await store.close()
        throw error
    }
    await store.close()
    withExtendedLifetime(folder) {}
}

extension Store {
    /// Closing is the matter of those that keep something open.
    func close() async {
        await (self as? FileStore)?.close()
        await (self as? SQLiteStore)?.close()
    }

    func text(_ key: Key) async throws -> String? {
        try await read(key).map { String(decoding: $0.value, as: UTF8.self) }
    }
}

extension Key {
    /// A key of the tests' own namespace.
    init(_ name: String) { self.init(namespace: "test", name: name) }
}

extension Record {
    init(_ text: String, expires: Date? = nil) { self.init(value: Array(text.utf8), expires: expires) }
}
