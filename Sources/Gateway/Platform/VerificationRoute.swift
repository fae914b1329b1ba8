import Secure
import WeChat
import Wire

/// `GET /api/wechat`: WeChat's console asks whether this URL answers for the account, and wants its `echostr` back.
struct VerificationRoute: Sendable {
    let accounts: Accounts
    /// On wrong signatures, by which one could guess at the console's Token.
    let guesses: RateLimit

    private static let longestEcho = 1_024

    func verify(_ request: Request, account: String?) throws -> Response {
        let desk = try accounts.named(account)
        guard let token = desk.verificationToken else { throw Failure.badSignature }
        try guesses.check(request)
        let query = request.query
        guard let signature = try query.only("signature"), let timestamp = try query.only("timestamp"),
            let nonce = try query.only("nonce"), let echo = try query.only("echostr"),
            echo.utf8.count <= Self.longestEcho,
            let answer = ServerVerification.echo(
                echo, token: token.reveal(), timestamp: timestamp, nonce: nonce, signature: signature)
        else {
            try guesses.admit(request)
            throw Failure.badSignature
        }
        return .text(answer)
    }
}
