/// The date of HTTP, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7 IMF-fixdate), by integer arithmetic alone.
package enum HTTPDate {
    private static let weekdays: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let secondsPerDay = 86_400
    /// The years that four digits can tell: 1 January 0000 to 31 December 9999.
    private static let range = -62_167_219_200...253_402_300_799

    /// Seconds are since 1970-01-01 00:00 UTC; those outside the years 0 to 9999 become the nearest that are inside.
    package static func format(_ seconds: Int) -> String {
        let seconds = min(max(seconds, range.lowerBound), range.upperBound)
        // Rounded down, also before the epoch.
        let days = (seconds - (seconds < 0 ? secondsPerDay - 1 : 0)) / secondsPerDay
        let time = seconds - days * secondsPerDay
        let (year, month, day) = civil(days)
        var text: [UInt8] = []
        text.reserveCapacity(29)
        // The epoch was a Thursday, the first of the list.
        text.append(text: weekdays[(days % 7 + 7) % 7])
        text.append(text: ", ")
        append(day, digits: 2, to: &text)
        text.append(0x20)
        text.append(text: months[month - 1])
        text.append(0x20)
        append(year, digits: 4, to: &text)
        text.append(0x20)
        append(time / 3600, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        append(time / 60 % 60, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        append(time % 60, digits: 2, to: &text)
        text.append(text: " GMT")
        return String(decoding: text, as: UTF8.self)
    }

    /// Seconds since 1970-01-01 00:00 UTC; nil for anything but a date that `format` could have written.
    package static func parse(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, let day = number(bytes[5..<7]), let year = number(bytes[12..<16]),
            let hour = number(bytes[17..<19]), let minute = number(bytes[20..<22]), let second = number(bytes[23..<25]),
            let month = months.firstIndex(where: { $0.withUTF8Buffer { bytes[8..<11].elementsEqual($0) } })
        else { return nil }
        let seconds = days(year: year, month: month + 1, day: day) * secondsPerDay + hour * 3600 + minute * 60 + second
        // Writing it again tells whether the weekday, the day of the month and every separator were right.
        return format(seconds) == text ? seconds : nil
    }

    private static func append(_ number: Int, digits: Int, to text: inout [UInt8]) {
        var divisor = digits == 4 ? 1000 : 10
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        digits.allSatisfy(\.isDigit) ? digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } : nil
    }

    // The Gregorian calendar has 146,097 days in 400 years. Counting years from March puts the leap day last, so that
    // (153 * month + 2) / 5 gives the days before a month; 719,468 days lie between 0000-03-01 and the epoch.
    // (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".)

    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
