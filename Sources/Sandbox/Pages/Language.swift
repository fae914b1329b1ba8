import Wire

/// The one of the two languages that a page is written in: the reader's, as their browser says.
enum Language: Sendable {
    case chinese
    case english

    /// By the link's own `lang` (website login has one: `cn` or `en`), else by `Accept-Language` (RFC 9110 §12.5.4); Chinese
    /// for whoever names neither language, since most readers are.
    init(_ request: Request) {
        if let named = request.parameter("lang"), named == "en" || named == "cn" {
            self = named == "en" ? .english : .chinese
            return
        }
        let wishes = request.fields.values(.acceptLanguage).flatMap { $0.split(separator: ",") }.map { range in
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            return (tag: parts.first ?? "", weight: weight)
        }
        let weight = { (tag: String) in
            wishes.filter { $0.tag == tag || $0.tag.hasPrefix(tag + "-") }.map(\.weight).max() ?? 0
        }
        self = weight("en") > weight("zh") ? .english : .chinese
    }

    /// For `lang` and `Content-Language`.
    var tag: String { self == .chinese ? "zh-CN" : "en" }

    func callAsFunction(_ words: Bilingual) -> String { self == .chinese ? words.chinese : words.english }

    func callAsFunction(_ chinese: String, _ english: String) -> String { self == .chinese ? chinese : english }

    /// How long something takes, roughly.
    func duration(_ seconds: Int) -> String {
        let seconds = max(0, seconds)
        return switch seconds {
        case ..<120: self("\(seconds) 秒", "\(seconds) s")
        case ..<7_200: self("\(seconds / 60) 分钟", "\(seconds / 60) min")
        case ..<172_800:
            self(
                "\(seconds / 3_600) 小时 \(seconds % 3_600 / 60) 分", "\(seconds / 3_600) h \(seconds % 3_600 / 60) min")
        default: self("\(seconds / 86_400) 天", "\(seconds / 86_400) days")
        }
    }
}
