import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// Every secret is a marker. Everything is walked, then everything that was said or written is searched.
    @Suite struct CanaryTests {
        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `no secret is in any answer, log line, metric or file, whatever goes wrong`(
            _ store: MagpieHome.StoreKind
        ) throws {
            let platform = FakePlatform(world: Walk.world)
            var settings = MagpieHome.Settings()
            settings.store = store
            settings.accounts = ["main", "second"]
            settings.adminToken = Walk.adminToken
            settings.timeout = "300ms"
            settings.logLevel = "debug"
            let home = MagpieHome(platform, settings)
            var walk = Walk(home: home, platform: platform)

            var process = try home.start()
            try walk.publicRoutes()
            try walk.adminRoutes()
            try walk.refusals()
            try walk.bytes()
            try walk.upstreamFailures()
            walk.remember(process)
            #expect(try process.stop() == .exited(0))

            // A life that begins with a platform in trouble.
            platform.change { world in
                for appID in MagpieHome.appIDs { world.killToken(appID, sticky: true) }
            }
            process = try home.start()
            try walk.coldFailures()
            walk.remember(process)
            #expect(try process.stop() == .exited(0))

            #expect(walk.evidence.records.count > 200)
            #expect(walk.evidence.sessions.count >= 3)
            #expect(walk.evidence.states.count >= 10)
            let hits = walk.evidence.hits()
            #expect(hits.isEmpty, "\(hits.joined(separator: "\n"))")
            // The search finds what is there: each kind of value has come by where it belongs.
            #expect(walk.evidence.controls().isEmpty, "\(walk.evidence.controls())")
        }
    }
}
