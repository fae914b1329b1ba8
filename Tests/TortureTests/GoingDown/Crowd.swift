import Foundation
import Glibc
import Synchronization
import TestSupport

/// Clients that ask without pause, each on a thread of its own, and what became of every request.
///
/// A request has *failed* when its client, which plays by the rules, is left without an answer: a reset, an end in the
/// middle, a refusal, a wrong status. It has not when a kept connection ends between two requests: then it is sent again
/// on another one (RFC 9112 §9.3.1), and counted as such.
final class Crowd: Sendable {
    enum Habit: CaseIterable {
        /// A connection for each request.
        case fresh
        /// One connection as long as the server keeps it.
        case kept
        /// Four requests at a time.
        case pipelined
        /// A body in ten pieces.
        case slowUpload
    }

    struct Tally: Sendable {
        var answered = 0
        var connections = 0
        var sentAgain = 0
        var failures: [String] = []
    }

    private let port: UInt16
    private let target: String
    private let tally = Mutex(Tally())
    private let isOver = Atomic(false)
    private let left: Atomic<Int>
    private let running: Atomic<Int>

    /// - Parameters:
    ///   - endsWhenRefused: whether a refused connection is the end of a client, and no failure: nobody takes over.
    ///   - requests: how many in all; the clients then end by themselves.
    init(
        of clients: [Habit], port: UInt16, target: String, endsWhenRefused: Bool = false, requests: Int = .max
    ) {
        self.port = port
        self.target = target
        left = Atomic(requests)
        running = Atomic(clients.count)
        for habit in clients {
            Thread.detachNewThread { [self] in
                run(habit, endsWhenRefused: endsWhenRefused)
                running.subtract(1, ordering: .sequentiallyConsistent)
            }
        }
    }

    var soFar: Tally { tally.withLock { $0 } }
    var isRunning: Bool { running.load(ordering: .sequentiallyConsistent) > 0 }

    /// Lets every client finish what it has begun.
    func end() -> Tally {
        isOver.store(true, ordering: .relaxed)
        while isRunning { usleep(1_000) }
        return soFar
    }

    private func run(_ habit: Habit, endsWhenRefused: Bool) {
        var connection: RawClient?
        while !isOver.load(ordering: .relaxed), left.subtract(1, ordering: .relaxed).newValue >= 0 {
            let client: RawClient
            let isReused = connection != nil
            do {
                client = try connection ?? RawClient(port: port, seconds: 30)
            } catch {
                if endsWhenRefused, (error as? RawClient.Failure)?.code == ECONNREFUSED { return }
                fail("\(habit) cannot connect: \(error)")
                // A crowd that is refused must not spin.
                usleep(10_000)
                continue
            }
            if !isReused { tally.withLock { $0.connections += 1 } }
            do {
                let mayGoOn = try exchange(habit, client)
                connection = habit == .fresh || !mayGoOn ? nil : client
            } catch let failure as RawClient.Failure where isReused && failure.isEndBetweenAnswers {
                connection = nil
                tally.withLock { $0.sentAgain += 1 }
            } catch {
                connection = nil
                fail("\(habit)\(isReused ? " on a kept connection" : ""): \(error)")
            }
        }
    }

    /// Asks and waits for the answer. False when the server wants no more on this connection.
    private func exchange(_ habit: Habit, _ client: RawClient) throws -> Bool {
        let head = "Host: 127.0.0.1:\(port)\r\n"
        switch habit {
        case .fresh, .kept:
            try client.send("GET \(target) HTTP/1.1\r\n\(head)\r\n")
            return try take(client, 200, habit)
        case .pipelined:
            try client.send(String(repeating: "GET \(target) HTTP/1.1\r\n\(head)\r\n", count: 4))
            for _ in 0..<3 where try !take(client, 200, habit) {
                throw ChildProcess.Failure("the rest of a pipeline was not answered")
            }
            return try take(client, 200, habit)
        case .slowUpload:
            try client.send("POST /logout HTTP/1.1\r\n\(head)Content-Length: 1000\r\n\r\n")
            for _ in 0..<10 {
                try client.send(String(repeating: "x", count: 100))
                usleep(2_000)
            }
            return try take(client, 204, habit)
        }
    }

    private func take(_ client: RawClient, _ status: Int, _ habit: Habit) throws -> Bool {
        let response = try client.receiveResponse()
        if response.status == status {
            tally.withLock { $0.answered += 1 }
        } else {
            fail("\(habit): \(response.statusLine)")
        }
        return response["connection"] != "close"
    }

    private func fail(_ reason: String) {
        tally.withLock { $0.failures.append(reason) }
    }
}

extension RawClient.Failure {
    /// The server ended the connection in order, before a byte of an answer.
    var isEndBetweenAnswers: Bool { code == ENODATA && call == "recv " }
}
