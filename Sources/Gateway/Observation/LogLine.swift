import Wire

/// One line of the log while it is written. Every line, whatever it tells, is put together by these few verbs, and each
/// value is escaped on its way: no caller can forge a line.
struct LogLine: ~Copyable {
    private var writer: ByteWriter
    private let format: EventLog.Format

    private init(_ memory: UnsafeMutableBufferPointer<UInt8>, _ format: EventLog.Format) {
        writer = ByteWriter(memory)
        self.format = format
    }

    /// Makes the line of an event, and hands it over, newline included. Its memory lives as long as the call.
    static func of<Result>(
        _ event: StaticString, _ level: EventLog.Level, _ fields: [LogField], at time: LogTime,
        as format: EventLog.Format, take: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        with(
            event, level, at: time, as: format, room: fields.reduce(0) { $0 + $1.room },
            fields: { line in for field in fields { line.put(field) } }, take: take)
    }

    /// The same for fields that put themselves, and need at most `room` bytes.
    @inline(__always)
    static func with<Result>(
        _ event: StaticString, _ level: EventLog.Level, at time: LogTime, as format: EventLog.Format, room: Int,
        fields: (inout LogLine) -> Void, take: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: frame + event.utf8CodeUnitCount + room) { memory in
            var line = LogLine(memory, format)
            line.open(event, level, time)
            fields(&line)
            line.close()
            return take(line.writer.written)
        }
    }

    /// More than what stands around the event and its fields: in JSON 63 bytes.
    private static let frame = 80

    /// More than a field needs beside its text: its name, which is a short word, punctuation, and a number or an address.
    static let fieldRoom = 64

    /// More than a text needs: each of its bytes may become six, and what is cut ends in another three.
    static func room(forTextOf count: Int, limit: Int = LineEscape.limit) -> Int { 6 * min(count, limit) + 5 }

    private mutating func open(_ event: StaticString, _ level: EventLog.Level, _ time: LogTime) {
        // Names of events are literals of this program, and none needs an escape.
        switch format {
        case .json:
            writer.put("{\"time\":\"")
            writer.put(time.second.span)
            put(milliseconds: time.milliseconds)
            writer.put("Z\",\"level\":\"")
            writer.put(level.rawValue.utf8Span.span)
            writer.put("\",\"event\":\"")
            writer.put(event)
            writer.put(UInt8(ascii: "\""))
        case .text(let isColored):
            // People on a terminal know which day it is.
            writer.put(time.second.span.extracting(11...))
            put(milliseconds: time.milliseconds)
            put(level, isColored: isColored)
            writer.put(event)
        }
    }

    private mutating func close() {
        if case .json = format { writer.put(UInt8(ascii: "}")) }
        writer.put(UInt8(ascii: "\n"))
    }

    /// `.123`
    private mutating func put(milliseconds: Int) {
        writer.put(UInt8(ascii: "."))
        for divisor in [100, 10, 1] { writer.put(UInt8(ascii: "0") + UInt8(milliseconds / divisor % 10)) }
    }

    private mutating func put(_ level: EventLog.Level, isColored: Bool) {
        let (word, color): (StaticString, StaticString) =
            switch level {
            case .debug: ("DEBUG", "90")
            case .info: ("INFO ", "32")
            case .warn: ("WARN ", "33")
            case .error: ("ERROR", "31")
            }
        writer.put(UInt8(ascii: " "))
        if isColored {
            writer.put("\u{1B}[")
            writer.put(color)
            writer.put("m")
        }
        writer.put(word)
        if isColored { writer.put("\u{1B}[0m") }
        writer.put(UInt8(ascii: " "))
    }

    /// What stands before a value.
    private mutating func put(name: StaticString) {
        switch format {
        case .json:
            writer.put(UInt8(ascii: ","))
            writer.put(UInt8(ascii: "\""))
            writer.put(name)
            writer.put(UInt8(ascii: "\""))
            writer.put(UInt8(ascii: ":"))
        case .text:
            writer.put(UInt8(ascii: " "))
            writer.put(name)
            writer.put(UInt8(ascii: "="))
        }
    }
}

extension LogLine {
    mutating func put(_ field: LogField) {
        switch field.value {
        case .text(let text): put(field.name, text.utf8Span.span)
        case .path(let path): put(field.name, path: path.utf8Span.span)
        case .integer(let number): put(field.name, number)
        }
    }

    mutating func put(_ name: StaticString, _ text: Span<UInt8>, limit: Int = LineEscape.limit) {
        put(name: name)
        switch format {
        case .json: LineEscape.putJSON(text, to: &writer, limit: limit)
        case .text: LineEscape.putReadable(text, to: &writer, limit: limit)
        }
    }

    /// A URL's path as it came, percent-encoded; a query in it is cut off.
    mutating func put(_ name: StaticString, path: Span<UInt8>, limit: Int = LineEscape.limit) {
        let end = path.first(UInt8(ascii: "?"), in: path.indices)
        put(name, path.extracting(..<path.first(UInt8(ascii: "#"), in: 0..<end)), limit: limit)
    }

    mutating func put(_ name: StaticString, _ number: Int) {
        put(name: name)
        if number < 0 { writer.put(UInt8(ascii: "-")) }
        writer.put(decimal: number.magnitude)
    }

    /// Milliseconds with two decimals, rounded down: `0.42`.
    mutating func put(_ name: StaticString, _ duration: Duration) {
        put(name: name)
        let hundredths = UInt(clamping: duration.attoseconds / 10_000_000_000_000)
        writer.put(decimal: hundredths / 100)
        writer.put(UInt8(ascii: "."))
        writer.put(UInt8(ascii: "0") + UInt8(hundredths / 10 % 10))
        writer.put(UInt8(ascii: "0") + UInt8(hundredths % 10))
    }

    mutating func put(_ name: StaticString, _ address: IPAddress) {
        putPlain(name) { $0.put(address) }
    }

    mutating func put(_ name: StaticString, hexadecimal number: UInt64) {
        putPlain(name) { $0.put(hexadecimal: number) }
    }

    /// A word that has nothing to escape.
    @inline(__always)
    private mutating func putPlain(_ name: StaticString, _ word: (inout ByteWriter) -> Void) {
        put(name: name)
        if case .json = format { writer.put(UInt8(ascii: "\"")) }
        word(&writer)
        if case .json = format { writer.put(UInt8(ascii: "\"")) }
    }

    mutating func put(_ name: StaticString, _ names: borrowing QueryNames) {
        put(name: name)
        switch format {
        case .json:
            writer.put("[\"")
            names.put(to: &writer, separator: "\",\"")
            writer.put("\"]")
        case .text:
            // The words are plain, and the ellipsis is not.
            if names.areCut { writer.put(UInt8(ascii: "\"")) }
            names.put(to: &writer, separator: ",")
            if names.areCut { writer.put(UInt8(ascii: "\"")) }
        }
    }
}

extension LogField {
    /// More than it takes in a line.
    var room: Int {
        switch value {
        case .text(let text), .path(let text): LogLine.fieldRoom + LogLine.room(forTextOf: text.utf8.count)
        case .integer: LogLine.fieldRoom
        }
    }
}
