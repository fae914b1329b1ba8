/// What a platform that lies does once it has read a request, byte by byte.
package struct Lie: Sendable {
    package enum Step: Sendable {
        case send([UInt8])
        /// One byte, then this long nothing, and so on.
        case drip([UInt8], milliseconds: UInt32)
        /// The same bytes again and again, as fast as they are taken, this many bytes at most.
        case flood([UInt8], bytes: Int)
        /// Nothing more until the caller gives up.
        case hang
        /// The end is a RST.
        case reset
        /// Under TLS: the connection ends without TLS's own farewell.
        case vanish
    }

    /// Made from the good answer: its head up to and with the empty line, and its body.
    package let steps: @Sendable (_ head: [UInt8], _ body: [UInt8]) -> [Step]

    package init(_ steps: @escaping @Sendable (_ head: [UInt8], _ body: [UInt8]) -> [Step]) {
        self.steps = steps
    }

    /// The same bytes whatever was asked, then the end.
    package init(_ text: String) {
        self.init { _, _ in [.send(Array(text.utf8))] }
    }
}

/// How a platform receives connections.
package enum Door: Sendable {
    case open
    /// Nobody listens.
    case closed
    /// Whoever knocks is not even refused: packets vanish.
    case blackHole
    /// The connection is taken, and that is all.
    case silent
    /// The connection is taken, and ended with a RST.
    case slammed
    /// The connection is taken, and ended.
    case shut
    /// The first bytes of every connection are these.
    case greeting(String)
    /// TLS with another certificate.
    case certificate(CertificateAuthority.Identity)
}
