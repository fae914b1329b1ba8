import CLinux
import Glibc

/// One `epoll` and what is registered with it. Edge-triggered: a descriptor is registered once, for both directions,
/// and costs no `epoll_ctl` afterwards; the price is that a reader must go on until the socket is empty.
///
/// An event carries (generation, descriptor). The kernel uses a descriptor again as soon as it is closed, possibly
/// between two events of one batch; the generation tells the new owner's events from the old one's.
///
/// `events` is allocated once, has room for `batch` elements and is freed with the poller.
@safe struct Poller: ~Copyable {
    struct Registration {
        var generation: UInt32 = 0
        /// Something was there the last time we were told, and we have not seen the end of it since.
        var isReadable = false
        var isWritable = false
        /// The peer has finished: from here on a short read does not prove that nothing is left.
        var hasEnded = false
        var readSeat: Int32 = -1
        var writeSeat: Int32 = -1

        var isRegistered: Bool { readSeat >= 0 }
    }

    private let epoll: Int32
    private static let batch = 256
    private let events: UnsafeMutablePointer<epoll_event>
    /// Indexed by descriptor: the kernel hands out the lowest free number, so the table stays dense.
    private var table: [Registration] = []

    init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(epoll >= 0, "epoll_create1: \(IOError.last)")
        unsafe events = .allocate(capacity: Self.batch)
    }

    deinit {
        close(epoll)
        unsafe events.deallocate()
    }

    /// Watches the loop's wake-up descriptor, level-triggered, under generation 0, which no registration has.
    func addWakeUp(_ descriptor: Int32) {
        var event = unsafe epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: UInt64(UInt32(descriptor))))
        // `event` is a valid epoll_event for the duration of the call; the kernel copies it.
        let code = unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
        precondition(code == 0, "epoll_ctl: \(IOError.last)")
    }

    /// Registers a descriptor. `shared` is for a listening socket that several loops
    /// watch: the kernel then wakes one of them per connection.
    mutating func add(_ descriptor: Int32, shared: Bool, seats: inout Seats) throws(IOError) {
        let index = Int(descriptor)
        while table.count <= index { table.append(Registration()) }
        let generation = Self.next(table[index].generation)
        // EPOLLEXCLUSIVE goes with few other flags, see epoll_ctl(2).
        let interest =
            shared
            ? EPOLLET.rawValue | EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue
            : EPOLLET.rawValue | EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue
        table[index].generation = generation
        var event = unsafe epoll_event(events: interest, data: epoll_data_t(u64: datum(of: descriptor)))
        // As above: the kernel copies `event`.
        guard unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { throw .last }
        table[index] = Registration(
            generation: generation, isReadable: true, isWritable: true, hasEnded: false,
            readSeat: seats.take(), writeSeat: seats.take())
    }

    /// Forgets a registration. The kernel would forget by itself at `close`, unless somebody holds a duplicate (a
    /// child between `fork` and `exec` does), hence the explicit removal.
    mutating func remove(_ descriptor: Int32, seats: inout Seats) {
        _ = epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
        let old = table[Int(descriptor)]
        seats.giveBack(old.readSeat)
        seats.giveBack(old.writeSeat)
        // A new generation at once: events of the running batch may still name the old one.
        table[Int(descriptor)] = Registration(generation: Self.next(old.generation))
    }

    /// What events of the present registration carry.
    func datum(of descriptor: Int32) -> UInt64 {
        UInt64(table[Int(descriptor)].generation) << 32 | UInt64(UInt32(descriptor))
    }

    subscript(descriptor: Int32) -> Registration { table[Int(descriptor)] }

    /// A socket that is not connected yet counts as hung up; before `connect` that means nothing.
    mutating func beginConnecting(_ descriptor: Int32) {
        table[Int(descriptor)].isWritable = false
        table[Int(descriptor)].hasEnded = false
    }

    mutating func readerMayHaveMore(_ descriptor: Int32) { table[Int(descriptor)].isReadable = true }
    mutating func readerIsDone(_ descriptor: Int32) { table[Int(descriptor)].isReadable = false }
    mutating func writerIsDone(_ descriptor: Int32) { table[Int(descriptor)].isWritable = false }

    /// Waits up to `milliseconds` (-1: for ever) and gets up whom the events concern.
    mutating func wait(milliseconds: Int32, seats: inout Seats, wakeUp: Int32) {
        // `events` has room for `batch` events and lives as long as self.
        let count = unsafe epoll_wait(epoll, events, Int32(Self.batch), milliseconds)
        guard count > 0 else {
            precondition(count == 0 || errno == EINTR, "epoll_wait: \(IOError.last)")
            return
        }
        for index in 0..<Int(count) {
            // The kernel has filled the first `count` elements.
            let event = unsafe events[index]
            let (flags, datum) = unsafe (event.events, event.data.u64)
            if datum >> 32 == 0 {
                var count: UInt64 = 0
                // An eventfd read takes exactly eight bytes.
                _ = unsafe read(wakeUp, &count, 8)
            } else {
                deliver(flags, to: datum, seats: &seats)
            }
        }
    }

    func nudgeReaders(seats: inout Seats) {
        for registration in table where registration.isRegistered { seats.wake(registration.readSeat, .ready) }
    }

    mutating func deliver(_ flags: UInt32, to datum: UInt64, seats: inout Seats) {
        let index = Int(datum & 0xFFFF_FFFF)
        guard table[index].generation == datum >> 32 else { return }
        let ended = flags & (EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
        if ended { table[index].hasEnded = true }
        if ended || flags & EPOLLIN.rawValue != 0 {
            table[index].isReadable = true
            seats.wake(table[index].readSeat, .ready)
        }
        if flags & (EPOLLOUT.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
            table[index].isWritable = true
            seats.wake(table[index].writeSeat, .ready)
        }
    }

    private static func next(_ generation: UInt32) -> UInt32 {
        generation == .max ? 1 : generation + 1
    }
}
