import Testing

@testable import magpie

struct HelpTextTests {
    @Test func `the program's help names every command in English and Chinese`() {
        let text = HelpText.program(Commands.all)
        for command in Commands.all {
            #expect(text.contains("  \(command.name)  "))
            #expect(text.contains(command.summary) && text.contains(command.chinese))
        }
    }

    @Test(arguments: Commands.all.map(\.name))
    func `a command's help names its options, and its examples are taken`(_ name: String) throws {
        let command = try #require(Commands.all.first { $0.name == name })
        let text = HelpText.command(command)
        #expect(text.contains("Usage: magpie \(name)"))
        for option in command.options { #expect(text.contains("--\(option.name)")) }
        #expect(command.chinese.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) })
        for example in command.examples {
            let words = example.replacing("'", with: "").split(separator: " ").dropFirst().map(String.init)
            guard case .run(let meant, _) = Invocation(words, commands: Commands.all) else {
                Issue.record("\(example) is not taken")
                continue
            }
            #expect(meant.name == name)
        }
    }

    @Test func `no line of help is wider than a terminal`() {
        let texts = [HelpText.program(Commands.all)] + Commands.all.map(HelpText.command)
        for line in texts.joined().split(separator: "\n") where !line.contains("magpie sign") {
            #expect(line.count <= 120, "\(line)")
        }
    }
}
