/// The `limits` section: every number with the range in which the server still behaves.
enum LimitsReader {
    static func read(_ root: SectionReader, into limits: inout Configuration.Limits) {
        let second = Duration.seconds(1)
        root.section("limits") { section, _ in
            section.read("connections", into: &limits.connections, in: 1...1_000_000)
            section.read("connectionsPerAddress", into: &limits.connectionsPerAddress, in: 0...1_000_000)
            section.read("logins", into: &limits.logins, in: 1...10_000_000)
            section.read("loginsPerAddress", into: &limits.loginsPerAddress, in: 0...1_000_000)
            section.read("signaturesPerAddress", into: &limits.signaturesPerAddress, in: 0...1_000_000)
            section.read("guessesPerAddress", into: &limits.guessesPerAddress, in: 0...1_000_000)
            section.read("sessionCache", into: &limits.sessionCache, bytesIn: 0...8_589_934_592)
            // RFC 9112 §3 wants at least 8,000 bytes; less is the operator's right, and OAuth links need about 600.
            section.read("requestLine", into: &limits.requestLine, bytesIn: 1_024...65_536)
            section.read("headerBytes", into: &limits.headerBytes, bytesIn: 1_024...1_048_576)
            section.read("headerFields", into: &limits.headerFields, in: 10...1_000)
            section.read("bodyBytes", into: &limits.bodyBytes, bytesIn: 1_024...16_777_216)
            section.read("headerTimeout", into: &limits.headerTimeout, in: second...second * 120)
            section.read("bodyTimeout", into: &limits.bodyTimeout, in: second...second * 600)
            section.read("idleTimeout", into: &limits.idleTimeout, in: second...second * 3_600)
            section.read("writeTimeout", into: &limits.writeTimeout, in: second...second * 600)
            section.read("drain", into: &limits.drain, in: .zero...second * 300)
            section.read("shutdown", into: &limits.shutdown, in: second...second * 600)
            if limits.shutdown < limits.drain {
                section.complain("shutdown", "is shorter than drain", expected: "the time for both together")
            }
        }
    }
}
