import Wire

/// One line of the log as bytes, newline included.
struct LineFormat: Sendable {
    private let format: EventLog.Format

    init(_ format: EventLog.Format) {
        self.format = format
    }

    func line(at time: LogTime, level: EventLog.Level, event: StaticString, fields: [LogField]) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        switch format {
        case .json:
            line.append(text: "{\"time\":\"")
            line.append(contentsOf: time.second)
            time.appendMilliseconds(to: &line)
            line.append(text: "Z\",\"level\":\"")
            line.append(contentsOf: level.rawValue.utf8)
            // Names of events are literals of this program, and none needs an escape.
            line.append(text: "\",\"event\":\"")
            line.append(text: event)
            line.append(UInt8(ascii: "\""))
            for field in fields {
                // Single bytes are cheaper than short texts.
                line.append(UInt8(ascii: ","))
                line.append(UInt8(ascii: "\""))
                line.append(text: field.name)
                line.append(UInt8(ascii: "\""))
                line.append(UInt8(ascii: ":"))
                appendJSON(field.value, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        case .text(let isColored):
            // People on a terminal know which day it is.
            line.append(contentsOf: time.second.dropFirst(11))
            time.appendMilliseconds(to: &line)
            line.append(contentsOf: Self.mark(level, isColored: isColored).utf8)
            line.append(text: event)
            for field in fields {
                line.append(UInt8(ascii: " "))
                line.append(text: field.name)
                line.append(UInt8(ascii: "="))
                appendReadable(field.value, to: &line)
            }
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static func mark(_ level: EventLog.Level, isColored: Bool) -> String {
        let (word, color) =
            switch level {
            case .debug: ("DEBUG", "90")
            case .info: ("INFO ", "32")
            case .warn: ("WARN ", "33")
            case .error: ("ERROR", "31")
            }
        return isColored ? " \u{1B}[\(color)m\(word)\u{1B}[0m " : " \(word) "
    }

    private func appendJSON(_ value: LogField.Value, to line: inout [UInt8]) {
        switch value {
        case .text(let text): LineEscape.appendJSON(text, to: &line)
        case .integer(let number):
            if number < 0 { line.append(UInt8(ascii: "-")) }
            line.append(decimal: number.magnitude)
        case .milliseconds(let duration): appendMilliseconds(duration, to: &line)
        case .list(let elements):
            line.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                LineEscape.appendJSON(element, to: &line)
            }
            line.append(UInt8(ascii: "]"))
        }
    }

    private func appendReadable(_ value: LogField.Value, to line: inout [UInt8]) {
        switch value {
        case .text(let text): LineEscape.appendReadable(text, to: &line)
        case .list(let elements): LineEscape.appendReadable(elements.joined(separator: ","), to: &line)
        case .integer, .milliseconds: appendJSON(value, to: &line)
        }
    }

    /// Two decimals, rounded down: `0.42`.
    private func appendMilliseconds(_ duration: Duration, to line: inout [UInt8]) {
        let (seconds, attoseconds) = duration.components
        let hundredths = UInt64(max(0, seconds * 100_000 + attoseconds / 10_000_000_000_000))
        line.append(decimal: UInt(hundredths / 100))
        line.append(UInt8(ascii: "."))
        line.append(UInt8(ascii: "0") + UInt8(hundredths / 10 % 10))
        line.append(UInt8(ascii: "0") + UInt8(hundredths % 10))
    }
}

/// When a line was written, in UTC.
struct LogTime: Sendable {
    /// `2026-11-21T08:06:01`
    let second: [UInt8]
    let milliseconds: Int

    /// `.123`
    func appendMilliseconds(to line: inout [UInt8]) {
        line.append(UInt8(ascii: "."))
        for divisor in [100, 10, 1] { line.append(UInt8(ascii: "0") + UInt8(milliseconds / divisor % 10)) }
    }
}
