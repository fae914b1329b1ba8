import Glibc
@testable import Wire

// With: Tests/TestSupport/BrowserLanding.swift

/// Addresses, blocks of them, hosts and URLs. The lines of an input: a text to read in every way, and an address.
///
/// An IP address is one where the C library says so, with the same bytes; a URL's host and port are the ones a browser
/// goes to; and whatever is written is read as the same value.
func examine(_ input: [UInt8]) {
    var lines = Sections(input)
    let text = lines.nextText()
    let other = lines.nextText()
    checkAddress(text)
    checkBlock(text, other)
    checkAuthority(text)
    checkURL(text)
}

private func checkAddress(_ text: String) {
    let address = IPAddress(text)
    if !text.utf8.contains(0) {
        require(address?.bytes == libraryBytes(text), "\(text) is \(address.map { "\($0)" } ?? "no address")")
    }
    guard let address else { return }
    require(IPAddress("\(address)") == address, "\(text) is written as \(address)")
    require(IPAddress(bytes: address.bytes) == address, "\(address) is not its own bytes")
    require(address.isVersion4 == address.bytes.starts(with: mappedPrefix), "the version of \(text)")
}

/// inet_pton(3), an IPv4 address in its IPv6 form.
private func libraryBytes(_ text: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET6, text, &bytes) == 1 { return bytes }
    guard inet_pton(AF_INET, text, &bytes) == 1 else { return nil }
    return mappedPrefix + bytes.prefix(4)
}

private let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]

private func checkBlock(_ text: String, _ other: String) {
    guard let block = AddressBlock(text) else { return }
    let parts = text.split(separator: "/")
    guard let base = IPAddress(String(parts[0])) else { fatalError("a block \(text) of no address") }
    require(block.contains(base), "\(text) lacks its own first address")
    require(AddressBlock("\(block)") == block, "\(text) is written as \(block)")
    guard let candidate = IPAddress(other) else { return }
    let length = parts.count == 2 ? Int(parts[1]) ?? -1 : base.isVersion4 ? 32 : 128
    let bits = { (address: IPAddress) in
        address.bytes.dropFirst(address.isVersion4 ? 12 : 0).flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
    }
    let isNear = bits(candidate).prefix(length).elementsEqual(bits(base).prefix(length))
    let isInside = candidate.isVersion4 == base.isVersion4 && isNear
    require(block.contains(candidate) == isInside, "\(candidate) in \(block)")
}

private func checkAuthority(_ text: String) {
    guard let authority = Authority(text) else { return }
    require(Authority("\(authority)") == authority, "\(text) is written as \(authority)")
    require(Authority(host: authority.host, port: authority.port) == authority, "\(authority) from its parts")
    let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789-._:[]".utf8)
    require(authority.host.utf8.allSatisfy(letters.contains), "a host \(authority.host)")
    require((1...253).contains(authority.host.utf8.count), "a host of \(authority.host.utf8.count) bytes")
    // What reads like a number is an address to a resolver, and has to be one here.
    let last = authority.host.split(separator: ".").last ?? ""
    require(authority.address != nil || !last.utf8.allSatisfy { (0x30...0x39).contains($0) }, "a number \(authority)")
}

private func checkURL(_ text: String) {
    guard let url = try? WebURL(text) else { return }
    let landing = BrowserLanding(of: text, base: "none")
    guard case .host(url.scheme.rawValue, let host, Int(url.port)) = landing else {
        fatalError("\(text) leads to \(landing), not to port \(url.port) of \(url.host)")
    }
    // The product shortens an address in brackets, the reader of the test leaves it as it is written.
    let address = host.hasPrefix("[") ? IPAddress(String(host.dropFirst().dropLast())) : nil
    let isSame = address.map { $0 == url.authority.address } ?? (host == url.host)
    require(isSame, "\(text) leads to \(host), not to \(url.host)")
    require(url.path.hasPrefix("/") || url.path.isEmpty, "\(text) has the path \(url.path)")
    let again = try? WebURL(url.origin + url.target + (url.fragment.map { "#\($0)" } ?? ""))
    require(
        again?.origin == url.origin && again?.target == url.target && again?.fragment == url.fragment,
        "\(text) is written as \(String(describing: again))")
    // A client sends these.
    let isSendable = (try? Request(target: url.target, fields: [(.host, "\(url.authority)")])) != nil
    require(isSendable || url.target.contains { "%[]|".contains($0) }, "\(url.target) cannot be asked for")
}
