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
        /// Bytes that need not be an answer.
        case lie(Lie)
    }

    package let port: UInt16
    /// What it speaks TLS with; nil for plain HTTP.
    private let identity: CertificateAuthority.Identity?
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
        var door = Door.open
        /// The door to show once a path has been answered.
        var armed: (path: String, door: Door)?
        /// Sockets that only stand in the way of others.
        var plugs: [Int32] = []
        var connections: Set<Int32> = []
        var accepted = 0
        var flooded = 0
    }

    package init(world: PlatformWorld = PlatformWorld(), identity: CertificateAuthority.Identity? = nil) {
        port = FreePort.take()
        self.identity = identity
        state = Mutex(State(world: world))
        goUp()
    }

    deinit {
        goDown()
    }

    package var origin: String { "\(identity == nil ? "http" : "https")://127.0.0.1:\(port)" }

    /// How many connections were taken.
    package var accepted: Int { state.withLock { $0.accepted } }
    /// How many bytes somebody took of an answer that does not end.
    package var flooded: Int { state.withLock { $0.flooded } }

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
        show(.closed)
        state.withLock { state in
            // The threads notice by themselves, and close what is theirs.
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
        gate.open()
    }

    package func goUp() {
        show(.open)
    }

    /// Shows a door as soon as a path has been answered, before the caller knows the answer.
    package func show(_ door: Door, afterAnswerOf path: String) {
        state.withLock { $0.armed = (path, door) }
    }

    /// Receives further connections so; those that are there go on.
    package func show(_ door: Door) {
        state.withLock { state in
            state.door = door
            state.armed = nil
            for plug in state.plugs { close(plug) }
            state.plugs = []
            switch door {
            case .closed, .blackHole:
                if state.listener >= 0 { shutdown(state.listener, Int32(SHUT_RDWR)) }
                state.listener = -1
                if case .blackHole = door { state.plugs = plugged(port) }
            case .open, .silent, .slammed, .shut, .greeting, .certificate:
                guard state.listener < 0 else { return }
                let listener = bound(port, backlog: 512)
                state.listener = listener
                Thread.detachNewThread { [weak self] in
                    while true {
                        let descriptor = accept4(listener, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
                        guard descriptor >= 0 else { break }
                        guard let self else {
                            close(descriptor)
                            break
                        }
                        Thread.detachNewThread { self.receive(descriptor) }
                    }
                    close(listener)
                }
            }
        }
    }

    // MARK: - Serving

    private func receive(_ descriptor: Int32) {
        let door = state.withLock { state in
            state.connections.insert(descriptor)
            state.accepted += 1
            return state.door
        }
        defer {
            state.withLock { _ = $0.connections.remove(descriptor) }
            close(descriptor)
        }
        var plain = FakeConnection(descriptor)
        switch door {
        case .open: serve(descriptor, identity)
        case .certificate(let other): serve(descriptor, other)
        case .silent, .blackHole: plain.waitForEnd()
        case .slammed: plain.reset()
        case .shut, .closed: break
        case .greeting(let text):
            plain.send(Array(text.utf8)[...])
            shutdown(descriptor, Int32(SHUT_WR))
            plain.waitForEnd()
        }
    }

    private func serve(_ descriptor: Int32, _ identity: CertificateAuthority.Identity?) {
        var tls: TLSSide?
        if let identity {
            tls = TLSSide(descriptor, identity)
            guard tls != nil else { return }
        }
        var connection = FakeConnection(descriptor, tls: tls)
        while let call = connection.next() {
            let act = state.withLock { state -> Act? in
                state.calls.append(call)
                if state.script[call.path]?.isEmpty == false { return state.script[call.path]?.removeFirst() }
                return state.standing[call.path]
            }
            var reply: PlatformAnswer
            switch act {
            case .errcode(let code, let message)?: reply = .json(#"{"errcode":\#(code),"errmsg":"\#(message)"}"#)
            case .body(let body, let status)?: reply = .init(status: status, fields: [], body: body)
            case .reset?: return connection.reset()
            case .hang?: return connection.waitForEnd()
            case .held?:
                gate.wait()
                reply = answer(to: call)
            case nil, .cut?, .lie?: reply = answer(to: call)
            }
            // Where doors change, the next call has to come through one.
            if tls != nil { reply.fields.append(("Connection", "close")) }
            if case .cut? = act { return connection.sendHalf(reply) }
            if case .lie(let lie)? = act {
                let flooded = connection.lie(lie, insteadOf: reply)
                return state.withLock { $0.flooded = max($0.flooded, flooded) }
            }
            connection.send(reply)
            if tls != nil { return }
        }
    }

    private func answer(to call: Call) -> PlatformAnswer {
        let answer = state.withLock { $0.world.answer(call) }
        if let armed = state.withLock({ $0.armed }), armed.path == call.path { show(armed.door) }
        return answer
    }
}

/// A listener on a port of ours that is to be had as soon as the one before has gone.
private func bound(_ port: UInt16, backlog: Int32) -> Int32 {
    let listener = openSocket()
    for _ in 0..<1_000 {
        if bindLoopback(listener, port), listen(listener, backlog) == 0 { return listener }
        usleep(5_000)
    }
    preconditionFailure("port \(port) is taken")
}

/// A listener that takes nobody, and connections that fill its queue: the kernel drops the packets of all others.
private func plugged(_ port: UInt16) -> [Int32] {
    var plugs = [bound(port, backlog: 0)]
    for _ in 0..<16 {
        let plug = openSocket()
        plugs.append(plug)
        _ = fcntl(plug, F_SETFL, O_NONBLOCK)
        _ = withLoopbackAddress(port) { connect(plug, $0, $1) }
        var wish = pollfd(fd: plug, events: Int16(POLLOUT), revents: 0)
        // Loopback answers at once, or never.
        if poll(&wish, 1, 200) == 0 { return plugs }
    }
    preconditionFailure("the queue of a listener has no end")
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
