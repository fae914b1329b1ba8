import Wire

/// The names of a query's parameters as a log may show them: sorted, each once, and as many as any route of ours takes.
///
/// A "name" may be a value in disguise (`?SECRET` has no `=`). The names Magpie and WeChat use are short words; codes,
/// states, tickets and session ids are all longer than that, so other names are not shown.
struct QueryNames: ~Copyable {
    private static let limit = 16

    /// The first of them, and one more to know of.
    private var words = InlineArray<17, ShortWord>(repeating: .none)
    private var count = 0

    init(_ query: QueryView) {
        query.forEachName { insert(ShortWord($0) ?? .other) }
    }

    /// More than they need in a line.
    static let room = (limit + 1) * (ShortWord.limit + 3)

    var isEmpty: Bool { count == 0 }

    /// Whether there are more than are shown.
    var areCut: Bool { count > Self.limit }

    func put(to writer: inout ByteWriter, separator: StaticString) {
        for place in 0..<min(count, Self.limit) {
            if place > 0 { writer.put(separator) }
            words[place].put(to: &writer)
        }
        if areCut {
            writer.put(separator)
            writer.put("…")
        }
    }

    private mutating func insert(_ word: ShortWord) {
        var place = count
        while place > 0, word.precedes(words[place - 1]) { place -= 1 }
        // Behind all that there is room for, or one of them already.
        guard place < words.count, place == 0 || words[place - 1].precedes(word) else { return }
        count = min(count + 1, words.count)
        var last = count - 1
        while last > place {
            words[last] = words[last - 1]
            last -= 1
        }
        words[place] = word
    }
}

/// At most twenty letters, digits, "_", "-" and "."; in place, so that a list of them needs no memory.
private struct ShortWord {
    static let limit = 20

    /// Zeros behind the word, so that words sort as their bytes do.
    private var bytes = InlineArray<20, UInt8>(repeating: 0)
    private var count: Int

    /// Nil for anything else.
    init?(_ text: Span<UInt8>) {
        guard (1...Self.limit).contains(text.count), text.allSatisfy(Self.holds) else { return nil }
        self.init(checked: text)
    }

    private init(checked text: Span<UInt8>) {
        count = text.count
        for place in text.indices { bytes[place] = text[place] }
    }

    static let none = ShortWord(checked: "".utf8Span.span)
    /// What stands for everything that is none.
    static let other = ShortWord(checked: "(other)".utf8Span.span)

    func precedes(_ other: ShortWord) -> Bool {
        for place in 0..<Self.limit where bytes[place] != other.bytes[place] {
            return bytes[place] < other.bytes[place]
        }
        return false
    }

    func put(to writer: inout ByteWriter) { writer.put(bytes.span.extracting(..<count)) }

    private static func holds(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
