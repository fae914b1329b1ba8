import FoundationEssentials
import Secure

/// Signs pages for WeChat's JS-SDK, each request afresh: a signature kept per URL outlives its ticket.
///
/// Whose pages may be signed is not decided here. A host that signs for strangers checks the URL's host first.
public struct JSSDK: Sendable {
    public let keeper: Keeper

    public init(keeper: Keeper) {
        self.keeper = keeper
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
        let timestamp = String(seconds)
        return SignedPage(
            appID: keeper.account.appID, nonce: nonce, timestamp: timestamp,
            signature: Signature.sign(ticket: ticket, nonce: nonce, timestamp: timestamp, url: url), url: url)
    }

    private var seconds: Int { Int(keeper.timing.now().timeIntervalSince1970) }
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
        output.reserveCapacity(output.count + 2 * (160 + url.utf8.count))
        let timestamp = String(seconds)
        appendPage(url.utf8Span.span, ticket: ticket, timestamp: timestamp, to: &output)
        if let entry {
            output.append(contentsOf: ",\"entry\":".utf8)
            appendPage(entry.utf8Span.span, ticket: ticket, timestamp: timestamp, to: &output)
            output.append(UInt8(ascii: "}"))
        }
        output.append(UInt8(ascii: "}"))
    }

    /// One page's object, its closing brace left to the caller.
    private func appendPage(_ page: Span<UInt8>, ticket: Ticket, timestamp: String, to output: inout [UInt8]) {
        let url = page.extracting(..<(page.indices.first { page[$0] == UInt8(ascii: "#") } ?? page.count))
        output.append(contentsOf: "{\"appId\":\"".utf8)
        JSONText.appendEscaped(keeper.account.appID.utf8Span.span, to: &output)
        output.append(contentsOf: "\",\"nonceStr\":\"".utf8)
        let nonce = output.count..<output.count + 16
        Random.appendAlphanumeric(16, to: &output)
        let text = Signature.signedText(
            ticket: ticket.secret, nonce: output.span.extracting(nonce), timestamp: timestamp.utf8Span.span, url: url)
        output.append(contentsOf: "\",\"timestamp\":\"".utf8)
        output.append(contentsOf: timestamp.utf8)
        output.append(contentsOf: "\",\"signature\":\"".utf8)
        Signature.append(of: text, to: &output)
        output.append(contentsOf: "\",\"url\":\"".utf8)
        JSONText.appendEscaped(url, to: &output)
        output.append(UInt8(ascii: "\""))
    }
}

/// The inside of a JSON string.
enum JSONText {
    static func appendEscaped(_ text: Span<UInt8>, to output: inout [UInt8]) {
        // As a rule there is nothing to escape.
        guard text.indices.contains(where: { isEscaped(text[$0]) }) else { return output.append(text) }
        for index in text.indices {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0..<0x20:
                output.append(contentsOf: "\\u00".utf8)
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
