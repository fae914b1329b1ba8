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
    private let now: @Sendable () -> Date
    private let writer: LineWriter
    /// Nil for standard output.
    private let file: LogFile?
    /// Formatting a date costs a microsecond, and a second has many lines.
    private let second = Mutex<(number: Int, text: [UInt8])>((.min, []))

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
        self.now = now
        let lineFormat = LineFormat(format)
        writer = LineWriter(
            capacity: capacity,
            lossLine: { count in
                lineFormat.line(
                    at: Self.time(of: now()), level: .warn, event: "log lines lost", fields: [.count(count)])
            },
            sink: write)
    }

    package var level: Level { verbosity.withLock { $0.level } }
    /// Whether requests are logged one by one.
    package var logsAccess: Bool { verbosity.withLock { $0.logsAccess } }

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
        writer.append(LineFormat(format).line(at: time(), level: level, event: event, fields: fields()))
    }

    /// Lines that never reached the sink.
    package var lostLines: Int { writer.lostLines }

    /// Waits until every line so far is written, two seconds at most. Called at exit.
    package func flush() {
        writer.flush()
    }

    private func time() -> LogTime {
        let date = now()
        let number = Int(date.timeIntervalSince1970.rounded(.down))
        let text = second.withLock { second in
            if second.number != number {
                second = (number, Self.secondText(of: date))
            }
            return second.text
        }
        return LogTime(second: text, milliseconds: Self.milliseconds(of: date))
    }

    private static func time(of date: Date) -> LogTime {
        LogTime(second: secondText(of: date), milliseconds: milliseconds(of: date))
    }

    /// `2026-11-21T08:06:01`
    private static func secondText(of date: Date) -> [UInt8] {
        let whole = Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
        return Array(whole.formatted(.iso8601).utf8.dropLast())
    }

    private static func milliseconds(of date: Date) -> Int {
        let seconds = date.timeIntervalSince1970
        return Int((seconds - seconds.rounded(.down)) * 1_000)
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
