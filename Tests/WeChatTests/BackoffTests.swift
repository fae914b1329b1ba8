import Testing

@testable import WeChat

struct BackoffTests {
    private func error(_ code: Int) -> UpstreamError {
        .refused(APIError(code: ErrorCode(rawValue: code), errmsg: "", operation: .ticket, sent: []))
    }

    @Test func `pauses double from one second to sixty`() {
        let pauses = (1...9).map { Backoff.seconds(after: error(-1), streak: $0, random: 0.5) }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60])
    }

    @Test(arguments: [
        UpstreamError.unreachable(.timedOut), .unreachable(.unreachable(host: "api.weixin.qq.com")),
        .intermediate(status: 502),
    ])
    func `while WeChat cannot be reached it is tried every quarter of a minute`(error: UpstreamError) {
        let pauses = (1...7).map { Backoff.seconds(after: error, streak: $0, random: 0.5) }
        #expect(pauses == [1, 2, 4, 8, 15, 15, 15])
    }

    @Test func `pauses are spread and stay within their limits`() {
        for streak in [-1, 0, 1, 5, 100, Int.max] {
            for random in [0, 0.25, 0.999] {
                #expect((1...60).contains(Backoff.seconds(after: error(-1), streak: streak, random: random)))
            }
        }
        #expect(Backoff.seconds(after: nil, streak: 3, random: 0) == 3)
        #expect(Backoff.seconds(after: nil, streak: 3, random: 0.999) > 4.9)
    }

    @Test func `what a person must mend is looked at slowly`() {
        let pauses = (1...6).map { Backoff.seconds(after: error(40164), streak: $0, random: 0.5) }
        #expect(pauses == [30, 60, 120, 240, 300, 300])
    }

    @Test func `a code may ask for more patience`() {
        #expect(Backoff.seconds(after: error(45009), streak: 1, random: 0) == 600)
        #expect(Backoff.seconds(after: error(45011), streak: 1, random: 0) == 60)
        #expect(Backoff.seconds(after: error(89506), streak: 1, random: 0) == 3600)
    }
}
