import Secure

/// What the pages that Magpie makes have in common: colours for day and night, and type. Phone first, nothing from
/// elsewhere; every pair of colours has a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3).
enum Stylesheet {
    static let base = """
        :root{--ink:#14212b;--soft:#52636f;--paper:#f4f7f8;--card:#fff;--line:#dfe6e9;--accent:#0b6e4f;--tint:#e3f3ec;
        --bad:#a3201a;--bad-tint:#fdecea;--warn:#7a4300;--warn-tint:#fff1dc;color-scheme:light dark}
        @media (prefers-color-scheme:dark){:root{--ink:#e8eef1;--soft:#a5b4bd;--paper:#0f171c;--card:#18232a;--line:#2b3943;
        --accent:#5fd0a5;--tint:#15352b;--bad:#ff9c94;--bad-tint:#3d1b19;--warn:#ffc37a;--warn-tint:#362711}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--paper);color:var(--ink);
        font:1rem/1.6 system-ui,-apple-system,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif}
        .button{display:inline-block;padding:.75rem 1.5rem;border-radius:.75rem;background:var(--accent);color:var(--card);
        text-decoration:none;font-weight:600}
        a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}

        """

    /// For a page with this one style in it, known by its digest: nothing else may load or run.
    static func policy(of style: String) -> String {
        let digest = Base64.encode(Digest.sha256(Array(style.utf8)))
        return "default-src 'none'; style-src 'sha256-\(digest)'; frame-ancestors 'none'; base-uri 'none'; "
            + "form-action 'none'"
    }
}
