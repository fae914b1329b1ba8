import Foundation
import Synchronization
import TestSupport

/// Requests in quantity, as quickly as the tests' own code can make and read them: batches on one connection, one `send`
/// each, whose answers are compared with what is expected.
struct Load {
    let home: MagpieHome
    /// A visitor who is logged in.
    let visitor: RawVisitor

    static let batch = 25
    /// A server may close a connection after a thousand requests.
    private static let batchesPerConnection = 30

    /// - Returns: how many answers had another status than they should.
    func send(_ total: Int, over connections: Int, from first: Int) -> Int {
        let share = total / connections
        return concurrently(connections) { number in
            var wrong = 0
            var sent = 0
            while sent < share {
                let count = min(share - sent, Self.batch * Self.batchesPerConnection)
                wrong += (try? sendOnOneConnection(count, from: first + number * share + sent)) ?? count
                sent += count
            }
            return wrong
        }
    }

    private func sendOnOneConnection(_ total: Int, from first: Int) throws -> Int {
        let client = try RawClient(port: home.port)
        var wrong = 0
        var sent = 0
        while sent < total {
            let requests = (0..<min(Self.batch, total - sent)).map { request(first + sent + $0) }
            try client.send(requests.map(\.text).joined())
            let statuses = try client.receiveStatuses(requests.count)
            wrong += zip(requests, statuses).count { $0.status != $1 }
            sent += requests.count
        }
        return wrong
    }

    private func request(_ number: Int) -> (text: String, status: Int) {
        var stranger = visitor
        stranger.cookies = [:]
        switch number % 10 {
        case 0, 1, 2: return (stranger.request("GET", Page.path), 200)
        case 3, 4:
            let page = "/get-signature?url=https%3A%2F%2Fh5.example.com%2Fp%2F\(number)"
            return (stranger.request("GET", page), 200)
        case 5: return (visitor.request("GET", "/session"), 200)
        case 6: return (visitor.request("GET", "/auth"), 200)
        case 7: return (stranger.request("GET", "/magpie.json"), 200)
        case 8: return (stranger.request("GET", "/session"), 401)
        default: return (stranger.request("GET", "/get-signature?url=https%3A%2F%2Fevil.example%2F\(number)"), 403)
        }
    }

    private enum Page {
        static let path = "/get-signature?url=https%3A%2F%2Fh5.example.com%2Forders%3Fid%3D1"
    }

    // MARK: - Logins

    /// Visitors who log in, each on a connection of his own; every other one logs out again.
    ///
    /// - Returns: how many did not get through.
    func logIn(_ total: Int, over connections: Int) -> Int {
        concurrently(connections) { _ in
            (0..<(total / connections)).count { (try? logInOnce(logsOut: $0 % 2 == 0)) != true }
        }
    }

    private func logInOnce(logsOut: Bool) throws -> Bool {
        var visitor = home.visitor()
        let client = try RawClient(port: home.port)
        func visit(_ method: String, _ target: String) throws -> RawResponse {
            try client.send(visitor.request(method, target))
            let response = try client.receiveResponse()
            visitor.keep(response)
            return response
        }
        guard let state = try visit("GET", "/redirect?to=/orders").parameter("state") else { return false }
        let code = home.platform.change { $0.issueCode(MagpieHome.appIDs[0], $0.person) }
        let end = try visit("GET", "/redirect?code=\(code)&state=\(state)")
        guard end.status == 302, end["location"] == "/orders" else { return false }
        return try logsOut ? visit("POST", "/logout").status == 204 : true
    }
}

/// Runs on so many threads at a time, and adds up. They wait most of the time, so there may be more than cores.
private func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) -> Int) -> Int {
    let sum = Atomic(0)
    let group = DispatchGroup()
    for number in 0..<count {
        group.enter()
        Thread.detachNewThread {
            sum.add(body(number), ordering: .relaxed)
            group.leave()
        }
    }
    group.wait()
    return sum.load(ordering: .sequentiallyConsistent)
}
