import Reactor
import Secure
import Synchronization

/// Whom a client trusts. The system's roots take 20 ms to read, so they are read for the first https call, off the loop;
/// a file of the operator's is read at once, because what is wrong with it should be heard at the start.
final class ClientTrust: Sendable {
    private let loaded: Mutex<TLSContext?>

    init(caFile: String?) throws(SecureError) {
        var context: TLSContext?
        if let caFile { context = try TLSContext.client(caFile: caFile) }
        loaded = Mutex(context)
    }

    func context() async throws(SecureError) -> TLSContext {
        if let context = loaded.withLock({ $0 }) { return context }
        // Calls that come at the same time may each read them; the last one stays.
        let context = try await offLoop { () throws(SecureError) in try TLSContext.client() }
        loaded.withLock { $0 = context }
        return context
    }
}
