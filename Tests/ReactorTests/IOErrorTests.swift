import Reactor
import Testing

@Suite struct IOErrorTests {
    @Test func `an error says what the system calls it`() {
        #expect(IOError.refused.description == "Connection refused")
        #expect(IOError.nameNotFound.description == "Name or service not known")
        #expect(IOError(rawValue: 99_999).description.contains("99999"))
        #expect(IOError(rawValue: -99_999).description.isEmpty == false)
    }

    @Test func `a resolver's error is told from the kernel's`() {
        #expect(IOError.nameNotFound.isResolution)
        #expect(IOError.resolverFailed.isResolution)
        #expect(!IOError.refused.isResolution)
    }
}
