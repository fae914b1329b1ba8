import Gateway

/// What can be judged from the configuration and the public directory, without asking anybody.
struct LocalChecks {
    let configuration: Gateway.Configuration
    /// The text of every `MP_verify_*.txt` of the public directory, by file name; nil when it cannot be read.
    let verificationFiles: [String: String]?

    func run() -> [Finding] {
        [checkScheme(), checkPort(), checkHost()] + configuration.accounts.flatMap(checkDomains)
            + configuration.sites.map(check) + checkVerification()
    }

    private var publicURL: Origin { configuration.publicURL }

    private func checkScheme() -> Finding {
        if publicURL.isSecure { return .good("publicURL is https") }
        if publicURL.isLoopback { return .good("publicURL is http, on this machine only") }
        return .bad(
            "publicURL is http: sessions travel in the clear",
            "Serve https, through a proxy or by tls, and write https:// in publicURL.",
            "请启用 https，并将 publicURL 改为 https://。")
    }

    private func checkPort() -> Finding {
        guard let port = publicURL.port, configuration.upstream.isWeChat else {
            return .good("publicURL has no port that WeChat would refuse")
        }
        return .bad(
            "publicURL carries the port \(port): WeChat answers logins with \"redirect_uri 参数错误\" (10003)",
            "Serve the default port and leave it out of publicURL.", "回调地址不能带端口，请改用默认端口。")
    }

    private func checkHost() -> Finding {
        if publicURL.isLoopback, configuration.upstream.isWeChat {
            return .note(
                "publicURL is \(publicURL.host): WeChat's real login never comes back to it",
                "For trials use `magpie serve --sandbox`; for the real platform a public host name.",
                "本机地址只能配合沙箱使用；接入微信需要公网域名。")
        }
        return .good("publicURL's host is \(publicURL.host)")
    }

    private func checkDomains(of account: Gateway.Configuration.Account) -> [Finding] {
        var findings: [Finding] = []
        if account.jsDomains.isEmpty {
            findings.append(
                .note(
                    "\(account.name): jsDomains is empty: no page gets a signature",
                    "List the hosts of your pages there, and under JS接口安全域名 in the console.",
                    "如需 JS-SDK，请在 jsDomains 与后台「JS接口安全域名」中填写页面域名。"))
        } else if !account.jsDomains.contains(where: { $0.covers(publicURL.host) }) {
            findings.append(
                .note(
                    "\(account.name): jsDomains does not cover \(publicURL.host): pages served by Magpie get no signature",
                    "Add \(publicURL.host) to jsDomains if such pages use the JS-SDK.",
                    "如果 \(publicURL.host) 上的页面使用 JS-SDK，请将其加入 jsDomains。"))
        } else {
            findings.append(.good("\(account.name): jsDomains covers \(publicURL.host)"))
        }
        // WeChat has no call that tells the domains of the console, so all one can do is say what must stand there.
        if configuration.upstream.isWeChat, !publicURL.isLoopback {
            let domains = account.jsDomains.map(\.name).joined(separator: ", ")
            let signing = domains.isEmpty ? "" : "; JS接口安全域名: \(domains)"
            findings.append(
                .note(
                    "\(account.name): compare with the console (公众号设置 → 功能设置): 网页授权域名: \(publicURL.host)\(signing)",
                    "WeChat does not tell its list; a host that is missing there shows as 10003 or invalid url domain.")
            )
        }
        return findings
    }

    private func check(_ site: Gateway.Configuration.Site) -> Finding {
        if site.origin.isLoopback, !publicURL.isLoopback {
            return .note(
                "site \(site.name): \(site.origin) is each visitor's own device",
                "Write the origin that visitors see, unless you try it on this machine.",
                "访客的手机无法访问本机地址，请填写站点的公网地址。")
        }
        return .good(
            "site \(site.name): logins begin at \(publicURL)/redirect?site=\(site.name), and end on \(site.origin)")
    }

    private func checkVerification() -> [Finding] {
        guard let verificationFiles else {
            return [
                .bad(
                    "publicDirectory \(configuration.publicDirectory) cannot be read",
                    "Name the directory that came with Magpie, or one of your own.", "请检查 publicDirectory 路径。")
            ]
        }
        if verificationFiles.isEmpty {
            if publicURL.isLoopback { return [] }
            return [
                .note(
                    "\(configuration.publicDirectory) holds no MP_verify_*.txt",
                    "The console asks for it when you enter a domain: download it there and put it into that directory.",
                    "在后台填写域名时，请把下载的校验文件放入该目录。")
            ]
        }
        return verificationFiles.sorted { $0.key < $1.key }.map { name, text in
            // WeChat fetches MP_verify_X.txt and wants to read X.
            let code = name.dropFirst("MP_verify_".count).dropLast(".txt".count)
            if text.split(whereSeparator: \.isWhitespace).map(String.init) == [String(code)] {
                return .good("\(name) is in place")
            }
            return .bad(
                "\(name) does not hold what its name says", "Download it again from the console, and do not edit it.",
                "校验文件内容不符，请从后台重新下载。")
        }
    }
}
