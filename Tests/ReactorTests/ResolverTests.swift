import Dispatch
import Testing

@testable import Reactor

@Suite struct ResolverTests {
    @Test func `localhost is this machine`() async throws {
        try await LoopGroup.running { _ in
            let addresses = try await Resolver.resolve("localhost", port: 80, deadline: .after(.seconds(60)))
            #expect(!addresses.isEmpty)
            #expect(addresses.allSatisfy { $0.isLoopback && $0.port == 80 })
            #expect(Set(addresses).count == addresses.count)
        }
    }

    @Test func `a numeric host is not looked up`() async throws {
        try await LoopGroup.running { _ in
            for (host, text) in [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80")] {
                let found = try await Resolver.resolve(host, port: 80, deadline: .never) { _, _ in
                    .failure(.resolverFailed)
                }
                #expect(found.map(\.description) == [text])
            }
        }
    }

    // `.invalid` never exists (RFC 2606 §2); without a network the system may also say "try again".
    @Test(arguments: ["no-such-host.invalid", "", "bad name", "a\0b", String(repeating: "a", count: 300)])
    func `a name that is none is a resolution error`(host: String) async {
        await LoopGroup.running { _ in
            do throws(IOError) {
                let found = try await Resolver.resolve(host, port: 80, deadline: .after(.seconds(60)))
                Issue.record("found \(found)")
            } catch {
                #expect(error.isResolution || error == .timedOut)
            }
        }
    }

    @Test func `who asked leaves at the deadline although the lookup hangs`() async {
        await LoopGroup.running { _ in
            let hang = DispatchSemaphore(value: 0)
            await #expect(throws: IOError.timedOut) {
                try await Resolver.resolve("slow.example", port: 80, deadline: .after(.milliseconds(10))) { _, _ in
                    hang.wait()
                    return .success([])
                }
            }
            hang.signal()
        }
    }

    @Test func `an answer without addresses is a name not found`() async {
        await LoopGroup.running { _ in
            await #expect(throws: IOError.nameNotFound) {
                try await Resolver.resolve("empty.example", port: 80, deadline: .never) { _, _ in .success([]) }
            }
        }
    }
}
