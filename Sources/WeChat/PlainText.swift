/// Text that strangers chose, such as nicknames, made fit for pages, headers and terminals.
enum PlainText {
    /// Without control characters, direction marks and the like, at most `longest` characters; `nil` for nothing.
    ///
    /// Joiners (U+200D) stay, because emoji are made with them.
    static func clean(_ text: String?, longest: Int = 128) -> String? {
        guard let text else { return nil }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where scalar == "\u{200D}" || scalar.isVisible { scalars.append(scalar) }
        // Characters may be made of any number of scalars, so that both are counted.
        let short = String(String(scalars).prefix(longest)).unicodeScalars.prefix(longest * 8)
        return short.isEmpty ? nil : String(String.UnicodeScalarView(short))
    }
}

extension Unicode.Scalar {
    /// Whether it shows, and shows where it stands: control characters, direction marks and separators of lines do not.
    var isVisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: true
        }
    }
}
