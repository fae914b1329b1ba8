import WeChat
import Wire

/// The fields in which `/auth` tells who the visitor is, and all others that go with them.
///
/// What is the same for every visitor of an account is put together once, so that an answer is a copy and what is the
/// visitor's own.
struct VisitorFields: Sendable {
    /// By the account's place, and then by scope and snapshot.
    private let constant: [[Fields]]

    private static let openID: FieldName = "X-WeChat-OpenID"
    /// oauth2-proxy's name for it, which many a proxy's configuration reads already.
    private static let user: FieldName = "X-Auth-Request-User"
    private static let unionID: FieldName = "X-WeChat-UnionID"
    private static let account: FieldName = "X-WeChat-Account"
    private static let scope: FieldName = "X-WeChat-Scope"
    private static let snapshot: FieldName = "X-WeChat-Snapshot"

    init(_ accounts: Accounts) {
        constant = accounts.all.map { desk in
            [Scope.base, .userinfo].flatMap { scope in
                ["0", "1"].map { snapshot in
                    var response = Response(
                        .ok,
                        [
                            (Self.account, desk.name), (Self.scope, scope.name), (Self.snapshot, snapshot),
                            (.vary, "Cookie"),
                        ])
                    Door.protect(&response)
                    return response.fields
                }
            }
        }
    }

    /// - Parameter account: its place in the configuration.
    func of(
        openID: String, unionID: String?, scope: Scope, isSnapshot: Bool, account: Int
    ) throws(WireError) -> Fields {
        var fields = constant[account][(scope == .base ? 0 : 2) + (isSnapshot ? 1 : 0)]
        try fields.append(Self.openID, openID)
        try fields.append(Self.user, openID)
        if let unionID { try fields.append(Self.unionID, unionID) }
        return fields
    }
}
