/// A scripted misfortune: the calls of `path` from the `nth` on, `count` of them, go wrong in one way.
struct Fault: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        /// A business refusal in a reply of status 200.
        case errcode(Int, String)
        /// Another status, with the page of an intermediary as its body.
        case status(Int)
        /// The right answer, so many milliseconds late.
        case delay(Int)
        /// No answer for so many milliseconds, then the connection is reset.
        case hang(Int)
        /// Status 200 and bytes that are no JSON.
        case garbage
        /// The connection is reset at once.
        case reset
        /// The right answer, byte by byte, with so many milliseconds between.
        case drip(Int)
        /// The right head, and half of the body it promises.
        case truncate
    }

    let id: Int
    /// Exactly a path, or the beginning of paths when it ends with `*`.
    let path: String
    /// 1 is the first call after the script was given.
    let nth: Int
    let count: Int
    let kind: Kind
    private(set) var seen = 0

    init(id: Int, path: String, nth: Int, count: Int, kind: Kind) {
        self.id = id
        self.path = path
        self.nth = nth
        self.count = count
        self.kind = kind
    }

    var isSpent: Bool { seen >= nth - 1 + count }

    /// Counts a call, and says whether it goes wrong.
    mutating func strikes(_ called: String) -> Bool {
        guard Self.isCovered(called, by: path), !isSpent else { return false }
        seen += 1
        return seen >= nth
    }

    static func isCovered(_ called: String, by path: String) -> Bool {
        path.hasSuffix("*") ? called.hasPrefix(path.dropLast()) : called == path
    }
}

/// The scripts in force. When several match one call each counts it, and the oldest that strikes decides.
struct FaultScript: Sendable {
    private(set) var faults: [Fault] = []
    private var lastID = 0

    mutating func add(path: String, nth: Int, count: Int, kind: Fault.Kind) -> Fault {
        lastID += 1
        let fault = Fault(id: lastID, path: path, nth: nth, count: count, kind: kind)
        faults.append(fault)
        return fault
    }

    mutating func strike(_ path: String) -> Fault.Kind? {
        var struck: Fault.Kind?
        for index in faults.indices where faults[index].strikes(path) {
            struck = struck ?? faults[index].kind
        }
        faults.removeAll { $0.isSpent }
        return struck
    }

    mutating func clear() { faults = [] }
}
