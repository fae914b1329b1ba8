/// Durations and sizes as people write them: one whole number and one unit.
enum UnitText {
    private static let durations: [(unit: String, length: Duration)] = [
        ("ms", .milliseconds(1)), ("s", .seconds(1)), ("m", .seconds(60)), ("h", .seconds(3_600)),
        ("d", .seconds(86_400)),
    ]
    private static let sizes: [(unit: String, bytes: Int)] = [
        ("b", 1), ("k", 1 << 10), ("kb", 1 << 10), ("kib", 1 << 10), ("m", 1 << 20), ("mb", 1 << 20),
        ("mib", 1 << 20), ("g", 1 << 30), ("gb", 1 << 30), ("gib", 1 << 30),
    ]

    /// `500ms`, `10s`, `15m`, `24h`, `7d`; a bare number is refused, for seconds and milliseconds are too far apart.
    static func duration(_ text: String) -> Duration? {
        guard let (number, unit) = split(text), let entry = durations.first(where: { $0.unit == unit }) else {
            return nil
        }
        return entry.length * number
    }

    /// `65536`, `64 KiB`, `1MiB`, `2 GiB`; the units are powers of 1,024.
    static func bytes(_ text: String) -> Int? {
        guard let (number, unit) = split(text) else { return nil }
        let factor = unit.isEmpty ? 1 : sizes.first { $0.unit == unit.lowercased() }?.bytes
        guard let factor else { return nil }
        let (product, overflows) = number.multipliedReportingOverflow(by: factor)
        return overflows ? nil : product
    }

    /// The shortest exact spelling.
    static func describe(_ duration: Duration) -> String {
        for (unit, length) in durations.reversed() {
            let count = Int(duration / length)
            if count > 0, length * count == duration { return "\(count)\(unit)" }
        }
        return "0s"
    }

    /// The shortest exact spelling.
    static func describe(bytes: Int) -> String {
        let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        guard let (unit, size) = units.first(where: { bytes >= $0.1 && bytes % $0.1 == 0 }) else { return "\(bytes)" }
        return "\(bytes / size) \(unit)"
    }

    /// At most nine digits, so that no unit can overflow.
    private static func split(_ text: String) -> (number: Int, unit: String)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard (1...9).contains(digits.count), let number = Int(digits) else { return nil }
        return (number, String(text.dropFirst(digits.count).drop { $0 == " " }))
    }
}
