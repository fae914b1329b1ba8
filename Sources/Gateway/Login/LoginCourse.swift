import WeChat
import Wire

/// Where a callback leads: to an answer, or else to the exchange of its code.
enum LoginCourse: Sendable {
    case answered(Response)
    case redeems(LoginClaim)
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
