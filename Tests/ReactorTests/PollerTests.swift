import CLinux
import Glibc
import Testing

@testable import Reactor

@Suite struct PollerTests {
    @Test func `an event of a former registration does not reach the new owner of the descriptor`() throws {
        var poller = Poller()
        var seats = Seats()
        let descriptor = eventfd(0, 0)
        defer { close(descriptor) }
        try poller.add(descriptor, shared: false, seats: &seats)
        let old = poller.datum(of: descriptor)
        poller.remove(descriptor, seats: &seats)
        try poller.add(descriptor, shared: false, seats: &seats)
        poller.readerIsDone(descriptor)

        poller.deliver(EPOLLIN.rawValue | EPOLLHUP.rawValue, to: old, seats: &seats)
        #expect(!poller[descriptor].isReadable)
        #expect(!poller[descriptor].hasEnded)

        poller.deliver(EPOLLIN.rawValue, to: poller.datum(of: descriptor), seats: &seats)
        #expect(poller[descriptor].isReadable)
    }

    @Test func `an event between the end of a registration and the next one reaches nobody`() throws {
        var poller = Poller()
        var seats = Seats()
        let descriptor = eventfd(0, 0)
        defer { close(descriptor) }
        try poller.add(descriptor, shared: false, seats: &seats)
        let old = poller.datum(of: descriptor)
        poller.remove(descriptor, seats: &seats)
        poller.deliver(EPOLLIN.rawValue, to: old, seats: &seats)
        #expect(!poller[descriptor].isReadable)
    }

    @Test func `what is ready is noted, and what a bad descriptor says is thrown`() throws {
        var poller = Poller()
        var seats = Seats()
        let descriptor = eventfd(0, Int32(EFD_NONBLOCK))
        defer { close(descriptor) }
        try poller.add(descriptor, shared: false, seats: &seats)
        poller.readerIsDone(descriptor)
        var one: UInt64 = 1
        write(descriptor, &one, 8)
        poller.wait(milliseconds: 1_000, seats: &seats, wakeUp: -1)
        #expect(poller[descriptor].isReadable)
        #expect(throws: IOError(rawValue: EPERM)) {
            // A plain file cannot be waited for.
            let file = open("/proc/self/exe", O_RDONLY)
            defer { close(file) }
            try poller.add(file, shared: false, seats: &seats)
        }
    }
}
