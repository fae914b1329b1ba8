import Wire

/// The one of the two languages that a page is written in: the reader's, as his browser says.
enum PageLanguage: Sendable {
    case chinese
    case english

    /// By `Accept-Language` (RFC 9110 §12.5.4); Chinese for whoever names neither, since most readers are.
    init(_ request: Request) {
        let wishes = request.fields.values(.acceptLanguage).joined(separator: ",").split(separator: ",").map { range in
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            return (tag: parts.first ?? "", weight: weight)
        }
        func weight(of tag: String) -> Double {
            wishes.filter { $0.tag == tag || $0.tag.hasPrefix("\(tag)-") }.map(\.weight).max() ?? 0
        }
        self = weight(of: "en") > weight(of: "zh") ? .english : .chinese
    }

    /// For `lang`.
    var tag: String { self == .chinese ? "zh-CN" : "en" }

    func callAsFunction(_ chinese: String, _ english: String) -> String {
        self == .chinese ? chinese : english
    }

    /// How long something takes, roughly.
    func duration(seconds: Int) -> String {
        switch max(0, seconds) {
        case ..<90: self("\(max(0, seconds)) 秒", "\(max(0, seconds)) s")
        case ..<5_400: self("\(seconds / 60) 分钟", "\(seconds / 60) min")
        case ..<36_000:
            self(
                "\(seconds / 3_600) 小时 \(seconds % 3_600 / 60) 分", "\(seconds / 3_600) h \(seconds % 3_600 / 60) min")
        case ..<172_800: self("\(seconds / 3_600) 小时", "\(seconds / 3_600) h")
        default: self("\(seconds / 86_400) 天", "\(seconds / 86_400) days")
        }
    }
}
