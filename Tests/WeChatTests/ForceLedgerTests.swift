import Foundation
import Testing

@testable import WeChat

struct ForceLedgerTests {
    // Midnight in Beijing.
    private let midnight = Date(timeIntervalSince1970: 20_778 * 86_400 - 8 * 3600)

    @Test func `two replacements are thirty seconds apart`() {
        var ledger = ForceLedger()
        #expect(ledger.admit(at: midnight, limit: 20) == nil)
        #expect(ledger.admit(at: midnight + 10, limit: 20) == 20)
        #expect(ledger.admit(at: midnight + 30, limit: 20) == nil)
        #expect(ledger.count(at: midnight + 30) == 2)
    }

    @Test func `a day has so many, and ends at midnight in Beijing`() {
        var ledger = ForceLedger()
        for minute in 0..<20 { #expect(ledger.admit(at: midnight + Double(minute) * 60, limit: 20) == nil) }
        #expect(ledger.admit(at: midnight + 3600, limit: 20) == 82_800)
        #expect(ledger.admit(at: midnight + 86_400, limit: 20) == nil)
        #expect(ledger.count(at: midnight + 86_400) == 1)
        #expect(ledger.count(at: midnight + 2 * 86_400) == 0)
    }

    @Test func `a clock set back does not block`() {
        var ledger = ForceLedger()
        #expect(ledger.admit(at: midnight + 5000, limit: 20) == nil)
        #expect(ledger.admit(at: midnight + 1000, limit: 20) == nil)
    }
}
