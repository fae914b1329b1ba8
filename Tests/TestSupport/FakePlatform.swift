import CLinux
import Foundation
import Glibc
import Synchronization

/// WeChat's API and its authorisation page, as far as Magpie uses them: a server for tests on threads and blocking
/// sockets, so that it shares nothing with the product, neither code nor mistakes.
///
/// It counts what it is asked and does what a test's script says. `PlatformWorld` knows the answers.
package final class FakePlatform: Sendable {
    package struct Call: Sendable {
        package let method: String
        package let path: String
        package let query: [String: String]
        package let body: String
        /// The request line as it came.
        package let line: String
    }

    /// What happens in place of the usual answer.
    package enum Act: Sendable {
        /// A refusal; `message` is sent as it stands, inside the quotes of JSON.
        case errcode(Int, message: String = "scripted")
        case body(String, status: Int = 200)
        /// The connection ends with a RST and no answer.
        case reset
        /// Half an answer, then the end.
        case cut
        /// No answer until the caller gives up.
        case hang
        /// The usual answer, once somebody calls `release()`.
        case held
    }

    package let port: UInt16
    private let state: Mutex<State>
    private let gate = Gate()

    private struct State {
        var world: PlatformWorld
        var calls: [Call] = []
        /// Used up from the front.
        var script: [String: [Act]] = [:]
        /// For every call without a script.
        var standing: [String: Act] = [:]
        var listener: Int32 = -1
        var connections: Set<Int32> = []
    }

    package init(world: PlatformWorld = PlatformWorld()) {
        port = FreePort.take()
        state = Mutex(State(world: world))
        goUp()
    }

    deinit {
        goDown()
    }

    package var origin: String { "http://127.0.0.1:\(port)" }

    /// How often a path was asked.
    package func count(_ path: String) -> Int {
        state.withLock { $0.calls.count { $0.path == path } }
    }

    package var tokenCalls: Int { count("/cgi-bin/stable_token") + count("/cgi-bin/token") }
    package var ticketCalls: Int { count("/cgi-bin/ticket/getticket") }
    package var exchanges: Int { count("/sns/oauth2/access_token") }
    package var calls: [Call] { state.withLock { $0.calls } }

    /// Changes, or looks at, what the platform knows.
    @discardableResult
    package func change<Value: Sendable>(_ body: (inout PlatformWorld) -> sending Value) -> Value {
        state.withLock { body(&$0.world) }
    }

    /// The next calls of a path, first to last.
    package func script(_ path: String, _ acts: Act...) {
        state.withLock { $0.script[path, default: []] += acts }
    }

    /// Every further call of a path; nil for the usual answers.
    package func always(_ path: String, _ act: Act?) {
        state.withLock { $0.standing[path] = act }
    }

    /// Lets go of every call that is held.
    package func release() {
        gate.open()
    }

    /// Waits until a path was asked so often.
    package func waitForCalls(of path: String, count wanted: Int, seconds: Int = 10) -> Bool {
        for _ in 0..<(seconds * 200) {
            if count(path) >= wanted { return true }
            usleep(5_000)
        }
        return false
    }

    // MARK: - Listening

    /// Nobody listens any more, and whoever is connected is cut off.
    package func goDown() {
        state.withLock { state in
            // The threads notice by themselves, and close what is theirs.
            shutdown(state.listener, Int32(SHUT_RDWR))
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
            state.listener = -1
        }
        gate.open()
    }

    package func goUp() {
        let listener = openSocket()
        precondition(bindLoopback(listener, port) && listen(listener, 512) == 0, "port \(port) is taken")
        state.withLock { $0.listener = listener }
        Thread.detachNewThread { [weak self] in
            while true {
                let descriptor = accept4(listener, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
                guard descriptor >= 0 else { break }
                guard let self else {
                    close(descriptor)
                    break
                }
                state.withLock { _ = $0.connections.insert(descriptor) }
                Thread.detachNewThread { self.serve(descriptor) }
            }
            close(listener)
        }
    }

    // MARK: - Serving

    private func serve(_ descriptor: Int32) {
        defer {
            state.withLock { _ = $0.connections.remove(descriptor) }
            close(descriptor)
        }
        var connection = FakeConnection(descriptor)
        while let call = connection.next() {
            let act = state.withLock { state -> Act? in
                state.calls.append(call)
                if state.script[call.path]?.isEmpty == false { return state.script[call.path]?.removeFirst() }
                return state.standing[call.path]
            }
            switch act {
            case nil: connection.send(answer(to: call))
            case .held?:
                gate.wait()
                connection.send(answer(to: call))
            case .errcode(let code, let message)?:
                connection.send(.json(#"{"errcode":\#(code),"errmsg":"\#(message)"}"#))
            case .body(let body, let status)?: connection.send(.init(status: status, fields: [], body: body))
            case .reset?: return connection.reset()
            case .cut?: return connection.sendHalf(answer(to: call))
            case .hang?: return connection.waitForEnd()
            }
        }
    }

    private func answer(to call: Call) -> PlatformAnswer {
        state.withLock { $0.world.answer(call) }
    }
}

/// Closed until it is opened.
private final class Gate: @unchecked Sendable {
    // Guards itself: every access holds the condition.
    private let condition = NSCondition()
    private var isOpen = false

    func open() {
        condition.lock()
        isOpen = true
        condition.broadcast()
        condition.unlock()
    }

    func wait() {
        condition.lock()
        while !isOpen { condition.wait() }
        condition.unlock()
    }
}
