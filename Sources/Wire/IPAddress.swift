/// An IPv4 or IPv6 address as a value. An IPv4-mapped IPv6 address is the IPv4 address, so that one peer has one name.
package struct IPAddress: Hashable, Sendable {
    /// The 128 bits; an IPv4 address as `::ffff:a.b.c.d`.
    private let high: UInt64
    private let low: UInt64

    private static let mappedPrefix: UInt64 = 0xFFFF << 32

    /// 4 or 16 bytes in network order; nil for any other count.
    package init?(bytes: [UInt8]) {
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(high: 0, low: Self.mappedPrefix | number(bytes[...]))
        case 16: self.init(high: number(bytes.prefix(8)), low: number(bytes.dropFirst(8)))
        default: return nil
        }
    }

    /// Dotted decimal without leading zeros, or RFC 4291 §2.2 text without brackets or zone.
    package init?(_ text: String) {
        self.init(text.utf8Span.span)
    }

    package init?(_ text: Span<UInt8>) {
        if text.first(UInt8(ascii: ":"), in: text.indices) == text.count {
            guard let quad = Self.quad(text) else { return nil }
            self.init(high: 0, low: Self.mappedPrefix | UInt64(quad))
        } else {
            guard let bits = Self.groups(text) else { return nil }
            self.init(high: UInt64(truncatingIfNeeded: bits >> 64), low: UInt64(truncatingIfNeeded: bits))
        }
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package var isVersion4: Bool { high == 0 && low >> 32 == 0xFFFF }

    package var isLoopback: Bool {
        isVersion4 ? low >> 24 & 0xFF == 127 : high == 0 && low == 1
    }

    /// One number for one subscriber: an IPv4 address, or the /64 of an IPv6 address, which is the least a line is given.
    package var subscriber: UInt64 {
        // Nobody's source address is in ff00::/8 (multicast), so the two kinds never meet.
        isVersion4 ? 0xFF00_0000_0000_0000 | low & 0xFFFF_FFFF : high
    }

    /// The 16 bytes in network order.
    package var bytes: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) } }
    }

    /// How many leading bits of the 128 both have in common.
    func sharedPrefix(with other: IPAddress) -> Int {
        let difference = high ^ other.high
        return difference != 0 ? difference.leadingZeroBitCount : 64 + (low ^ other.low).leadingZeroBitCount
    }

    /// The 32 bits of four decimal numbers.
    private static func quad(_ text: Span<UInt8>) -> UInt32? {
        var quad: UInt32 = 0
        var start = 0
        for place in 0..<4 {
            let end = text.first(UInt8(ascii: "."), in: start..<text.count)
            guard (end == text.count) == (place == 3) else { return nil }
            let digits = text.extracting(start..<end)
            // Leading zeros are refused: some readers take them for octal.
            guard digits.count <= 3, let number = digits.decimal, number <= 255,
                digits.count == 1 || digits[0] != UInt8(ascii: "0")
            else { return nil }
            quad = quad << 8 | UInt32(number)
            start = end + 1
        }
        return quad
    }

    /// The 128 bits of groups between colons, of which the last two may be a quad, and "::" stands for those that are
    /// missing.
    private static func groups(_ text: Span<UInt8>) -> UInt128? {
        var bits: UInt128 = 0
        var count = 0
        // How many groups stand before the "::".
        var gap = text.isPrefixed(by: "::") ? 0 : nil
        var start = gap == nil ? 0 : 2
        while start < text.count {
            let end = text.first(UInt8(ascii: ":"), in: start..<text.count)
            let part = text.extracting(start..<end)
            if let group = group(part) {
                bits = bits << 16 | UInt128(group)
                count += 1
            } else if end == text.count, let quad = quad(part) {
                bits = bits << 32 | UInt128(quad)
                count += 2
            } else {
                return nil
            }
            guard count <= 8 else { return nil }
            start = end + 1
            if end == text.count { break }
            // A colon by itself ends no address.
            guard start < text.count else { return nil }
            if text[start] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = count
                start += 1
            }
        }
        guard let gap else { return count == 8 ? bits : nil }
        guard count < 8 else { return nil }
        let width = 16 * (count - gap)
        return (bits >> width) << (16 * (8 - gap)) | bits & ((1 << width) - 1)
    }

    /// One to four hexadecimal digits.
    private static func group(_ text: Span<UInt8>) -> UInt16? {
        guard (1...4).contains(text.count) else { return nil }
        var group: UInt16 = 0
        for index in text.indices {
            guard let digit = text[index].hexadecimalValue else { return nil }
            group = group << 4 | UInt16(digit)
        }
        return group
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or the text of RFC 5952: lower case, the longest run of zeros as "::".
    package var description: String {
        // A text of at most fifteen bytes needs no memory of its own.
        String(unsafeUninitializedCapacity: isVersion4 ? 15 : Self.longestText) { memory in
            var writer = ByteWriter(memory)
            writer.put(self)
            return writer.count
        }
    }

    /// Eight groups of four digits, and what stands between them.
    package static let longestText = 39

    /// One of the eight groups of an IPv6 address.
    fileprivate func group(_ place: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: (place < 4 ? high : low) >> UInt64(48 - place % 4 * 16))
    }

    /// The first longest run of zeros, if it has more than one.
    fileprivate var zeros: Range<Int>? {
        var longest = 0..<1
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, group(end) == 0 { end += 1 }
            if end - start > longest.count { longest = start..<end }
            start = end + 1
        }
        return longest.count > 1 ? longest : nil
    }

    /// One of the four numbers of an IPv4 address.
    fileprivate func octet(_ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: low >> UInt64(24 - 8 * place)) }
}

extension ByteWriter {
    /// Writes the text of an address.
    package mutating func put(_ address: IPAddress) {
        if address.isVersion4 { putVersion4(address) } else { putVersion6(address) }
    }

    private mutating func putVersion4(_ address: IPAddress) {
        for place in 0..<4 {
            if place > 0 { put(UInt8(ascii: ".")) }
            let number = address.octet(place)
            for divisor in [100, 10] as [UInt8] where number >= divisor {
                put(UInt8(ascii: "0") + number / divisor % 10)
            }
            put(UInt8(ascii: "0") + number % 10)
        }
    }

    private mutating func putVersion6(_ address: IPAddress) {
        let zeros = address.zeros
        var place = 0
        while place < 8 {
            if place == zeros?.lowerBound {
                put("::")
                place = zeros?.upperBound ?? place
            } else {
                if place > 0, place != zeros?.upperBound { put(UInt8(ascii: ":")) }
                put(group: address.group(place))
                place += 1
            }
        }
    }

    /// Without leading zeros.
    private mutating func put(group: UInt16) {
        for shift in [12, 8, 4, 0] as [UInt16] where shift == 0 || group >> shift > 0 {
            put(hexadecimalDigit: UInt8(group >> shift & 15))
        }
    }
}
