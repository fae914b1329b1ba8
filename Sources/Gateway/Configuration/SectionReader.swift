/// Reads one object of the document, key by key, and gathers what is wrong instead of stopping at it.
///
/// The keys a reader was asked for are the keys it knows: whatever else the object holds is a complaint naming the
/// nearest of them, so that no separate list of keys can fall behind.
final class SectionReader {
    typealias Node = ConfigurationDocument.Node

    /// What all readers of one document share.
    final class Findings {
        let positions: [String: ConfigurationDocument.Position]
        private(set) var complaints: [Complaint] = []
        /// Every key any reader knows, with `[]` for indices and `*` for names the operator chooses.
        private(set) var known: Set<String> = []

        init(positions: [String: ConfigurationDocument.Position]) {
            self.positions = positions
        }

        func add(_ path: String, _ objection: Objection, _ severity: Complaint.Severity = .refusal) {
            complaints.append(
                Complaint(
                    severity, path: path, position: positions[path], problem: objection.problem,
                    expected: objection.expected))
        }

        func know(_ pattern: String) { known.insert(pattern) }

        /// Whether a secret stands in the file itself.
        var holdsSecrets = false
    }

    let path: String
    let findings: Findings
    private let pattern: String
    private let members: [String: Node]
    private var asked: Set<String> = []

    init(_ members: [String: Node], path: String = "", pattern: String = "", findings: Findings) {
        self.members = members
        self.path = path
        self.pattern = pattern
        self.findings = findings
    }

    func path(of key: String) -> String { ConfigurationDocument.path(path, key) }

    func complain(_ key: String, _ problem: String, expected: String = "") {
        findings.add(path(of: key), Objection(problem, expected: expected))
    }

    func warn(_ key: String, _ problem: String, expected: String = "") {
        findings.add(path(of: key), Objection(problem, expected: expected), .warning)
    }

    /// The value as it stands; nil when the key is absent or null, which both mean "as by default".
    func node(_ key: String) -> Node? {
        asked.insert(key)
        findings.know(ConfigurationDocument.path(pattern, key))
        if case .null = members[key] { return nil }
        return members[key]
    }

    /// Complains when a key is absent, and so far only then.
    func require(_ key: String, _ expected: String) {
        if node(key) == nil { complain(key, "is missing", expected: expected) }
    }

    /// A value as `take` understands it; nil when it is absent, or wrong and complained of.
    func value<Value>(_ key: String, _ take: (Node) throws(Objection) -> Value) -> Value? {
        guard let node = node(key) else { return nil }
        do throws(Objection) {
            return try take(node)
        } catch {
            findings.add(path(of: key), error)
            return nil
        }
    }

    /// A text as `take` understands it.
    func text<Value>(_ key: String, expected: String, _ take: (String) throws(Objection) -> Value) -> Value? {
        value(key) { node throws(Objection) in
            guard case .string(let text) = node else {
                throw Objection("holds \(node.kind)", expected: expected)
            }
            return try take(text)
        }
    }

    func text(_ key: String, expected: String = "a text that is not empty") -> String? {
        text(key, expected: expected) { text throws(Objection) in
            if text.isEmpty { throw Objection("is empty", expected: expected) }
            return text
        }
    }

    func read(_ key: String, into target: inout Int, in range: ClosedRange<Int>) {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let taken = value(key) { node throws(Objection) -> Int in
            switch node {
            case .integer(let number) where range.contains(number): return number
            case .integer(let number): throw Objection("\(number) is out of range", expected: expected)
            case .number: throw Objection("is not a whole number", expected: expected)
            default: throw Objection("holds \(node.kind)", expected: expected)
            }
        }
        target = taken ?? target
    }

    /// A number of bytes, plain or as `"64 KiB"`.
    func read(_ key: String, into target: inout Int, bytesIn range: ClosedRange<Int>) {
        let bounds = "\(UnitText.describe(bytes: range.lowerBound)) to \(UnitText.describe(bytes: range.upperBound))"
        let expected = "a size from \(bounds): a whole number of bytes, or one of KiB, MiB or GiB as in \"64 KiB\""
        let taken = value(key) { node throws(Objection) -> Int in
            let (number, written): (Int, String)
            switch node {
            case .integer(let plain): (number, written) = (plain, "\(plain)")
            case .string(let text):
                guard let size = UnitText.bytes(text) else {
                    throw Objection("\(quoted(text)) is no size", expected: expected)
                }
                (number, written) = (size, quoted(text))
            default: throw Objection("holds \(node.kind)", expected: expected)
            }
            guard range.contains(number) else { throw Objection("\(written) is out of range", expected: expected) }
            return number
        }
        target = taken ?? target
    }

    func read(_ key: String, into target: inout Duration, in range: ClosedRange<Duration>) {
        let bounds = "\(UnitText.describe(range.lowerBound)) to \(UnitText.describe(range.upperBound))"
        let expected = "a duration from \(bounds), such as \"500ms\", \"10s\", \"15m\", \"24h\" or \"7d\""
        let taken = text(key, expected: expected) { text throws(Objection) in
            guard let duration = UnitText.duration(text) else {
                throw Objection("\(quoted(text)) is no duration", expected: expected)
            }
            guard range.contains(duration) else {
                throw Objection("\(quoted(text)) is out of range", expected: expected)
            }
            return duration
        }
        target = taken ?? target
    }

    func read(_ key: String, into target: inout Bool) {
        let taken = value(key) { node throws(Objection) -> Bool in
            guard case .bool(let flag) = node else {
                throw Objection("holds \(node.kind)", expected: "true or false, without quotation marks")
            }
            return flag
        }
        target = taken ?? target
    }

    /// One of a closed set of words.
    func read<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, into target: inout Choice) {
        let words = Choice.allCases.map(\.rawValue)
        let expected = words.map { "\"\($0)\"" }.joined(separator: ", ")
        let taken = text(key, expected: expected) { text throws(Objection) -> Choice in
            guard let choice = Choice(rawValue: text) else {
                let hint = nearest(to: text, among: words).map { "; did you mean \"\($0)\"?" } ?? ""
                throw Objection("\(quoted(text)) is not a choice\(hint)", expected: expected)
            }
            return choice
        }
        target = taken ?? target
    }

    /// A list, each element as `take` understands it; wrong elements are complained of one by one.
    func list<Element>(_ key: String, of noun: String, _ take: (String) throws(Objection) -> Element) -> [Element]? {
        guard let nodes = nodes(key, of: noun) else { return nil }
        var elements: [Element] = []
        for (index, node) in nodes.enumerated() {
            let place = ConfigurationDocument.path(path(of: key), index)
            do throws(Objection) {
                guard case .string(let text) = node else {
                    throw Objection("holds \(node.kind)", expected: noun)
                }
                elements.append(try take(text))
            } catch {
                findings.add(place, error)
            }
        }
        return elements
    }

    private func nodes(_ key: String, of noun: String) -> [Node]? {
        value(key) { node throws(Objection) in
            guard case .array(let nodes) = node else {
                throw Objection("holds \(node.kind)", expected: "a list of \(noun): […]")
            }
            return nodes
        }
    }

    /// The reader of a nested object. An absent section is read as an empty one, so that its keys are known;
    /// `isPresent` tells the two apart.
    func section(_ key: String, _ read: (_ section: SectionReader, _ isPresent: Bool) -> Void) {
        let members = value(key) { node throws(Objection) in
            guard case .object(let members) = node else {
                throw Objection("holds \(node.kind)", expected: "an object: { … }")
            }
            return members
        }
        let place = path(of: key)
        let reader = SectionReader(
            members ?? [:], path: place, pattern: ConfigurationDocument.path(pattern, key), findings: findings)
        read(reader, members != nil)
        reader.finish()
    }

    /// One reader per object of a list.
    func sections(_ key: String, of noun: String, _ read: (SectionReader) -> Void) {
        for (index, node) in (nodes(key, of: noun) ?? []).enumerated() {
            open(
                node, path: ConfigurationDocument.path(path(of: key), index),
                pattern: ConfigurationDocument.path(pattern, key) + "[]", read)
        }
    }

    /// One reader per member of an object whose keys the operator chooses; nil members are not looked at.
    func eachMember(_ read: (_ name: String, _ section: SectionReader) -> Void) {
        for name in members.keys.sorted() {
            asked.insert(name)
            guard let node = members[name] else { continue }
            open(node, path: path(of: name), pattern: pattern + ".*") { read(name, $0) }
        }
    }

    private func open(_ node: Node, path: String, pattern: String, _ read: (SectionReader) -> Void) {
        guard case .object(let members) = node else {
            return findings.add(path, Objection("holds \(node.kind)", expected: "an object: { … }"))
        }
        let reader = SectionReader(members, path: path, pattern: pattern, findings: findings)
        read(reader)
        reader.finish()
    }

    /// Complains of the keys nobody asked for.
    func finish() {
        for key in members.keys.sorted() where !asked.contains(key) {
            if let meant = nearest(to: key, among: asked) {
                complain(key, "unknown key", expected: "perhaps \"\(meant)\"")
            } else {
                complain(key, "unknown key", expected: "one of \(asked.sorted().joined(separator: ", "))")
            }
        }
    }
}
