import CLinux
import Glibc
import Synchronization

/// Names to addresses, by the system's own `getaddrinfo`, which blocks and knows no deadline: it runs on its own
/// pool, and who asked leaves at the deadline whatever it does.
package enum Resolver {
    typealias Lookup = @Sendable (_ host: String, _ port: UInt16) -> Result<[SocketAddress], IOError>

    /// The addresses of a host in the order to try them, never empty. Numeric ones cost no thread.
    package static func resolve(
        _ host: String, port: UInt16, deadline: Deadline
    ) async throws(IOError) -> [SocketAddress] {
        try await resolve(host, port: port, deadline: deadline, lookup: systemLookup)
    }

    static func resolve(
        _ host: String, port: UInt16, deadline: Deadline, lookup: @escaping Lookup
    ) async throws(IOError) -> [SocketAddress] {
        if let address = SocketAddress(numericHost: host, port: port) { return [address] }
        guard !host.isEmpty, !host.utf8.contains(0) else { throw .nameNotFound }
        let question = Question()
        BlockingPool.resolver.submit {
            // Who asked may have left while this waited for a thread.
            guard !question.isAbandoned.load(ordering: .relaxed) else { return }
            let answer = lookup(host, port)
            question.answer.withLock { $0 = answer }
            question.answered.open()
        }
        do {
            try await question.answered.wait(until: deadline)
        } catch {
            question.isAbandoned.store(true, ordering: .relaxed)
            throw error
        }
        guard let addresses = try question.answer.withLock({ $0 })?.get(), !addresses.isEmpty else {
            throw .nameNotFound
        }
        return addresses
    }

    private final class Question: Sendable {
        let answer = Mutex<Result<[SocketAddress], IOError>?>(nil)
        let answered = Gate()
        let isAbandoned = Atomic(false)
    }

    @Sendable private static func systemLookup(host: String, port: UInt16) -> Result<[SocketAddress], IOError> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // Without a service name, the port is ours to fill in.
        var list: UnsafeMutablePointer<addrinfo>?
        // `list` is written on success only and freed below, exactly then.
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { return .failure(code == EAI_SYSTEM ? .last : IOError(rawValue: code)) }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            // Each entry is valid until freeaddrinfo, and its ai_addr has ai_addrlen bytes.
            let (start, count) = unsafe (entry.pointee.ai_addr, Int(entry.pointee.ai_addrlen))
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
            if let address = unsafe SocketAddress(kernel: bytes)?.with(port: port), !addresses.contains(address) {
                addresses.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        return .success(addresses)
    }
}
