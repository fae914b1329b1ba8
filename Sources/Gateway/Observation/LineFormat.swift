/// One line of the log as bytes, newline included.
struct LineFormat: Sendable {
    private let format: EventLog.Format

    init(_ format: EventLog.Format) {
        self.format = format
    }

    /// - Parameter timestamp: `2026-11-21T08:06:01.123Z`
    func line(at timestamp: [UInt8], level: EventLog.Level, event: StaticString, fields: [LogField]) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        switch format {
        case .json:
            line.append(contentsOf: "{\"time\":\"".utf8)
            line.append(contentsOf: timestamp)
            line.append(contentsOf: "\",\"level\":\"".utf8)
            line.append(contentsOf: level.rawValue.utf8)
            // Names of events are literals of this program, and none needs an escape.
            line.append(contentsOf: "\",\"event\":\"".utf8)
            append(event, to: &line)
            line.append(UInt8(ascii: "\""))
            for field in fields {
                line.append(contentsOf: ",\"".utf8)
                append(field.name, to: &line)
                line.append(contentsOf: "\":".utf8)
                appendJSON(field.value, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        case .text(let isColored):
            // People on a terminal know which day it is.
            line.append(contentsOf: timestamp.dropFirst(11).dropLast())
            line.append(contentsOf: Self.mark(level, isColored: isColored).utf8)
            append(event, to: &line)
            for field in fields {
                line.append(UInt8(ascii: " "))
                append(field.name, to: &line)
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

    private func append(_ text: StaticString, to line: inout [UInt8]) {
        text.withUTF8Buffer { line.append(contentsOf: $0) }
    }

    private func appendJSON(_ value: LogField.Value, to line: inout [UInt8]) {
        switch value {
        case .text(let text): LineEscape.appendJSON(text, to: &line)
        case .integer(let number): line.append(contentsOf: number.description.utf8)
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
        let hundredths = max(0, seconds * 100_000 + attoseconds / 10_000_000_000_000)
        line.append(contentsOf: (hundredths / 100).description.utf8)
        line.append(UInt8(ascii: "."))
        line.append(UInt8(ascii: "0") + UInt8(hundredths / 10 % 10))
        line.append(UInt8(ascii: "0") + UInt8(hundredths % 10))
    }
}
