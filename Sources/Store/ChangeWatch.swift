import CSQLite
import Synchronization

/// Tells in nanoseconds whether a record that was read earlier is still what the database holds.
///
/// Every commit of any process changes the header of the wal-index (https://www.sqlite.org/walformat.html §2.2), which
/// all processes that have the database open share in memory, before it returns (`walIndexWriteHdr` in
/// https://www.sqlite.org/src/file/src/wal.c). Two equal headers mean equal contents, for they name the log by its
/// salts, how far it is committed, and its checksum up to there. So while the header is the one we *know*, nobody has
/// changed anything, and a stamp holds unless we have noted a change of its key since:
///
/// - Whenever the header is another, no stamp holds. If it was not a commit of ours that changed it, all are made void
///   before the header becomes the known one: whatever was read earlier must be read again.
/// - A commit of ours holds SQLite's write lock from before it looks at the header until it has changed it. If the count
///   of changes is one more then, and the log as long as our commit left it, no other came in between: what it changed
///   is noted, the header is the known one in the same moment, and all other stamps hold on.
/// - A header that is read while somebody writes it is a mixture. It may become the known one, but SQLite reads nothing
///   until both copies are written, and what is read then is stamped with a header that is no more.
final class ChangeWatch: Sendable {
    private struct State: ~Copyable {
        /// The wal-index of the open session; nil while there is none.
        var index: WALIndex?
        /// Nil while nothing is known.
        var known: csqlite_wal_header?
        /// The header at the beginning of our transaction under way.
        var before: csqlite_wal_header?
        var book = ChangeBook()

        /// Whether the database is as we know it. What a stranger has changed is known from now on, and only that.
        mutating func isKnown() -> Bool {
            guard let index else { return false }
            if let known, index.holds(known) { return true }
            // Our own commit has just happened and is about to be noted.
            if before != nil { return false }
            adopt(index.header)
            return known != nil
        }

        mutating func turn(to next: WALIndex?) {
            book.voidAll()
            (index, known, before) = (next, nil, nil)
        }

        mutating func adopt(_ header: csqlite_wal_header) {
            book.voidAll()
            // An empty log has no salts yet to tell it from others.
            known = csqlite_log_length(header) > 0 ? header : nil
        }
    }

    private let state = Mutex(State())

    // MARK: Stamps

    /// For what is read from now on.
    func stamp(_ key: Key) -> Stamp? {
        let place = ChangeBook.place(of: key)
        return state.withLock { $0.isKnown() ? $0.book.stamp(place) : nil }
    }

    func isCurrent(_ stamp: Stamp) -> Bool {
        state.withLock { $0.isKnown() && $0.book.holds(stamp) }
    }

    // MARK: The writer's side

    /// Every reader reads the session's database by now, and nothing else.
    func attach(_ index: WALIndex?) {
        state.withLock { $0.turn(to: index) }
    }

    /// The session is about to be closed, and its wal-index to be unmapped.
    func detach(_ index: WALIndex?) {
        state.withLock { state in
            guard let index, state.index?.isSame(as: index) == true else { return }
            state.turn(to: nil)
        }
    }

    /// Our transaction has the write lock.
    func began() {
        state.withLock { state in
            guard let index = state.index else { return }
            _ = state.isKnown()
            state.before = index.header
        }
    }

    /// Our transaction is committed, and SQLite has told how long the log was then; 0 if it wrote nothing.
    func committed(_ keys: [Key], logPages: Int) {
        let places = keys.map(ChangeBook.place)
        state.withLock { state in
            guard let index = state.index, let before = state.before else { return }
            state.before = nil
            // It changed nothing.
            if index.holds(before) { return }
            let after = index.header
            guard logPages > 0, csqlite_change_count(after) == csqlite_change_count(before) &+ 1,
                Int(csqlite_log_length(after)) == logPages
            else { return state.adopt(after) }
            state.book.note(places)
            state.known = after
        }
    }

    /// It is not, or nobody knows.
    func gaveUp() {
        state.withLock { $0.before = nil }
    }
}

/// The header of a database's wal-index, in the memory that all its connections share.
@safe struct WALIndex: @unchecked Sendable {
    // Mapped for as long as a connection of this process to the database is open: whoever holds it sees to that. Others
    // write to it, so it is read with atomic loads alone.
    private let region: UnsafeRawPointer

    /// Nil for one of a form that we do not know.
    init?(_ region: UnsafeRawPointer?) {
        guard let region = unsafe region, unsafe csqlite_is_wal_index(region) != 0 else { return nil }
        unsafe self.region = unsafe region
    }

    var header: csqlite_wal_header { unsafe csqlite_load_header(region) }

    func holds(_ header: csqlite_wal_header) -> Bool { unsafe csqlite_holds_header(region, header) != 0 }

    func isSame(as other: WALIndex) -> Bool { unsafe region == other.region }
}
