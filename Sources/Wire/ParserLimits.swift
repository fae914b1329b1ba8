/// How much of each part a parser takes before it refuses the rest. Bytes, where nothing else is said.
package struct ParserLimits: Sendable {
    /// RFC 9112 §3 asks for at least 8,000.
    package var requestLine = 8208
    package var fieldLine = 8192
    /// All field lines of one head together.
    package var headerBytes = 16384
    /// How many fields a head may have.
    package var headerFields = 100
    package var bodyBytes = 65536
    /// The extensions of one chunk's line (RFC 9112 §7.1.1: "ought to limit").
    package var chunkExtension = 256
    package var trailerBytes = 4096
    /// All `Cookie` lines together.
    package var cookieBytes = 8192
    /// How many cookies a request may bring.
    package var cookies = 50

    package init() {}
}
