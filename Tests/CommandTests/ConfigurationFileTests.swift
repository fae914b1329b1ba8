import Testing

@testable import magpie

struct ConfigurationFileTests {
    private func path(_ option: String?, _ variable: String?, exists: Bool) -> String? {
        var arguments = Arguments()
        arguments.values["config"] = option
        return ConfigurationFile.path(
            arguments, variable: { $0 == "MAGPIE_CONFIG" ? variable : nil }, exists: { _ in exists })
    }

    @Test func `the option comes before the variable, and that before the standard place`() {
        #expect(path("a", "b", exists: true) == "a")
        #expect(path(nil, "b", exists: true) == "b")
        #expect(path(nil, "", exists: true) == "config/magpie.json5")
        #expect(path(nil, nil, exists: false) == nil)
    }

    @Test func `a file that was named is used even when it does not exist, so that its absence is told`() {
        #expect(path("a", nil, exists: false) == "a")
        #expect(path(nil, "b", exists: false) == "b")
    }
}
