import Secure
import WeChat
import Wire

/// `GET /api/wechat`: WeChat's console asks whether this URL answers for the account, and wants its `echostr` back.
struct VerificationRoute: Sendable {
    let accounts: Accounts

    private static let longestEcho = 1_024

    func verify(_ request: Request, account: String?) throws -> Response {
        let desk = try accounts.named(account)
        guard let token = desk.verificationToken else { throw Failure.badSignature }
        let query = request.query
        guard let signature = try query.only("signature"), let timestamp = try query.only("timestamp"),
            let nonce = try query.only("nonce"), let echo = try query.only("echostr"),
            echo.utf8.count <= Self.longestEcho,
            let answer = ServerVerification.echo(
                echo, token: token.reveal(), timestamp: timestamp, nonce: nonce, signature: signature)
        else { throw Failure.badSignature }
        return .text(answer)
    }
}
