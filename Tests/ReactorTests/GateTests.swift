import Reactor
import Testing

@Suite struct GateTests {
    @Test func `an open gate lets pass, a closed one holds until it opens`() async {
        await LoopGroup.running(count: 2) { group in
            let gate = Gate(isOpen: true)
            await #expect(throws: Never.self) { try await gate.wait(until: .never) }
            gate.close()
            #expect(!gate.isOpen)
            await withTaskGroup(of: Void.self) { children in
                for index in 0..<100 {
                    children.addTask(executorPreference: group.loops[index % 2]) {
                        await #expect(throws: Never.self) { try await gate.wait(until: .after(.seconds(60))) }
                    }
                }
                try? await sleep(for: .milliseconds(1))
                gate.open()
            }
        }
    }

    @Test func `waiting ends at the deadline and by cancellation`() async {
        await LoopGroup.running { _ in
            let gate = Gate()
            await #expect(throws: IOError.timedOut) { try await gate.wait(until: .after(.milliseconds(5))) }
            await withTaskGroup(of: Void.self) { children in
                children.addImmediateTask {
                    await #expect(throws: IOError.cancelled) { try await gate.wait() }
                }
                children.cancelAll()
            }
            // Those who left are not woken in somebody else's place.
            await withTaskGroup(of: Void.self) { children in
                children.addImmediateTask {
                    try? await sleep(for: .milliseconds(5))
                }
                gate.open()
            }
        }
    }
}
