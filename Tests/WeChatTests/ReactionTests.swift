import Testing

@testable import WeChat

/// WeChat's page on global return codes, as `wechat-platform.md` §1.14 of our notes sums it up.
struct ReactionTests {
    @Test(arguments: [
        ([-1, 45011], Reaction.backOff),
        ([40001, 40014, 42001], .refreshToken),
        ([40029, 40030, 40163, 42002, 42003, 42007], .restartLogin),
        (
            [
                40013, 40125, 40164, 61004, 40243, 43104, 45009, 45035, 48001, 48004, 50001, 50002, 61003, 61007, 61009,
                61010, 89501, 89503, 89506, 89507,
            ], .stop
        ),
        (
            [
                40002, 40003, 40037, 40097, 40035, 41001, 41002, 41003, 41004, 41008, 41009, 43001, 43002, 43003, 44002,
                47001,
            ], .callerBug
        ),
        ([40226, 43004, 43101, 45015, 45047, 48002, 50005], .outcome),
    ])
    func `every code has its reaction`(codes: [Int], reaction: Reaction) {
        for code in codes {
            #expect(Reaction.to(ErrorCode(rawValue: code), from: .ticket) == reaction, "\(code)")
        }
    }

    @Test func `every known code has a hint in both languages`() {
        for code in Guidance.knownCodes {
            for operation in Operation.allCases {
                let hint = Guidance.for(code, from: operation).hint
                #expect(hint.english.utf8.count > 10 && hint.english.last == ".", "\(code)")
                #expect(
                    hint.chinese.unicodeScalars.contains { $0.value >= 0x4E00 } && hint.chinese.last == "。", "\(code)")
            }
        }
    }

    @Test func `no code is in the table twice`() {
        #expect(Set(Guidance.knownCodes).count == Guidance.knownCodes.count)
    }

    @Test(arguments: [Operation.token, .stableToken, .exchange])
    func `a wrong AppSecret is not mended by asking again`(operation: Operation) {
        #expect(Reaction.to(.invalidCredential, from: operation) == .stop)
    }

    @Test func `the same code means another thing for another call`() {
        #expect(Reaction.to(.codeMissing, from: .exchange) == .restartLogin)
        #expect(Reaction.to(.unauthorized, from: .profile) == .callerBug)
        #expect(Reaction.to(.invalidOpenID, from: .follower) == .outcome)
        #expect(Reaction.to(.userUnauthorized, from: .profile) == .restartLogin)
        #expect(Reaction.to(.userUnauthorized, from: .ticket) == .stop)
        #expect(Reaction.to(.invalidCredential, from: .profile) == .refreshToken)
    }

    @Test func `an unknown code stops the account's calls and is an outcome for a visitor's`() {
        #expect(Reaction.to(12345, from: .token) == .stop)
        #expect(Reaction.to(12345, from: .exchange) == .outcome)
    }

    @Test func `a refused address is named to the operator`() {
        let error = APIError(
            code: .addressNotAllowed, errmsg: "invalid ip 101.45.43.1, not in whitelist", operation: .token, sent: [])
        #expect(error.refusedAddress == "101.45.43.1")
        #expect(error.hint.english.contains("101.45.43.1") && error.hint.chinese.contains("101.45.43.1"))
    }

    @Test func `failures without a code are waited out`() {
        for error: UpstreamError in [
            .unreachable(.timedOut), .unreachable(.tls("certificate has expired")), .intermediate(status: 502),
            .unreadable(.notJSON),
        ] {
            #expect(error.reaction == .backOff)
            #expect(!error.hint.english.isEmpty && !error.hint.chinese.isEmpty)
        }
    }
}
