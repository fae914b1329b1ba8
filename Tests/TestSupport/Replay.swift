import Foundation

/// Cases of the corpus replayed against a server, many at a time, in pieces that really arrive one after the other: the
/// next ones leave when the kernel says that the server has read all that came before.
package struct Replay: Sendable {
    package struct Trial: Sendable, CustomStringConvertible {
        package let item: HTTPCase
        /// Where the bytes are cut, in order.
        package let cuts: [Int]

        package init(_ item: HTTPCase, cuts: [Int] = []) {
            self.item = item
            self.cuts = cuts
        }

        package var description: String {
            cuts.count > 8 ? "\(item), in \(cuts.count + 1) pieces" : "\(item), cut at \(cuts)"
        }
    }

    package struct Outcome {
        package var responses: [RawResponse] = []
        /// What is no response, or one cut short.
        package var rest = ""
        package var wasReset = false

        /// The statuses, and -1 for a rest.
        package var statuses: [Int] { responses.map(\.status) + (rest.isEmpty ? [] : [-1]) }
    }

    /// What follows every case: answered where the connection goes on, and never elsewhere.
    private static let sentinel = Array("GET /auth HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8)

    private let port: UInt16
    private let waits: Bool

    /// - Parameter waits: False where it is enough that the pieces leave one by one, each after those of the others.
    package init(port: UInt16, waits: Bool = true) {
        self.port = port
        self.waits = waits
    }

    /// A server whose deadlines no busy machine reaches.
    package static var patient: MagpieHome.Settings {
        var settings = MagpieHome.Settings()
        settings.limits = #"headerTimeout: "2m", bodyTimeout: "2m", idleTimeout: "10m""#
        return settings
    }

    /// The sequences of statuses that are right, with the sentinel's.
    package static func wanted(_ item: HTTPCase) -> [[Int]] {
        item.expect.map { $0 + (item.open ? [401] : []) }
    }

    /// What the server answered to each, in their order.
    package func outcomes(of trials: [Trial], atOnce: Int = 250) throws -> [Outcome] {
        var outcomes: [Outcome] = []
        for start in stride(from: 0, to: trials.count, by: atOnce) {
            outcomes += try batch(Array(trials[start..<min(trials.count, start + atOnce)]))
        }
        return outcomes
    }

    private func batch(_ trials: [Trial]) throws -> [Outcome] {
        let clients = try trials.map { _ in try RawClient(port: port) }
        for client in clients { client.sendAtOnce() }
        let messages = trials.map { $0.item.bytes + Self.sentinel }
        var isOpen = trials.map { _ in true }
        for round in 0...(trials.map(\.cuts.count).max() ?? 0) {
            for (number, trial) in trials.enumerated() where isOpen[number] && round <= trial.cuts.count {
                let start = round == 0 ? 0 : trial.cuts[round - 1]
                let end = round == trial.cuts.count ? messages[number].count : trial.cuts[round]
                // A server that has refused may be gone already.
                isOpen[number] = (try? clients[number].send(Array(messages[number][start..<end]))) != nil
            }
            if waits { try waitUntilRead() }
        }
        return zip(trials, clients).map { trial, client in
            let outcome = outcome(client, isToHead: trial.item.isToHead)
            // Without this each connection would wait a minute in the kernel's tables.
            client.reset()
            return outcome
        }
    }

    private func outcome(_ client: RawClient, isToHead: Bool) -> Outcome {
        var outcome = Outcome()
        while let response = try? client.receiveResponse(toHead: isToHead && outcome.responses.isEmpty) {
            outcome.responses.append(response)
        }
        do {
            outcome.rest = try client.receiveToEnd()
        } catch {
            outcome.wasReset = true
        }
        return outcome
    }

    // MARK: - The kernel's queues

    private func waitUntilRead() throws {
        for _ in 0..<200_000 {
            if isRead() { return }
            usleep(300)
        }
        throw ChildProcess.Failure("the server at port \(port) does not read what it is sent")
    }

    /// Whether nothing lies unaccepted, unread or on its way to the server: a line of proc(5)'s `/proc/net/tcp` is
    /// `NUMBER: ADDRESS:PORT ADDRESS:PORT STATE SENDING:UNREAD …`, own end first, in columns of a fixed width.
    private func isRead() -> Bool {
        let wanted = Array(":\(String(UInt32(port) + 0x10000, radix: 16, uppercase: true).dropFirst())".utf8)
        let zero = Array("00000000".utf8)
        let bytes = readBytes("/proc/net/tcp")
        var line = 0
        while let end = bytes[line...].firstIndex(of: UInt8(ascii: "\n")) {
            defer { line = end + 1 }
            guard end - line > 80, let number = bytes[line..<line + 16].firstIndex(of: UInt8(ascii: ":")) else {
                continue
            }
            func column(_ start: Int, _ count: Int) -> ArraySlice<UInt8> {
                bytes[number + start..<number + start + count]
            }
            if column(10, 5).elementsEqual(wanted), !column(42, 8).elementsEqual(zero) { return false }
            if column(24, 5).elementsEqual(wanted), !column(33, 8).elementsEqual(zero) { return false }
        }
        return true
    }
}
