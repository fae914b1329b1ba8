import Gateway

/// The table of commands: the map of what `magpie` can be asked to do.
enum Commands {
    static let all: [Command] = [serve, sandbox, check, status, sessions, diagnose, sign, authorizeURL, version, help]

    private static let configOption = Command.Option.takes(
        "config", "FILE", "the configuration; otherwise $MAGPIE_CONFIG, then config/magpie.json5")

    private static let serve = Command(
        name: "serve", summary: "Starts the gateway.", chinese: "启动服务。",
        options: [
            configOption,
            .flag("sandbox", "starts a simulated WeChat along with it, and uses that instead of the real one"),
            .flag("takeover", "listens beside a running one of the same user, to take its place without a gap"),
        ],
        details: """
            Signs pages for the JS-SDK, logs visitors in through WeChat, keeps their sessions.
            With no configuration file at all, a demonstration starts: the demo page and a simulated WeChat, on loopback.
            没有配置文件时自动以沙箱演示模式启动。

            Signals 信号:
              TERM, INT  says no to /ready, serves on for limits.drain, then takes nobody new and finishes what has
                         begun, within limits.shutdown. A second one ends it at once. 平滑退出。
              HUP        opens the log file anew, and reads the configuration and the files it names again. A broken
                         one is refused and told in the log, and the former one goes on; so does every request.
                         重新打开日志、重新加载配置。

            An upgrade without a lost request: start the new one with --takeover. It listens as soon as it has its
            tickets, and ends with 69 if it gets none within 30 s. Once it logs "listening", send TERM to the old one.
            不中断升级：先以 --takeover 启动新进程，看到 "listening" 后再向旧进程发送 TERM。
            """,
        examples: [
            "magpie serve", "magpie serve --config /etc/magpie/magpie.json5", "magpie serve --sandbox",
            "magpie serve --takeover",
        ],
        run: ServeCommand.run)

    private static let sandbox = Command(
        name: "sandbox", summary: "Starts the simulated WeChat alone.", chinese: "单独启动微信沙箱。",
        options: [.takes("listen", "HOST:PORT", "where it listens; 127.0.0.1:8090 if not given")],
        details: """
            A simulator of the platform for tests of any program: tokens, tickets, web login with a page of sample
            users, a stand-in for WeChat's JavaScript, and faults on demand under /_sandbox/. No account, no network.
            无需公众号、无需联网即可联调；故障注入见 /_sandbox/。
            """,
        examples: ["magpie sandbox", "magpie sandbox --listen 127.0.0.1:9000"],
        run: SandboxCommand.run)

    private static let check = Command(
        name: "check", summary: "Tries the configuration and its accounts against WeChat.", chinese: "检查配置并连接微信验证。",
        options: [configOption],
        details: """
            Looks at the file, then asks WeChat: is the AppSecret right, is this machine's address on the IP 白名单, may
            the account use the JS-SDK, do the domains fit publicURL, is the MP_verify file in place, is the clock
            right, can the store and the log be written, is the certificate good. Says in plain words what to change in
            WeChat's console.
            逐项检查，并说明需要在公众平台后台修改什么。
            Exit codes: 0 all is well, 69 WeChat cannot be reached, 78 something is to be changed.
            """,
        examples: ["magpie check", "magpie check --config /etc/magpie/magpie.json5"],
        run: CheckCommand.run)

    private static let sign = Command(
        name: "sign", summary: "Prints the JS-SDK signature of a URL.", chinese: "计算 JS-SDK 签名。",
        options: [
            .takes("ticket", "T", isRequired: true, "the jsapi_ticket"),
            .takes("noncestr", "N", isRequired: true, "the nonceStr of wx.config"),
            .takes("timestamp", "S", isRequired: true, "the timestamp of wx.config, in seconds"),
            .takes("url", "U", isRequired: true, "the page's URL; a fragment (#…) is left out, as WeChat does"),
        ],
        details: """
            Forty hexadecimal digits, to compare with a signature that wx.config refused (invalid signature).
            用于排查 invalid signature。
            """,
        examples: [
            "magpie sign --ticket TICKET --noncestr Wm3WZYTPz0wzccnW --timestamp 1414587457 "
                + "--url 'http://mp.weixin.qq.com?params=value'"
        ],
        run: SignCommand.run)

    private static let status = Command(
        name: "status", summary: "Tells how the running Magpie is.", chinese: "查看运行状态。",
        options: [configOption, .flag("json", "prints what GET /status of the admin listener answers")],
        details: """
            Asks the admin listener of the Magpie that runs with this configuration: can it serve, how old are its tokens
            and tickets, what did WeChat refuse and what is to be done about it. The same as a page for the browser is
            at /status of the admin listener.
            浏览器访问管理端口的 /status 可看到同样内容的网页。
            Exit codes: 0 it is ready, 69 it is not, or does not answer.
            """,
        examples: ["magpie status", "magpie status --config /etc/magpie/magpie.json5 --json"],
        run: StatusCommand.run)

    private static let sessions = Command(
        name: "sessions", summary: "Lists visitors' sessions, or ends those of one.", chinese: "列出或结束访客的会话。",
        options: [
            configOption,
            .takes("openid", "OPENID", "of this visitor alone; to revoke it is required"),
            .takes("account", "A", "the account of that openid; any of the configuration if not given"),
        ],
        operand: "list|revoke",
        details: """
            Asks the admin listener of the Magpie that runs with this configuration. Sessions are named as in the log;
            whose they are only the visitor's own cookie opens, so a list tells no openid. A session that is revoked has
            ended at once, in all its accounts and for every process that shares the store.
            会话内容只有访客自己的 Cookie 才能解密，因此列表中不含 openid；revoke 立即生效。
            """,
        examples: ["magpie sessions list", "magpie sessions revoke --openid oABCD-1234567890abcdefghij_k"],
        run: SessionsCommand.run)

    private static let diagnose = Command(
        name: "diagnose", summary: "Tells why WeChat calls a signature invalid.", chinese: "诊断 invalid signature 的原因。",
        options: [
            configOption,
            .takes("app-id", "ID", "what the page gave wx.config: appId"),
            .takes("timestamp", "S", "its timestamp"), .takes("noncestr", "N", "its nonceStr"),
            .takes("signature", "X", "its signature"),
            .takes("url", "U", "the page, as location.href has it"),
            .takes("real-url", "U", "what WeChat verified: realAuthUrl of the error, if it named one"),
            .takes("entry-url", "U", "the URL of the last full page load, if a router has changed it since"),
            .takes("user-agent", "TEXT", "the page's navigator.userAgent: iOS verifies another URL than Android"),
            .takes("ticket", "T", "compares with this jsapi_ticket, and asks no running Magpie"),
            .flag("json", "prints the findings as JSON"),
        ],
        details: """
            Recomputes the signature over the usual mistakes, with the current and former tickets of every account of the
            Magpie that runs with this configuration, and names those that explain it. Without options it reads the same
            fields as JSON from standard input: what the client script shows in the console with debug: true.
            不带选项时从标准输入读取 JSON，可直接粘贴客户端脚本在 debug 模式下打印的内容。
            """,
        examples: ["magpie diagnose", "magpie diagnose --config /etc/magpie/magpie.json5 --json"],
        run: DiagnoseCommand.run)

    private static let authorizeURL = Command(
        name: "authorize-url", summary: "Prints the link that logs a visitor in through WeChat.", chinese: "生成网页授权链接。",
        options: [
            configOption,
            .takes("account", "A", "the account's name; the first of the configuration if not given"),
            .takes("scope", "SCOPE", "base (silent) or userinfo; that of the menu, or base, if not given"),
            .takes("state", "S", "the name of a menu of the configuration"),
            .takes(
                "redirect-uri", "U",
                "a callback of your own, with a --state of letters and digits; publicURL/redirect if not given"
            ),
        ],
        details: """
            For the menu of an Official Account: declare the menu in the configuration, and paste the link that
            `--state NAME` prints. Pages need no such link; they send visitors to /redirect?to=….
            在配置的 menus 中声明后，将打印的链接粘贴到公众号菜单。
            """,
        examples: [
            "magpie authorize-url --state orders",
            "magpie authorize-url --account main --state orders --scope userinfo",
        ],
        run: AuthorizeURLCommand.run)

    private static let version = Command(
        name: "version", summary: "Prints the version.", chinese: "显示版本。",
        details: "One line on standard output.", examples: ["magpie version"],
        run: { _ in
            printVersion()
            return .success
        })

    private static let help = Command(
        name: "help", summary: "Explains the commands.", chinese: "显示帮助。", operand: "COMMAND",
        details: "The same as --help or -h after a command.", examples: ["magpie help", "magpie help serve"],
        run: { arguments in
            guard let name = arguments.operand else { return explain(nil) }
            guard let command = all.first(where: { $0.name == name }) else {
                let hint = nearest(to: name, among: all.map(\.name)).map { "; did you mean \"\($0)\"?" } ?? ""
                return refuse(.init(text: "there is no command \"\(name)\"\(hint)", command: "help"))
            }
            return explain(command)
        })

    static func printVersion() {
        Terminal.print("magpie \(Version.current)")
    }

    static func explain(_ command: Command?) -> ExitCode {
        Terminal.print(command.map(HelpText.command) ?? HelpText.program(all))
        return .success
    }

    static func refuse(_ mistake: Invocation.Mistake) -> ExitCode {
        Terminal.complain(HelpText.mistake(mistake, commands: all))
        return .usage
    }
}
