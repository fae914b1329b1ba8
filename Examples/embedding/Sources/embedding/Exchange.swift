import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// One request and its response, whatever that is: no redirect is followed. On Linux only a session's delegate can see to
/// that, and only for a task without a completion handler.
final class Exchange: NSObject, URLSessionDataDelegate {
    private struct State {
        var body = Data()
        var answer: CheckedContinuation<(body: Data, response: HTTPURLResponse), any Error>?
    }

    private let state = Mutex(State())
    private static let largest = 65_536

    static func send(_ request: URLRequest) async throws -> (body: Data, response: HTTPURLResponse) {
        let exchange = Exchange()
        let session = URLSession(configuration: .ephemeral, delegate: exchange, delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        return try await withCheckedThrowingContinuation { answer in
            exchange.state.withLock { $0.answer = answer }
            session.dataTask(with: request).resume()
        }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let size = state.withLock { state in
            state.body += data
            return state.body.count
        }
        if size > Self.largest { dataTask.cancel() }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let (answer, body) = state.withLock { state in
            defer { state.answer = nil }
            return (state.answer, state.body)
        }
        if error == nil, let response = task.response as? HTTPURLResponse {
            answer?.resume(returning: (body: body, response: response))
        } else {
            answer?.resume(throwing: error ?? URLError(.badServerResponse))
        }
    }
}
