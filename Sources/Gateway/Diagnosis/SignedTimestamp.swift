/// A timestamp that may have been signed: the one the page has, or what it was made of.
struct SignedTimestamp: Sendable, Equatable {
    let text: String
    let mistakes: [SignatureMistake]

    /// What can be seen without a signature.
    static func apparentMistakes(in shown: String) -> [SignatureMistake] {
        guard !shown.isEmpty, shown.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return [.timestampShape] }
        return shown.utf8.count == 13 ? [.milliseconds] : []
    }

    /// A wrong number may have been signed as it is, or have been made right for the server alone.
    static func all(of shown: String) -> [SignedTimestamp] {
        let mistakes = apparentMistakes(in: shown)
        let seconds = mistakes == [.milliseconds] ? shown.dropLast(3) : shown.prefix { $0 != "." }
        let texts = seconds == shown ? [shown] : [shown, String(seconds)]
        return texts.map { SignedTimestamp(text: $0, mistakes: mistakes) }
    }

    /// The page has seconds and milliseconds were signed: one of a thousand.
    static func inMilliseconds(of shown: String) -> [SignedTimestamp] {
        guard apparentMistakes(in: shown).isEmpty else { return [] }
        return (1_000..<2_000).map {
            SignedTimestamp(text: shown + String($0).dropFirst(), mistakes: [.milliseconds])
        }
    }
}
