import WeChat

/// `magpie sign`: the signature for a ticket, nonce, timestamp and URL given by hand.
enum SignCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        guard let ticket = arguments["ticket"], let nonce = arguments["noncestr"],
            let timestamp = arguments["timestamp"], let url = arguments["url"]
        else { preconditionFailure("the parser demands required options") }
        guard !timestamp.isEmpty, timestamp.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return Commands.refuse(.init(text: "--timestamp is a whole number of seconds", command: "sign"))
        }
        // The commonest slip: Date.now() where seconds are due. It is signed all the same, for comparison's sake.
        if timestamp.utf8.count == 13 {
            Terminal.complain("magpie: the timestamp has 13 digits, as if in milliseconds; wx.config wants seconds")
        }
        let page = url.prefix { $0 != "#" }
        Terminal.print(Signature.sign(ticket: ticket, nonce: nonce, timestamp: timestamp, url: String(page)))
        return .success
    }
}
