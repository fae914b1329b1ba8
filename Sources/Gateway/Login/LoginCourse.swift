import WeChat
import Wire

/// Where a callback leads: to an answer, or else to the exchange of its code, which is made once the steps before it are
/// done with.
struct LoginCourse: Sendable {
    /// Nil when there is an answer.
    let claim: LoginClaim?
    private let answer: Answer?

    /// Apart, so that those who exchange a code hold no room for it.
    private final class Answer: Sendable {
        let response: Response

        init(_ response: Response) {
            self.response = response
        }
    }

    static func answered(_ response: Response) -> LoginCourse { LoginCourse(claim: nil, answer: Answer(response)) }

    static func redeems(_ claim: LoginClaim) -> LoginCourse { LoginCourse(claim: claim, answer: nil) }

    /// Never inlined, for the same reason.
    @inline(never)
    func response() -> Response {
        guard let answer else { preconditionFailure("a course without a claim has an answer") }
        return answer.response
    }
}

/// A login whose code one callback may exchange: what that callback holds while WeChat takes its time.
final class LoginClaim: Sendable {
    let found: LoginRecords.Found
    let binding: Binding
    /// The browser is told of the binding with the answer.
    let bindsAnew: Bool
    let exchange: CodeExchange

    init(_ found: LoginRecords.Found, _ binding: Binding, isNew: Bool = false, exchange: CodeExchange) {
        self.found = found
        self.binding = binding
        bindsAnew = isNew
        self.exchange = exchange
    }
}
