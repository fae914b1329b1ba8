import CLinux
import Glibc

/// Small programs that the kernel runs on packets (socket(7), SO_ATTACH_FILTER): with them a listening socket leaves
/// without losing anybody.
///
/// When a listening socket closes, the kernel resets every connection that waits in its queue and every handshake under
/// way. So nobody new may come before it closes, and nobody who is not let in may be told "refused" yet. No privilege
/// is needed for either program; a kernel without them (gVisor) closes as it always did.
enum PacketFilter {
    /// From now on the socket takes no first packet of a handshake. Its sender hears nothing and repeats it a second
    /// later, when somebody else listens here, or nobody. Handshakes under way and connections go on.
    static func dropNewHandshakes(_ descriptor: Int32) {
        let (flags, reset, begin, acknowledge) = (UInt32(13), UInt32(0x04), UInt32(0x02), UInt32(0x10))
        run(
            SO_ATTACH_FILTER, on: descriptor,
            [
                // The packet begins with the TCP header, whose byte 13 holds the flags (RFC 9293 §3.1).
                sock_filter(code: 0x30, jt: 0, jf: 0, k: flags),
                sock_filter(code: 0x54, jt: 0, jf: 0, k: reset | begin | acknowledge),
                sock_filter(code: 0x15, jt: 0, jf: 1, k: begin),
                sock_filter(code: 0x06, jt: 0, jf: 0, k: 0),
                sock_filter(code: 0x06, jt: 0, jf: 0, k: .max),
            ])
    }

    /// From now on new connections go to the sockets at these places of the kernel's list for the address, which is in
    /// the order of `listen`. Where there is no socket at a place the kernel distributes as before.
    static func steer(_ descriptor: Int32, to places: Range<Int>) {
        run(
            SO_ATTACH_REUSEPORT_CBPF, on: descriptor,
            [
                // A random number (SKF_AD_OFF + SKF_AD_RANDOM), modulo their count, from the first of them on.
                sock_filter(code: 0x20, jt: 0, jf: 0, k: 0xFFFF_F000 + 56),
                sock_filter(code: 0x94, jt: 0, jf: 0, k: UInt32(places.count)),
                sock_filter(code: 0x04, jt: 0, jf: 0, k: UInt32(places.lowerBound)),
                sock_filter(code: 0x16, jt: 0, jf: 0, k: 0),
            ])
    }

    /// Ends what `steer` began. The kernel would keep it for the sockets that stay.
    static func stopSteering(_ descriptor: Int32) {
        try? Socket.set(descriptor, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF)
    }

    private static func run(_ option: Int32, on descriptor: Int32, _ program: [sock_filter]) {
        var program = program
        // The kernel copies the program, which lives for the call, and of which it is told the length.
        unsafe program.withUnsafeMutableBufferPointer { instructions in
            var whole = unsafe sock_fprog(len: UInt16(instructions.count), filter: instructions.baseAddress)
            let size = unsafe socklen_t(MemoryLayout.size(ofValue: whole))
            _ = unsafe setsockopt(descriptor, SOL_SOCKET, option, &whole, size)
        }
    }
}
