/// Drawings made of a few shapes, so that no page needs a file or a network.
enum Pictures {
    /// A person's avatar: their colour and the first letter of their name.
    static func avatar(of user: User) -> HTML {
        guard user.hasAvatar else {
            return """
                <svg class="avatar" viewBox="0 0 48 48" aria-hidden="true"><rect width="48" height="48" fill="\(user.color)"/>\
                <circle cx="24" cy="19" r="8" fill="#fff" fill-opacity=".85"/>\
                <path d="M8 44c1-10 8-14 16-14s15 4 16 14z" fill="#fff" fill-opacity=".85"/></svg>
                """
        }
        return """
            <svg class="avatar" viewBox="0 0 48 48" aria-hidden="true"><rect width="48" height="48" fill="\(user.color)"/>\
            <text x="24" y="25" fill="#fff" font-size="24" font-weight="600" text-anchor="middle" \
            dominant-baseline="central">\(initial(of: user))</text></svg>
            """
    }

    /// The same picture as a file, for `headimgurl`.
    static func avatarFile(of user: User, size: Int) -> String {
        let text: HTML = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(size)" height="\(size)" viewBox="0 0 48 48">\
            <rect width="48" height="48" fill="\(user.color)"/><text x="24" y="25" fill="#fff" font-size="24" \
            font-family="sans-serif" text-anchor="middle" dominant-baseline="central">\(initial(of: user))</text></svg>
            """
        return text.text
    }

    private static func initial(of user: User) -> String {
        user.displayName.first.map(String.init) ?? "?"
    }

    /// The mark of the sandbox: a bridge under a moon.
    static let bridge: HTML = """
        <svg viewBox="0 0 44 44" aria-hidden="true"><rect width="44" height="44" fill="#0b3d2e"/>\
        <circle cx="31" cy="13" r="5" fill="#ffe9b0"/>\
        <path d="M4 33c6-11 12-15 18-15s12 4 18 15" fill="none" stroke="#5fe0a2" stroke-width="3" stroke-linecap="round"/>\
        <path d="M13 33v-8M22 33V19M31 33v-8M3 34h38" stroke="#5fe0a2" stroke-width="2.4" stroke-linecap="round"/></svg>
        """

    static let alarm: HTML = """
        <svg viewBox="0 0 72 72" aria-hidden="true"><circle cx="36" cy="36" r="33" fill="none" stroke="currentColor" \
        stroke-width="4"/><path d="M36 18v24" stroke="currentColor" stroke-width="6" stroke-linecap="round"/>\
        <circle cx="36" cy="53" r="4" fill="currentColor"/></svg>
        """

    /// Looks like a QR code and holds nothing: the people on the page do the scanning.
    static func code(seed: [UInt8]) -> HTML {
        let side = 21
        var modules = ""
        for y in 0..<side {
            for x in 0..<side where isDark(x, y, side: side, seed: seed) { modules += "M\(x) \(y)h1v1h-1z" }
        }
        return """
            <svg class="qr" viewBox="0 0 21 21" role="img" aria-label="模拟的二维码 A pretended QR code" \
            shape-rendering="crispEdges"><path d="\(modules)" fill="#14201b"/></svg>
            """
    }

    private static func isDark(_ x: Int, _ y: Int, side: Int, seed: [UInt8]) -> Bool {
        for (left, top) in [(0, 0), (side - 7, 0), (0, side - 7)] {
            let (dx, dy) = (x - left, y - top)
            guard (-1...7).contains(dx), (-1...7).contains(dy) else { continue }
            guard (0...6).contains(dx), (0...6).contains(dy) else { return false }
            let isFrame = dx == 0 || dx == 6 || dy == 0 || dy == 6
            return isFrame || ((2...4).contains(dx) && (2...4).contains(dy))
        }
        guard !seed.isEmpty else { return false }
        let bit = x + y * side
        return seed[bit / 8 % seed.count] >> UInt8(bit % 8) & 1 == 1
    }
}
