package import FoundationEssentials
import Glibc
import Synchronization

/// What happened, one line per event: JSON for machines, readable text on a terminal.
///
/// The name of an event is a `StaticString` and its fields are a closed set, so nothing that came from outside can
/// reach a line except as an escaped value of a field that is allowed to hold it.
package final class EventLog: Sendable {
    package enum Level: String, CaseIterable, Comparable, Sendable {
        case debug
        case info
        case warn
        case error

        private var weight: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .warn: 2
            case .error: 3
            }
        }

        package static func < (left: Level, right: Level) -> Bool { left.weight < right.weight }
    }

    package enum Format: Sendable {
        case json
        case text(isColored: Bool)
    }

    private struct Verbosity: Sendable {
        var level: Level
        var logsAccess: Bool
    }

    private let verbosity: Mutex<Verbosity>
    private let format: Format
    private let clock: LogClock
    private let writer: LineWriter
    /// Nil for standard output.
    private let file: LogFile?

    /// - Parameters:
    ///   - file: what `reopen` opens anew.
    ///   - write: gets whole lines, blocks as long as it must, answers false when they are lost.
    package init(
        level: Level = .info, format: Format, logsAccess: Bool = true, capacity: Int = 1 << 20, file: LogFile? = nil,
        now: @escaping @Sendable () -> Date = { Date() }, write: @escaping @Sendable ([UInt8]) -> Bool
    ) {
        self.file = file
        verbosity = Mutex(Verbosity(level: level, logsAccess: logsAccess))
        self.format = format
        let clock = LogClock(now)
        self.clock = clock
        writer = LineWriter(
            capacity: capacity,
            lossLine: { count in
                LogLine.of("log lines lost", .warn, [.count(count)], at: clock.time, as: format) { Array($0) }
            },
            sink: write)
    }

    package var level: Level { verbosity.withLock { $0.level } }
    /// Whether requests are logged one by one.
    package var logsAccess: Bool { verbosity.withLock { $0.logsAccess && $0.level <= .info } }

    /// Says more or less from now on.
    func change(to settings: Configuration.Log) {
        verbosity.withLock { $0 = Verbosity(level: settings.level, logsAccess: settings.access) }
    }

    /// Standard output: text when it is a terminal, JSON lines otherwise, unless the configuration decides.
    package static func standardOutput(_ settings: Configuration.Log, noColor: Bool = false) -> EventLog {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let format: Format =
            switch settings.format {
            case .json: .json
            case .text: .text(isColored: isTerminal && !noColor)
            case .auto: isTerminal ? .text(isColored: !noColor) : .json
            }
        return EventLog(level: settings.level, format: format, logsAccess: settings.access) { bytes in
            writeAll(bytes, to: STDOUT_FILENO)
        }
    }

    /// Where the settings say: their file, as JSON lines unless they ask for text, or standard output.
    package static func opened(
        _ settings: Configuration.Log, noColor: Bool = false
    ) throws(LogFile.Failure) -> EventLog {
        guard let path = settings.file else { return standardOutput(settings, noColor: noColor) }
        let file = try LogFile(path)
        return EventLog(
            level: settings.level, format: settings.format == .text ? .text(isColored: false) : .json,
            logsAccess: settings.access, file: file, write: file.write)
    }

    /// Opens the log's file anew, if it goes to one: whoever rotates logs has moved it away.
    package func reopen() {
        guard let file else { return }
        do throws(LogFile.Failure) {
            try file.reopen()
        } catch {
            self.error("log", [.file(error.path), .reason("it goes on in the former file: \(error.reason)")])
        }
    }

    package func debug(_ event: StaticString, _ fields: @autoclosure () -> [LogField] = []) {
        log(.debug, event, fields())
    }

    package func info(_ event: StaticString, _ fields: @autoclosure () -> [LogField] = []) {
        log(.info, event, fields())
    }

    package func warn(_ event: StaticString, _ fields: @autoclosure () -> [LogField] = []) {
        log(.warn, event, fields())
    }

    package func error(_ event: StaticString, _ fields: @autoclosure () -> [LogField] = []) {
        log(.error, event, fields())
    }

    package func log(_ level: Level, _ event: StaticString, _ fields: @autoclosure () -> [LogField] = []) {
        guard level >= self.level else { return }
        LogLine.of(event, level, fields(), at: clock.time, as: format) { writer.append($0) }
    }

    /// Writes the line of one answered request, when requests are logged at all.
    package func access(_ record: AccessRecord) {
        guard logsAccess else { return }
        LogLine.with(
            "request", .info, at: clock.time, as: format, room: record.room, fields: { record.put(to: &$0) },
            take: { writer.append($0) })
    }

    /// Lines that never reached the sink.
    package var lostLines: Int { writer.lostLines }

    /// Waits until every line so far is written, two seconds at most. Called at exit.
    package func flush() {
        writer.flush()
    }
}

/// Writes every byte, waiting where the descriptor is full; false when nobody can read them any more.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if written >= 0 {
            rest = rest.dropFirst(written)
        } else if errno == EAGAIN {
            // Standard output may be shared with a program that made it non-blocking.
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&waiting, 1, -1)
        } else if errno != EINTR {
            return false
        }
    }
    return true
}
