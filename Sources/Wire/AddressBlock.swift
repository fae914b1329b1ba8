/// A range of addresses in CIDR notation (RFC 4632 §3.1), or a single address.
package struct AddressBlock: Hashable, Sendable {
    private let address: IPAddress
    /// In bits of the 128-bit form, so that one comparison serves both versions.
    private let prefix: Int

    /// Refuses a prefix that is too long, has leading zeros, or leaves bits of the address beyond it: `10.0.0.1/8` is
    /// more often a mistake than a way to write `10.0.0.0/8`.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        self.address = address
        guard parts.count == 2 else {
            prefix = 128
            return
        }
        let digits = parts[1].utf8
        guard (1...3).contains(digits.count), digits.allSatisfy(\.isDigit),
            digits.count == 1 || digits.first != UInt8(ascii: "0"), let length = Int(parts[1]),
            length <= (address.isVersion4 ? 32 : 128), !(address.isVersion4 && first.contains(":"))
        else { return nil }
        prefix = length + (address.isVersion4 ? 96 : 0)
        let hostBits = address.bytes.reversed().reduce(into: (zeros: 0, ended: false)) { state, byte in
            guard !state.ended else { return }
            state.zeros += byte.trailingZeroBitCount
            state.ended = byte != 0
        }
        guard hostBits.zeros >= (address.isVersion4 ? 32 : 128) - length else { return nil }
    }

    package func contains(_ candidate: IPAddress) -> Bool {
        candidate.isVersion4 == address.isVersion4 && candidate.sharedPrefix(with: address) >= prefix
    }
}

extension AddressBlock: CustomStringConvertible {
    package var description: String {
        prefix == 128 ? address.description : "\(address)/\(prefix - (address.isVersion4 ? 96 : 0))"
    }
}
