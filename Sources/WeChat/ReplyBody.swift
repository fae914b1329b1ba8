import Wire

/// The object in a reply, asked for its fields.
///
/// WeChat interchanges `""`, `0`, `[]`, `null` and a missing field, and now and then a number and its text; so do the
/// accessors. A reply is a success when the wanted field is there and `errcode` is not a refusal: half the successes
/// have none.
struct ReplyBody: Sendable {
    private let fields: [String: LooseJSON]

    /// Parsed by content: WeChat says `text/plain` on `/sns/*`, and the header is not even looked at.
    init(_ bytes: [UInt8]) throws(Unreadable) {
        guard case .object(let fields) = try LooseJSON.read(bytes) else { throw .notJSON }
        self.fields = fields
    }

    /// 0 when there is none.
    var errorCode: ErrorCode { ErrorCode(rawValue: integer("errcode") ?? 0) }

    /// As it came: to be shown to nobody before `Redactor` has seen it.
    var errorMessage: String { text("errmsg") ?? "" }

    /// The text, or `nil` where there is nothing to read.
    func text(_ name: String) -> String? { Self.text(of: fields[name]) }

    private static func text(of value: LooseJSON?) -> String? {
        switch value {
        case .string(let text): text.isEmpty ? nil : text
        case .number(let number): number == "0" ? nil : number
        default: nil
        }
    }

    /// The whole number; fractions are cut off and what no `Int` holds is clamped.
    func integer(_ name: String) -> Int? {
        let text: String
        switch fields[name] {
        case .number(let number): text = number
        case .string(let string): text = string
        default: return nil
        }
        if let exact = Int(text) { return exact }
        guard let inexact = Double(text), !inexact.isNaN else { return nil }
        return Int(min(max(inexact, -1e15), 1e15))
    }

    func flag(_ name: String) -> Bool {
        if case .bool(let flag) = fields[name] { return flag }
        return fields[name] == .string("true") || (integer(name) ?? 0) != 0
    }

    /// The texts of an array; anything else in it is passed over.
    func list(_ name: String) -> [String] {
        guard case .array(let elements) = fields[name] else { return [] }
        return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// A token or ticket: a string of visible ASCII of sane length, or the reply is not what it claims to be.
    ///
    /// Tokens of 157 characters have been seen and 512 are promised to be enough.
    func credential(_ name: String) throws(Unreadable) -> String {
        try string(name, longest: 1024) { (0x21...0x7E).contains($0) }
    }

    /// An openid or unionid. They have 28 characters of `[A-Za-z0-9_-]`, and backends get them in headers, file names and
    /// queries of their own, where any other character would mean something.
    func identifier(_ name: String) throws(Unreadable) -> String {
        try string(name, longest: 128, of: Redactor.isCredentialCharacter)
    }

    /// A number is not taken for its text here: whom WeChat means must not depend on how it is written.
    private func string(
        _ name: String, longest: Int, of isAllowed: (UInt8) -> Bool
    ) throws(Unreadable) -> String {
        let value = fields[name]
        guard Self.text(of: value) != nil else { throw .missing(field: name) }
        guard case .string(let text)? = value, text.utf8.count <= longest, text.utf8Span.span.allSatisfy(isAllowed)
        else { throw .invalid(field: name) }
        return text
    }
}
