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
        append(url: url, entry: entry, ticket: ticket, at: keeper.timing.now(), to: &output)
    }

    /// The same for who has looked at the clock already.
    package func append(url: String, entry: String?, ticket: Ticket, at now: Date, to output: inout [UInt8]) {
        output.reserveCapacity(output.count + (entry == nil ? 1 : 2) * (opening.count + 160 + url.utf8.count))
        let seconds = Int(now.timeIntervalSince1970)
        appendPage(url.utf8Span.span, ticket: ticket, seconds: seconds, to: &output)
        if let entry {
            output.append(text: ",\"entry\":")
            appendPage(entry.utf8Span.span, ticket: ticket, seconds: seconds, to: &output)
            output.append(UInt8(ascii: "}"))
        }
        output.append(UInt8(ascii: "}"))
    }

    /// One page's object, its closing brace left to the caller.
    private func appendPage(_ page: Span<UInt8>, ticket: Ticket, seconds: Int, to output: inout [UInt8]) {
        let url = page.extracting(..<page.first(UInt8(ascii: "#"), in: page.indices))
        output.append(contentsOf: opening)
        let nonce = output.count..<output.count + 16
        Random.appendAlphanumeric(16, to: &output)
        output.append(text: "\",\"timestamp\":\"")
        let timestamp = output.count
        output.append(decimal: seconds)
        let end = output.count
        output.append(text: "\",\"signature\":\"")
        let signature = Signature.digits(
            ticket: ticket.secret, nonce: output.span.extracting(nonce),
            timestamp: output.span.extracting(timestamp..<end), url: url)
        signature.span.withUnsafeBufferPointer { output.append(contentsOf: $0) }
        output.append(text: "\",\"url\":\"")
        JSONText.appendEscaped(url, to: &output)
        output.append(UInt8(ascii: "\""))
    }
}

/// The inside of a JSON string.
enum JSONText {
    static func appendEscaped(_ text: Span<UInt8>, to output: inout [UInt8]) {
        text.withUnsafeBufferPointer { bytes in
            // As a rule there is nothing to escape. All are looked at, which goes many at a time.
            var escapes: UInt8 = 0
            for byte in bytes { escapes |= isEscaped(byte) ? 1 : 0 }
            if escapes != 0 { appendEscaped(bytes, to: &output) } else { output.append(contentsOf: bytes) }
        }
    }

    private static func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0..<0x20:
                output.append(text: "\\u00")
                output.append(digit(byte >> 4))
                output.append(digit(byte & 15))
            default:
                output.append(byte)
            }
        }
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
