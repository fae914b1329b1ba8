import TestSupport
import Testing

/// The built program attacked, starved, killed and lied to, in quantity. One after the other, since each wants the whole
/// machine. `make torture` runs them at length, `.ci/run` in short; `swift test` alone leaves them out.
@Suite(.serialized, .onOwnThread, .enabled(if: Torture.isOn, "MAGPIE_TORTURE is neither short nor long"))
struct TortureTests {}

extension TortureTests {
    @Test func `a name's random numbers are the same in every run with one seed`() {
        var one = Torture.random("a name")
        var other = Torture.random("a name")
        var different = Torture.random("another name")
        let drawn = (0..<8).map { _ in one.next() }
        #expect(drawn == (0..<8).map { _ in other.next() })
        #expect(drawn != (0..<8).map { _ in different.next() })
    }
}
