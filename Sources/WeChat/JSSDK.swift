package import FoundationEssentials
import Secure
import Wire

/// Signs pages for WeChat's JS-SDK, each request afresh: a signature kept per URL outlives its ticket.
///
/// Whose pages may be signed is not decided here. A host that signs for strangers checks the URL's host first.
public struct JSSDK: Sendable {
    public let keeper: Keeper
    /// How every reply begins.
    private let opening: [UInt8]

    /// Signs with this keeper's ticket and in its account's name. Costs nothing; WeChat is asked when a page is signed.
    public init(keeper: Keeper) {
        self.keeper = keeper
        var opening = Array("{\"appId\":\"".utf8)
        JSONText.appendEscaped(keeper.account.appID.utf8Span.span, to: &opening)
        opening += "\",\"nonceStr\":\"".utf8
        self.opening = opening
    }

    /// Signs the page at `url`, fetching the ticket if there is none in memory.
    ///
    /// - Parameter url: `location.href` of the page. Its fragment is dropped, nothing else is changed.
    public func sign(url: String) async throws(KeeperError) -> SignedPage {
        page(url: url, ticket: try await keeper.ticket())
    }

    /// Signs with the ticket in memory; `nil` when there is none. Does not wait.
    public func signNow(url: String) -> SignedPage? {
        keeper.currentTicket().map { page(url: url, ticket: $0) }
    }

    private func page(url: String, ticket: Ticket) -> SignedPage {
        let nonce = Random.alphanumeric(16)
        let url = Signature.withoutFragment(url)
        let timestamp = String(Int(keeper.timing.now().timeIntervalSince1970))
        return SignedPage(
            appID: keeper.account.appID, nonce: nonce, timestamp: timestamp,
            signature: Signature.sign(ticket: ticket, nonce: nonce, timestamp: timestamp, url: url), url: url)
    }
}

extension JSSDK {
    /// Appends `{"appId":…,"nonceStr":…,"timestamp":…,"signature":…,"url":…}` to `output`, as a `SignedPage` encodes,
    /// and `"entry":{…}` with the second one when there is an `entry`.
    ///
    /// No suspension, no `JSONEncoder`: signing costs the SHA-1 and little else.
    ///
    /// - Parameters:
    ///   - entry: The URL the visitor landed on, which iOS verifies against after `pushState`.
    /// - Returns: `false`, and `output` as it was, when no ticket is in memory; then `await keeper.ticket()` and call
    ///   again.
    public func append(url: String, entry: String? = nil, to output: inout [UInt8]) -> Bool {
        guard let ticket = keeper.currentTicket() else { return false }
        append(url: url, entry: entry, ticket: ticket, to: &output)
        return true
    }

    /// The same with a ticket that the caller has awaited.
    public func append(url: String, entry: String? = nil, ticket: Ticket, to output: inout [UInt8]) {
        let (page, now) = (url.utf8Span.span, keeper.timing.now())
        guard let entry else { return append(url: page, entry: nil, ticket: ticket, at: now, to: &output) }
        append(url: page, entry: entry.utf8Span.span, ticket: ticket, at: now, to: &output)
    }

    /// The same for who has the bytes and has looked at the clock already.
    package func append(
        url: Span<UInt8>, entry: Span<UInt8>?, ticket: Ticket, at now: Date, to output: inout [UInt8]
    ) {
        output.append(atMost: room(for: url, entry)) { put(url, entry, ticket: ticket, at: now, into: &$0) }
    }

    /// Lends the same bytes, in memory of the stack where they are fewer than 1,024: the hot path allocates nothing.
    package func withReply(
        url: Span<UInt8>, entry: Span<UInt8>?, ticket: Ticket, at now: Date,
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws {
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room(for: url, entry)) { memory in
            var writer = ByteWriter(memory)
            put(url, entry, ticket: ticket, at: now, into: &writer)
            try body(writer.written)
        }
    }

    private func put(
        _ url: Span<UInt8>, _ entry: Span<UInt8>?, ticket: Ticket, at now: Date, into writer: inout ByteWriter
    ) {
        let seconds = Int(now.timeIntervalSince1970)
        putPage(url, ticket: ticket, seconds: seconds, into: &writer)
        if let entry {
            writer.put(",\"entry\":")
            putPage(entry, ticket: ticket, seconds: seconds, into: &writer)
            writer.put(UInt8(ascii: "}"))
        }
        writer.put(UInt8(ascii: "}"))
    }

    private func room(for url: Span<UInt8>, _ entry: Span<UInt8>?) -> Int {
        guard let entry else { return roomForPage(url) }
        return roomForPage(url) + roomForPage(entry)
    }

    private func roomForPage(_ url: Span<UInt8>) -> Int {
        opening.count + 160 + JSONText.room(for: url)
    }

    /// One page's object, its closing brace left to the caller.
    private func putPage(_ page: Span<UInt8>, ticket: Ticket, seconds: Int, into writer: inout ByteWriter) {
        let url = page.extracting(..<page.first(UInt8(ascii: "#"), in: page.indices))
        let nonce = Random.nonce()
        writer.put(opening.span)
        writer.put(nonce.span)
        writer.put("\",\"timestamp\":\"")
        let timestamp = writer.count
        writer.put(decimal: seconds)
        let signature = Signature.digits(
            ticket: ticket.secret, nonce: nonce.span, timestamp: writer.written.span.extracting(timestamp...), url: url)
        writer.put("\",\"signature\":\"")
        writer.put(signature.span)
        writer.put("\",\"url\":\"")
        JSONText.put(url, into: &writer)
        writer.put(UInt8(ascii: "\""))
    }
}

/// The inside of a JSON string.
enum JSONText {
    static func appendEscaped(_ text: Span<UInt8>, to output: inout [UInt8]) {
        output.append(atMost: room(for: text)) { put(text, into: &$0) }
    }

    /// How many bytes the text takes at most.
    static func room(for text: Span<UInt8>) -> Int {
        (needsEscapes(text) ? 6 : 1) * text.count
    }

    /// As a rule it does not.
    private static func needsEscapes(_ text: Span<UInt8>) -> Bool {
        text.contains { $0.below(0x20) | $0.equal(to: UInt8(ascii: "\"")) | $0.equal(to: UInt8(ascii: "\\")) }
    }

    static func put(_ text: Span<UInt8>, into writer: inout ByteWriter) {
        guard needsEscapes(text) else { return writer.put(text) }
        for index in text.indices {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                writer.put(UInt8(ascii: "\\"))
                writer.put(byte)
            case 0..<0x20:
                writer.put("\\u00")
                writer.put(hexadecimalDigit: byte >> 4)
                writer.put(hexadecimalDigit: byte & 15)
            default:
                writer.put(byte)
            }
        }
    }
}
