import TestSupport
import Testing

extension ProcessTests {
    /// A few of what TortureTests tries in full.
    @Suite struct TransportFaultTests {
        private static let chosen: [PlatformCall: Set<String>] = [
            .stableToken: ["connection refused", "packets that vanish", "an expired certificate", "a body of 1 GB"],
            .token: ["silence in the body", "502 with a page"],
            .ticket: ["connection refused", "another host's certificate", "a body that drips"],
            .exchange: [
                "a name nobody knows", "a self-signed certificate", "silence in the head", "a reset in the body",
            ],
            .profile: ["a connection that stays silent in the handshake", "fields without end"],
            .lateProfile: ["a redirect to another host", "JSON that says text/html"],
        ]

        @Test func `a broken way to WeChat costs a visitor little time, WeChat no second call, and heals`() {
            let trials = UpstreamTrial.run(atOnce: 8) { all in
                all.filter { Self.chosen[$0.0]?.contains($0.1.name) == true }
            }
            #expect(trials.count == Self.chosen.values.reduce(0) { $0 + $1.count })
            for trial in trials { #expect(trial.complaints == [], "\(trial.name)") }
        }
    }
}
